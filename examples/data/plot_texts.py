"""
==================================
Texts: which package is this from?
==================================

You can pass a list of texts to a model as it is. Here, the texts are the docstrings of 600
functions and classes of SciPy. Two of each subpackage have a label, and the model finds out which
subpackages the others come from.
"""

# %%
# The texts
# ---------
# We use the first paragraphs of docstrings from five subpackages.

import importlib
import inspect
from types import ModuleType

import numpy as np

texts, homes = [], []
for home in ("linalg", "optimize", "signal", "special", "stats"):
    module = importlib.import_module(f"scipy.{home}")
    for name in module.__all__:
        documented = getattr(module, name)
        doc = "" if isinstance(documented, ModuleType) else inspect.getdoc(documented) or ""
        said = [part for part in doc.split("\n\n") if not part.startswith(f"{name}(")]
        body = " ".join("\n\n".join(said).split("\n\nParameters")[0].split())[:600]
        if len(body) > 40 and body not in texts:
            texts.append(body)
            homes.append(home)
chosen = np.random.default_rng(0).permutation(len(texts))[:600]
texts, homes = np.array(texts, dtype=object)[chosen], np.array(homes)[chosen]
for text, home in zip(texts[:3], homes, strict=False):
    print(f"{home}: {text[:70]}...")

# %%
# Two labels per class
# --------------------
# We draw the labels three times, and compare the model with a logistic regression on weighted word
# counts (TF-IDF) with the same labels.

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from fewlabels import FewLabelsClassifier

right = {"fewlabels": [], "logistic regression": []}
for draw in range(3):
    rng = np.random.default_rng(draw)
    of_class = [rng.choice(np.flatnonzero(homes == home), 2, False) for home in np.unique(homes)]
    known = np.concatenate(of_class)
    others = np.setdiff1d(np.arange(len(texts)), known)
    y = np.full(len(texts), None, dtype=object)
    y[known] = homes[known]

    model = FewLabelsClassifier().fit(texts.tolist(), y)
    plain = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10))
    plain.fit(texts[known], homes[known])
    right["fewlabels"].append(np.mean(model.transduction_[others] == homes[others]))
    right["logistic regression"].append(plain.score(texts[others], homes[others]))

for name, shares in right.items():
    print(f"{name}: {', '.join(f'{share:.0%}' for share in shares)} right")

# %%
# What are the features?
# ----------------------
# The features are words and short runs of characters, weighted by how rare they are, and reduced to
# a few dimensions because there are few labels.

print(model.points_)

# %%
# Where are the errors?
# ---------------------
# The confusion matrix of the last draw shows which subpackages are mistaken for which.

import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay

figure, ax = plt.subplots(figsize=(5.5, 4.6), layout="constrained")
answers = model.transduction_.astype(str)
ConfusionMatrixDisplay.from_predictions(
    homes[others], answers[others], cmap="Blues", colorbar=False, ax=ax
)
ax.set_xlabel("predicted")
ax.set_ylabel("true")
plt.show()

# %%
# Why this answer?
# ----------------
# For the text that the model is least sure of, ``explain`` lists the labels that its answer is
# based on.

unsure = others[model.label_distributions_[others].max(axis=1).argmin()]
print(f"{homes[unsure]}: {texts[unsure][:90]}...")
print(model.explain(unsure))

"""
==================================
Texts: which package is this from?
==================================

Documentation is text that is already on your machine. We take the descriptions of 600 functions of
SciPy, label five of each subpackage, and let a model tell where the others come from. Lists of texts
go into a model as they are.
"""

# %%
# The texts
# ---------
# The first paragraphs of the docstrings of five subpackages.

import importlib
import inspect

import numpy as np

texts, homes = [], []
for home in ("signal", "stats", "linalg", "special", "optimize"):
    module = importlib.import_module(f"scipy.{home}")
    for name in module.__all__:
        doc = inspect.getdoc(getattr(module, name)) or ""
        body = " ".join(doc.split("\n\nParameters")[0].split())
        if len(body) > 40 and body not in texts:
            texts.append(body[:600])
            homes.append(home)
texts, homes = np.array(texts, dtype=object), np.array(homes)
rng = np.random.default_rng(0)
chosen = rng.permutation(len(texts))[:600]
texts, homes = texts[chosen], homes[chosen]
print(f"{len(texts)} texts, such as: {texts[0][:80]}...")

# %%
# Five labels a class
# -------------------

known = np.concatenate([np.flatnonzero(homes == home)[:5] for home in np.unique(homes)])
y = np.full(len(texts), None, dtype=object)
y[known] = homes[known]

# %%
# Fit
# ---
# ``points_`` says what was made of the texts: words and runs of characters within them, weighed by how
# rare they are, and brought into few directions where labels are few.

from fewlabels import FewLabelsClassifier

model = FewLabelsClassifier().fit(texts.tolist(), y)
print(model.points_)
others = np.setdiff1d(np.arange(len(texts)), known)
right = model.transduction_[others] == homes[others]

# %%
# Beside a plain model
# --------------------
# Logistic regression on word counts, from the same labels.

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

plain = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(texts[known], homes[known])
baseline = plain.score(texts[others], homes[others])
print(f"fewlabels: {right.mean():.0%} right; logistic regression of TF-IDF: {baseline:.0%}")

# %%
# Where it is unsure
# ------------------
# Which subpackages are mistaken for which?

import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay

figure, ax = plt.subplots(figsize=(5.5, 4.6), layout="constrained")
ConfusionMatrixDisplay.from_predictions(
    homes[others], model.transduction_[others].astype(str), cmap="Blues", colorbar=False, ax=ax
)
ax.set_xlabel("answered")
ax.set_ylabel("is from")

# %%
# Why this answer?
# ----------------

unsure = others[model.label_distributions_[others].max(axis=1).argmin()]
print(texts[unsure][:120])
print(model.explain(unsure))
plt.show()

"""
=============================
Fifty labels, 1,747 answers
=============================

The shortest way from a few labels to all answers: fit a model, and look at what it says of each
point. No settings are needed.
"""

# %%
# A few labels
# ------------
# 1,797 handwritten digits; fifty have a label, and ``-1`` means "not known".

import numpy as np
from sklearn.datasets import load_digits

X, truth = load_digits(return_X_y=True)
y = np.full(len(X), -1)
y[:50] = truth[:50]

# %%
# Fit
# ---

from fewlabels import FewLabelsClassifier

model = FewLabelsClassifier().fit(X, y)

# %%
# What it says
# ------------
# ``transduction_`` has a class for each point, ``label_distributions_`` how probable each class
# is, and ``doubt_`` a word: "sure", or what is missing.

for point in (60, 70, 80):
    probability = model.label_distributions_[point].max()
    print(
        f"point {point}: read {model.transduction_[point]}, is {truth[point]}, "
        f"probability {probability:.2f}, {model.doubt_[point]}"
    )

# %%
# How often is it right? Here we know, because we hid the labels.

import matplotlib.pyplot as plt

others = np.arange(50, len(X))
right = model.transduction_[others] == truth[others]
words = ("sure", "too few labels", "classes disagree", "little evidence")
counts = [np.sum(model.doubt_[others] == word) for word in words]
shares = [100 * right[model.doubt_[others] == word].mean() for word in words]

figure, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
bars = ax.barh([f"{word} ({n:,})" for word, n in zip(words, counts, strict=True)], shares)
ax.bar_label(bars, fmt="%.0f %%", padding=4)
ax.set_xlim(0, 112)
ax.set_xlabel("answers that are right, in %")
ax.invert_yaxis()
ax.spines[["top", "right"]].set_visible(False)
print(f"{right.mean():.1%} of {len(others):,} answers are right")
plt.show()

"""
===========================
Fifty labels, 1,747 answers
===========================

This is the shortest way from a few labels to all answers: fit a model, and look at what it says
about each point. You need no settings.
"""

# %%
# A few labels
# ------------
# Of 1,797 handwritten digits, fifty have a label. ``-1`` marks the unlabelled ones.

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
# Look at the answers
# -------------------
# ``transduction_`` contains a class for each point, ``label_distributions_`` the probability of
# each class, and ``doubt_`` either "sure" or the reason for doubt.

for point in (60, 70, 80):
    probability = model.label_distributions_[point].max()
    print(
        f"point {point}: read {model.transduction_[point]}, is {truth[point]}, "
        f"probability {probability:.2f}, {model.doubt_[point]}"
    )

# %%
# How often are these answers right? We know it here, because we have the true labels.

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
ax.set_xlabel("share of right answers, in %")
ax.invert_yaxis()
ax.spines[["top", "right"]].set_visible(False)
print(f"{right.mean():.1%} of {len(others):,} answers are right")
plt.show()

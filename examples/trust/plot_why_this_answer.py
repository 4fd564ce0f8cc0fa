"""
================
Why this answer?
================

Each answer is a sum of contributions from the labels. ``explain`` shows which labels an answer is
based on, and ``influence`` shows how a single label changes all answers.
"""

# %%
# Forty labels
# ------------

import numpy as np
from sklearn.datasets import load_digits

from fewlabels import FewLabelsClassifier

digits = load_digits()
X, truth = digits.data, digits.target
y = np.full(len(X), -1)
y[:40] = truth[:40]
model = FewLabelsClassifier().fit(X, y)

# %%
# Which labels is an answer based on?
# -----------------------------------
# Each row shows a digit, and the five labels that contribute most to its answer.

import matplotlib.pyplot as plt

others = np.arange(40, len(X))
order = others[np.argsort(model.label_distributions_[others].max(axis=1))]
figure, axes = plt.subplots(3, 6, figsize=(8.5, 5.2), layout="constrained")
for row, point in zip(axes, (order[len(order) // 2], order[100], order[0]), strict=True):
    row[0].imshow(digits.images[point], cmap="gray_r")
    row[0].set_title(
        f"read {model.transduction_[point]}, is {truth[point]}\n"
        f"probability {model.label_distributions_[point].max():.2f}",
        fontsize=9,
    )
    for ax, (node, label, share) in zip(row[1:], model.explain(point).top(5), strict=True):
        ax.imshow(digits.images[node], cmap="gray_r")
        ax.set_title(f"{share:+.0%} from\nlabel {label}", fontsize=9)
    for ax in row:
        ax.set_xticks([])
        ax.set_yticks([])
    for side in row[0].spines.values():
        side.set(color="#0072B2", linewidth=3)
plt.show()

# %%
# What does one label change?
# ---------------------------
# ``influence`` compares the answers with and without the label of point 5.

influence = model.influence(5)
print(influence)
print(f"points whose answer it changed: {np.flatnonzero(influence.flipped)}")

# %%
# The most influential labels
# ---------------------------

changed = np.array([np.sum(model.influence(point).flipped) for point in range(12)])
figure, ax = plt.subplots(figsize=(8, 2.8), layout="constrained")
ax.bar(np.arange(12), changed, color="#0072B2")
ax.set_xticks(np.arange(12), [f"{point}:\na {y[point]}" for point in range(12)])
ax.set_ylabel("answers changed")
ax.set_xlabel("labelled point, and its label")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

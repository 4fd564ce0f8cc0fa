"""
=================================
Sets that contain the right class
=================================

An answer is a single class. A prediction set contains as many classes as necessary to include the
right one with a probability that you choose: one class where the model is sure, several where it is
not.
"""

# %%
# Sixty labels, drawn at random
# -----------------------------
# Prediction sets require that the labelled points are a random sample.

import numpy as np
from sklearn.datasets import load_digits

from fewlabels import FewLabelsClassifier

digits = load_digits()
X, truth = digits.data, digits.target
rng = np.random.default_rng(1)
known = rng.choice(len(X), 60, replace=False)
y = np.full(len(X), -1)
y[known] = truth[known]
others = np.setdiff1d(np.arange(len(X)), known)
model = FewLabelsClassifier().fit(X, y)

# %%
# Promised and actual coverage
# ----------------------------

promised = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
kept, sizes = [], []
for coverage in promised:
    sets = model.predict_set(coverage=coverage)[others]
    kept.append(sets[np.arange(len(others)), truth[others]].mean())
    sizes.append(sets.sum(axis=1).mean())
    print(f"promised {coverage:.0%}: {kept[-1]:.1%} contain it, {sizes[-1]:.2f} classes per set")

# %%
# With sixty labels, the actual coverage varies around the promised one. The promise holds on
# average over draws of the labels.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
axes[0].plot([45, 100], [45, 100], color="0.6", linestyle="--")
axes[0].plot(100 * promised, 100 * np.array(kept), marker="o", color="#0072B2")
axes[0].set_xlabel("promised coverage, in %")
axes[0].set_ylabel("actual coverage, in %")
axes[1].plot(100 * promised, sizes, marker="o", color="#D55E00")
axes[1].set_xlabel("promised coverage, in %")
axes[1].set_ylabel("classes per set")
for ax in axes:
    ax.grid(color="0.9")
plt.show()

# %%
# The digits with the largest sets
# --------------------------------

sets = model.predict_set(coverage=0.95)
largest = others[np.argsort(-sets[others].sum(axis=1), kind="stable")[:6]]
figure, axes = plt.subplots(1, 6, figsize=(9, 2), layout="constrained")
for point, ax in zip(largest, axes, strict=True):
    ax.imshow(digits.images[point], cmap="gray_r")
    ax.set_title(", ".join(map(str, model.classes_[sets[point]])), fontsize=9)
    ax.set_axis_off()
figure.suptitle("Prediction sets with a coverage of 95 %")
plt.show()

"""
==========================================
Ten labels, then fifty: are answers right?
==========================================

Ten of 1,797 handwritten digits have a label, one per class. We compare the probabilities of the
answers with how often they are right, label forty more digits at random, and compare again. Then we
look at an answer with little evidence, and label that digit.
"""

# %%
# Ten labels
# ----------
# ``-1`` marks the unlabelled digits. The first ten digits are 0 to 9.

import numpy as np
from sklearn.datasets import load_digits

from fewlabels import FewLabelsClassifier

digits = load_digits()
X, truth = digits.data, digits.target
y = np.full(len(X), -1)
y[:10] = truth[:10]
others = np.arange(10, len(X))
model = FewLabelsClassifier().fit(X, y)

# %%
# Stated and actual accuracy
# --------------------------
# With one label per class, no label can be left out to check the probabilities, so the model uses a
# typical calibration. With forty more labels, it learns the calibration from these data.

import matplotlib.pyplot as plt

edges = np.array([0, 0.5, 0.8, 0.95, 1.01])


def draw_reliability(ax, title):
    said = model.label_distributions_[others].max(axis=1)
    right = model.transduction_[others] == truth[others]
    group = np.digitize(said, edges) - 1
    here = np.unique(group)
    means = [said[group == k].mean() for k in here]
    shares = [right[group == k].mean() for k in here]
    ax.plot([0.3, 1], [0.3, 1], color="0.6", linestyle="--", label="ideal")
    ax.plot(means, shares, marker="o", color="#0072B2", label="measured")
    for k, mean, share in zip(here, means, shares, strict=True):
        n = f"{np.sum(group == k):,}"
        # the last two are close together, so one count is written below its point
        place, side = ((4, -15), "left") if k == len(edges) - 3 else ((2, 7), "right")
        ax.annotate(n, (mean, share), place, textcoords="offset points", ha=side)
    ax.set_title(title)
    ax.set_ylim(0.28, 1.06)
    ax.set_xlabel("mean stated probability")
    ax.grid(color="0.9")


figure, axes = plt.subplots(1, 2, figsize=(8, 4), sharey=True, layout="constrained")
draw_reliability(axes[0], f"10 labels, {len(others):,} answers")

drawn = np.random.default_rng(0).choice(others, size=40, replace=False)
model.add_labels(drawn, truth[drawn])
others = np.setdiff1d(others, drawn)
draw_reliability(axes[1], f"50 labels, {len(others):,} answers")
axes[0].set_ylabel("share of right answers")
axes[0].legend(loc="lower right")
plt.show()

# %%
# An answer with little evidence
# ------------------------------
# Some answers are doubtful because little evidence reached them. The figure shows the one with the
# least evidence, and the labels that this came from.

little = others[model.doubt_[others] == "little evidence"]
far = little[model.evidence_[little].argmin()]
explanation = model.explain(far)

figure, axes = plt.subplots(1, 6, figsize=(8, 1.75), layout="constrained")
axes[0].set_title(f"read {model.transduction_[far]},\nis {truth[far]}", fontsize=10)
axes[0].imshow(digits.images[far], cmap="gray_r")
for ax, (point, label, share) in zip(axes[1:], explanation.top(5), strict=True):
    ax.imshow(digits.images[point], cmap="gray_r")
    ax.set_title(f"{share:.0%} from\nlabel {label}", fontsize=10)
for ax in axes:
    ax.set_xticks([])
    ax.set_yticks([])
for side in axes[0].spines.values():
    side.set(color="#D55E00", linewidth=3)
plt.show()

# %%
# One label there
# ---------------
# A label for this digit corrects others that look like it.

before = np.sum(model.transduction_[others] != truth[others])
model.add_labels([far], truth[[far]])
others = np.setdiff1d(others, far)
after = np.sum(model.transduction_[others] != truth[others])
print(f"{before} of {len(others) + 1:,} read wrong; with one more label, {after}")

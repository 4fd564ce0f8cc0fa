"""
==============
Uneven classes
==============

One class is nine times as frequent as the other, but both have the same number of labels. Labels
don't reveal how frequent the classes are. If you know, pass the shares as ``class_prior``.
"""

# %%
# Two overlapping groups
# ----------------------

import numpy as np
from sklearn.datasets import make_blobs

X, truth = make_blobs([900, 100], centers=[[0, 0], [3, 0]], cluster_std=1.2, random_state=0)
rng = np.random.default_rng(0)
known = np.concatenate([rng.choice(np.flatnonzero(truth == c), 3, replace=False) for c in (0, 1)])
y = np.full(1000, -1)
y[known] = truth[known]

# %%
# Without and with the shares
# ---------------------------
# The third model is told shares that are only roughly right.

from fewlabels import FewLabelsClassifier

models = {
    "no prior": FewLabelsClassifier().fit(X, y),
    "90 %, 10 %": FewLabelsClassifier(class_prior={0: 0.9, 1: 0.1}).fit(X, y),
    "80 %, 20 %": FewLabelsClassifier(class_prior={0: 0.8, 1: 0.2}).fit(X, y),
}
others = np.setdiff1d(np.arange(1000), known)
for name, model in models.items():
    said = model.transduction_[others]
    print(
        f"{name}: {np.mean(said == truth[others]):.1%} right, "
        f"{np.mean(said == 1):.1%} assigned to the rare class (true: 10 %)"
    )

# %%
# Where is the boundary?
# ----------------------
# The labelled points are circled. The titles show the prior and the accuracy.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.2), sharey=True, layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    for label, color, marker in ((0, "#0072B2", "o"), (1, "#D55E00", "^")):
        here = model.transduction_ == label
        ax.scatter(*X[here].T, s=8, color=color, marker=marker, linewidths=0)
    ax.scatter(*X[known].T, s=80, facecolors="none", edgecolors="black", linewidths=1.5)
    ax.set_title(f"{name}: {np.mean((model.transduction_ == truth)[others]):.1%}")
    ax.set_xticks([])
    ax.set_yticks([])
plt.show()

# %%
# If you don't know the shares
# ----------------------------
# A session estimates them from its random checks: ``session.class_shares()`` returns each share
# with an interval.

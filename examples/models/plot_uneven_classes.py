"""
===============
Uneven classes
===============

One class is nine times as frequent as the other, and has as many labels. Labels don't tell how
frequent classes are; if you know it, say so.
"""

# %%
# Two groups that overlap
# -----------------------

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

from fewlabels import FewLabelsClassifier

models = {
    "nothing said": FewLabelsClassifier().fit(X, y),
    "9 of 10, 1 of 10": FewLabelsClassifier(class_prior={0: 0.9, 1: 0.1}).fit(X, y),
    "8 of 10, 2 of 10": FewLabelsClassifier(class_prior={0: 0.8, 1: 0.2}).fit(X, y),
}
others = np.setdiff1d(np.arange(1000), known)
for name, model in models.items():
    said = model.transduction_[others]
    print(
        f"{name}: {np.mean(said == truth[others]):.1%} right, "
        f"{np.mean(said == 1):.1%} answered with the rare class (true: 10 %)"
    )

# %%
# Where the border runs
# ---------------------

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

# %%
# If you don't know the shares
# ----------------------------
# A session learns them from its random checks: ``session.class_shares()``, with an interval for
# each.

plt.show()

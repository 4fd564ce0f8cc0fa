"""
================
Diagnose a graph
================

A label only reaches a point if a path of edges connects them. A diagnosis tells you, before you fit
a model, which parts of the graph no label reaches, which points have no neighbours, and which are
neighbours of very many points.
"""

# %%
# Four groups, three of them with labels
# --------------------------------------

import numpy as np
from sklearn.datasets import make_blobs

X, group = make_blobs(
    [120, 120, 120, 40], centers=[[0, 0], [9, 0], [0, 9], [20, 20]], random_state=0
)
y = np.full(len(X), -1)
for label in range(3):
    y[np.flatnonzero(group == label)[:2]] = label

# %%
# The diagnosis
# -------------

from fewlabels import knn_graph

graph = knn_graph(X, n_neighbors=5)
print(graph.diagnose(y))

# %%
# The fourth group is a component without a label: no edge connects it to the rest. A model that
# uses only the graph gives no answer there, and warns you (:class:`~fewlabels.UnreachedWarning`).
# We silence the warning, since we expect it.

import warnings

from fewlabels import LabelSpreading, UnreachedWarning

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UnreachedWarning)
    model = LabelSpreading(alpha=0.9, max_iter=1000).fit(graph, y)
print(f"{np.sum(~model.reached_)} points are unreached")

# %%
# One label there is enough
# -------------------------
# ``add_labels`` adds it without a refit.

before = model.reached_.copy()
first = np.flatnonzero(group == 3)[:1]
model.add_labels(first, [3])
print(f"{np.sum(~model.reached_)} points are unreached")

# %%
# Before and after
# ----------------

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
for ax, reached, title in (
    (axes[0], before, "six labels"),
    (axes[1], model.reached_, "seven labels"),
):
    ax.scatter(*X[reached].T, s=10, color="#0072B2", linewidths=0, label="reached")
    ax.scatter(*X[~reached].T, s=16, color="#D55E00", marker="x", label="unreached")
    here = y >= 0
    ax.scatter(*X[here].T, s=90, facecolors="none", edgecolors="black", label="labelled")
    ax.set_title(title)
    ax.set_xticks([])
    ax.set_yticks([])
axes[1].scatter(*X[first].T, s=90, facecolors="none", edgecolors="black")
axes[0].legend(loc="lower right")
plt.show()

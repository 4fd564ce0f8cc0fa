"""
=============================
Two moons with one label each
=============================

Two of 600 points have a label. A classifier that sees only these two draws a straight line between
them. On a graph, the labels spread along the shape of the data.
"""

# %%
# The data
# --------

import numpy as np
from sklearn.datasets import make_moons

X, truth = make_moons(600, noise=0.07, random_state=0)
y = np.full(600, -1)
known = np.array([np.flatnonzero(truth == 0)[0], np.flatnonzero(truth == 1)[0]])
y[known] = truth[known]

# %%
# A graph
# -------
# ``knn_graph`` connects each point to its ten nearest neighbours. You build the graph once, and use
# it for models, query rules and maps.

from fewlabels import knn_graph

graph = knn_graph(X, n_neighbors=10)
print(graph.diagnose(y))

# %%
# Two models
# ----------

from sklearn.linear_model import LogisticRegression

from fewlabels import LabelSpreading

line = LogisticRegression().fit(X[known], truth[known])
spread = LabelSpreading(alpha=0.99, max_iter=1000).fit(graph, y)
answers = {"two labels alone": line.predict(X), "two labels on a graph": spread.transduction_}

# %%
# Their answers
# -------------
# The labelled points are circled.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, (name, said) in zip(axes, answers.items(), strict=True):
    if "graph" in name:
        rows, columns = graph.affinity.nonzero()
        lines = np.stack([X[rows], X[columns]])
        ax.plot(*lines.transpose(2, 0, 1), color="0.85", linewidth=0.4, zorder=0)
    for label, color, marker in ((0, "#0072B2", "o"), (1, "#D55E00", "^")):
        here = said == label
        ax.scatter(*X[here].T, s=12, color=color, marker=marker, linewidths=0)
    ax.scatter(*X[known].T, s=140, facecolors="none", edgecolors="black", linewidths=2)
    ax.set_title(f"{name}: {np.mean(said == truth):.0%} right")
    ax.set_xticks([])
    ax.set_yticks([])

for name, said in answers.items():
    print(f"{name}: {np.mean(said == truth):.1%} right")
plt.show()

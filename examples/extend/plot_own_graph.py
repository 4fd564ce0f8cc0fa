"""
===================
A graph of your own
===================

You decide which points are similar. ``Graph.from_affinity`` makes a graph from any matrix of
similarities, and ``simulate`` accepts a function that makes a graph from features. Here, the
chi-squared kernel compares the pixels of digits as if they were counts.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics.pairwise import chi2_kernel

from fewlabels import Graph, simulate


def similar_counts(X, n_neighbors=10):
    W = chi2_kernel(X, gamma=0.01)
    np.fill_diagonal(W, 0)
    tenth = np.sort(W, axis=1)[:, -n_neighbors, None]
    W[tenth > W] = 0  # keep only the nearest
    return Graph.from_affinity(np.maximum(W, W.T))


X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]
figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for name, graph in {"default graph": None, "similar counts": similar_counts}.items():
    curve = simulate(X, y, query="random", budget=30, repeats=3, random_state=0, graph=graph)
    mean = 100 * curve.accuracy["random"].mean(axis=0)
    ax.plot(curve.labels, mean, marker="o", label=name)
    print(f"{name}: {mean[-1]:.1f} % with 30 labels")
ax.set_xticks(curve.labels)
ax.set_xlabel("number of labels")
ax.set_ylabel("accuracy on the others, in %")
ax.legend(loc="lower right")
plt.show()

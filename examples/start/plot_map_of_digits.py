"""
===============
A map of digits
===============

``layout`` draws a map of 1,797 handwritten digits from their graph, without any labels. We compare
it with two principal components, and show where a model with ten labels is unsure.
"""

# %%
# The graph, and its layout
# -------------------------

import numpy as np
from sklearn.datasets import load_digits

from fewlabels.graph import knn_graph, layout

digits = load_digits()
X, truth = digits.data, digits.target
places = layout(knn_graph(X, n_neighbors=15))

# %%
# Comparison with two principal components
# ----------------------------------------
# How many of the ten nearest neighbours on the map are the same digit?

import matplotlib.pyplot as plt
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

components = PCA(2, random_state=0).fit_transform(X)


def same_digit(points):
    near = NearestNeighbors(n_neighbors=10).fit(points).kneighbors(return_distance=False)
    return np.mean(truth[near] == truth[:, None])


def draw(ax, points, title):
    for digit in range(10):
        here = points[truth == digit]
        ax.scatter(*here.T, s=4, color=f"C{digit}", linewidths=0)
        ax.annotate(str(digit), np.median(here, axis=0), ha="center", va="center", weight="bold")
    ax.set_title(title)
    ax.set_xticks([])
    ax.set_yticks([])


figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
draw(axes[0], components, "two principal components")
draw(axes[1], places, "layout of the graph")
plt.show()

# %%
# Where is the model unsure?
# --------------------------
# Ten digits have a label, one per class.

from fewlabels import FewLabelsClassifier

y = np.full(len(X), -1)
y[:10] = truth[:10]
model = FewLabelsClassifier().fit(X, y)
confidence = model.label_distributions_.max(axis=1)

figure, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
drawn = ax.scatter(*places.T, s=6, c=1 - confidence, cmap="magma_r", linewidths=0)
ax.scatter(*places[:10].T, s=60, facecolors="none", edgecolors="black", label="labelled")
figure.colorbar(drawn, label="1 - probability of the answer")
ax.legend()
ax.set_xticks([])
ax.set_yticks([])
plt.show()

# %%
# In numbers
# ----------
# The share for the layout is rounded down to 5 %, because it differs slightly between machines.

at_least = np.floor(20 * same_digit(places)) / 20
print(
    f"of the ten nearest, at least {at_least:.0%} are the same digit on the layout, "
    f"{same_digit(components):.0%} on principal components"
)

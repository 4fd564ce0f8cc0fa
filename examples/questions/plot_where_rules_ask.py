"""
=======================
Where do the rules ask?
=======================

Four query rules see the same points and the same four labels, and each chooses five questions. Some
rules ask where the model is unsure, some where a label says much about many other points, and some
combine both.
"""

# %%
# Points, labels and a model
# --------------------------

import numpy as np
from sklearn.datasets import make_blobs

from fewlabels import LabelPropagation, knn_graph

X, truth = make_blobs(
    [160, 160, 90, 90],
    centers=[[0, 0], [4.2, 0], [0, 4.6], [4.4, 4.4]],
    cluster_std=1.05,
    random_state=3,
)
y = np.full(len(X), -1)
for label in range(4):
    y[np.flatnonzero(truth == label)[0]] = label
graph = knn_graph(X, n_neighbors=8)
model = LabelPropagation(max_iter=1000).fit(graph, y)

# %%
# Five questions from each rule
# -----------------------------

import matplotlib.pyplot as plt

from fewlabels.queries import LabelledGraph, make_rule

state = LabelledGraph(graph, y, model.label_distributions_)
confidence = model.label_distributions_.max(axis=1)
about = {
    "margin": "the two best classes are close",
    "v-optimality": "says most about all others",
    "typicality": "dense regions, far apart",
    "auto": "unsure, and says much about unsure points",
}

figure, axes = plt.subplots(2, 2, figsize=(8.5, 8), layout="constrained")
for ax, (name, text) in zip(axes.flat, about.items(), strict=True):
    asked = make_rule(name).query(state, batch_size=5)
    drawn = ax.scatter(*X.T, s=9, c=1 - confidence, cmap="Blues", vmin=-0.2, vmax=0.8, linewidths=0)
    ax.scatter(*X[y >= 0].T, s=70, color="black", marker="s", label="labelled")
    ax.scatter(*X[asked].T, s=70, color="#D55E00", marker="X", label="asked")
    ax.set_title(f'"{name}": {text}', fontsize=10)
    ax.set_xticks([])
    ax.set_yticks([])
axes[0, 0].legend(loc="upper left")
colorbar = figure.colorbar(drawn, ax=axes, label="1 - probability of the answer", shrink=0.5)
colorbar.ax.set_ylim(0, 0.8)
plt.show()

# %%
# In numbers
# ----------
# How sure is the model about the points that a rule asks about, and how far apart are they? To find
# out how many labels a rule saves, see
# :ref:`another example <sphx_glr_gallery_questions_plot_learning_curves.py>`.

from scipy.spatial.distance import pdist

for name in about:
    asked = make_rule(name).query(state, batch_size=5)
    print(
        f"{name}: mean probability {confidence[asked].mean():.2f}, "
        f"mean distance {pdist(X[asked]).mean():.1f}"
    )
print(f"all points: mean probability {confidence.mean():.2f}, mean distance {pdist(X).mean():.1f}")

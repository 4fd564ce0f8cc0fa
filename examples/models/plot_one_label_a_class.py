"""
=================================
Which model with how many labels?
=================================

This example compares published methods on the same graph, with one to ten labels per class. With
one label, the methods differ a lot; with ten, only a little.
"""

# %%
# One graph for all
# -----------------

import numpy as np
from sklearn.datasets import load_digits

from fewlabels import (
    FewLabelsClassifier,
    LabelPropagation,
    LabelSpreading,
    PoissonClassifier,
    knn_graph,
)

X, truth = load_digits(return_X_y=True)
graph = knn_graph(X, n_neighbors=10)
models = {
    "FewLabelsClassifier": (FewLabelsClassifier(), "#0072B2"),
    "PoissonClassifier": (PoissonClassifier(), "#009E73"),
    "LabelSpreading": (LabelSpreading(alpha=0.99, max_iter=1000), "#D55E00"),
    "LabelPropagation": (LabelPropagation(max_iter=1000), "#595959"),
}

# %%
# Draw labels three times for each number
# ---------------------------------------
# ``FewLabelsClassifier`` uses the features in addition to the graph; the others use only the graph.

numbers = (1, 2, 5, 10)
right = {name: np.zeros((3, len(numbers))) for name in models}
for draw in range(3):
    rng = np.random.default_rng(draw)
    order = [rng.permutation(np.flatnonzero(truth == digit)) for digit in range(10)]
    for column, n in enumerate(numbers):
        known = np.concatenate([of_class[:n] for of_class in order])
        y = np.full(len(X), -1)
        y[known] = truth[known]
        for name, (model, _) in models.items():
            if name == "FewLabelsClassifier":
                model.fit(X, y, graph=graph)
            else:
                model.fit(graph, y)
            right[name][draw, column] = 100 * np.mean((model.transduction_ == truth)[y < 0])

# %%
# Accuracy on the unlabelled points
# ---------------------------------

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
for name, (_, color) in models.items():
    means = right[name].mean(axis=0)
    ax.plot(range(len(numbers)), means, marker="o", color=color, label=name)
    ax.fill_between(
        range(len(numbers)),
        right[name].min(axis=0),
        right[name].max(axis=0),
        color=color,
        alpha=0.1,
    )
    print(f"{name}: {', '.join(f'{mean:.1f} %' for mean in means)}")
ax.set_xticks(range(len(numbers)), numbers)
ax.set_xlabel("labels per class (bands: range of three draws)")
ax.set_ylabel("accuracy, in %")
ax.grid(axis="y", color="0.9")
ax.legend(loc="lower right")
plt.show()

"""
========================
A query rule of your own
========================

A query rule is a function that receives the model and the candidates, the points that it may ask
about, and returns a score for each; larger is better. This one looks for points that the model is
unsure about, and that are unlike all labelled points.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.metrics import pairwise_distances_argmin_min

from fewlabels import simulate
from fewlabels.queries import LabelledGraph

X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]


def unsure_and_new(model, candidates):
    known = LabelledGraph.of(model)
    doubt = 1 - known.label_distributions_[candidates].max(axis=1)
    _, distance = pairwise_distances_argmin_min(X[candidates], X[known.labelled_nodes])
    return doubt * distance


curve = simulate(X, y, query=[unsure_and_new, "auto"], budget=30, repeats=3, random_state=0)
curve.plot()
for name, gain in curve.compare().items():
    print(f"{name}: {100 * gain.area.mean:+.1f} points compared with random questions")
plt.show()

"""
========================
A query rule of your own
========================

A rule is a function of what is known and of the points that may be asked about; it returns a
score for each of them, larger is better. This one looks for points that the model is unsure of,
and that look unlike all that has a label.
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
    print(f"{name}: {100 * gain.area.mean:+.1f} points over random questions")
plt.show()

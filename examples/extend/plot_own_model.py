"""
==================================
A model of your own: its A and B
==================================

A model is one linear system on a graph, ``A F = B``: here the Laplacian with a leak, so that
evidence fades on its way. ``fit`` takes the graph and the labels, and that is all it needs to be
used in a session, or compared with others.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.sparse import diags_array
from scipy.sparse.linalg import spsolve
from sklearn.datasets import load_digits

from fewlabels import simulate


class LeakyLaplacian:
    def fit(self, graph, y):
        self.classes_ = np.unique(y[y != -1])
        W = graph.affinity
        A = diags_array(1.01 * W.sum(axis=1) + 100 * (y != -1)) - W
        B = 100.0 * (y[:, None] == self.classes_)
        F = spsolve(A.tocsc(), B).reshape(B.shape)
        self.label_distributions_ = F / F.sum(axis=1, keepdims=True)
        return self


X, y = load_digits(return_X_y=True)
models = {"recommended": None, "leaky Laplacian": LeakyLaplacian()}
compared = simulate(
    X[:300], y[:300], model=models, query="random", budget=30, repeats=3, random_state=0
)
compared.plot()
print(compared.to_markdown(), end="")
plt.show()

"""
===========================
Columns on different scales
===========================

A distance adds up the differences of all columns, so a single column with large numbers can decide
which rows are neighbours. fewlabels warns you in extreme cases, and one line of code is enough to
scale the columns.
"""

# %%
# Wines
# -----
# There are 178 wines of three kinds, with 13 measurements. One of these, proline, is as large as
# 1,680. Twenty wines have a label.

import warnings

import numpy as np
from sklearn.datasets import load_wine

X, kind = load_wine(return_X_y=True)
y = np.where(np.arange(178) % 9 == 0, kind, -1)

# %%
# Without and with scaling
# ------------------------
# Without scaling, a warning names the column. Here it costs nothing, because some models in
# ``FewLabelsClassifier`` (trees and ranks) do not depend on scales; its graph does.

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fewlabels import FewLabelsClassifier

with warnings.catch_warnings(record=True, action="always") as said:
    raw = FewLabelsClassifier().fit(X, y)
print([w.category.__name__ for w in said])
scaled = make_pipeline(StandardScaler(), FewLabelsClassifier()).fit(X, y)

for name, model in (("not scaled", raw), ("scaled", scaled[-1])):
    print(f"{name}: {np.mean(model.transduction_ == kind):.0%} right")

# %%
# You don't need this for a pandas table: fewlabels scales the columns of tables, because they
# usually have different units.

table = load_wine(as_frame=True).data
of_table = FewLabelsClassifier().fit(table, y)
print(f"as a table: {np.mean(of_table.transduction_ == kind):.0%} right")

# %%
# Which wines are neighbours?
# ---------------------------
# Both panels show the same two measurements, and the ten nearest neighbours of one wine. Without
# scaling, these have nearly the same proline, whatever their alcohol.

import matplotlib.pyplot as plt
from sklearn.neighbors import NearestNeighbors

one = 70
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
for ax, points, title in (
    (axes[0], X, "not scaled"),
    (axes[1], StandardScaler().fit_transform(X), "scaled"),
):
    near = NearestNeighbors(n_neighbors=11).fit(points).kneighbors(points[[one]])[1][0, 1:]
    ax.scatter(X[:, 12], X[:, 0], s=12, color="0.75", linewidths=0)
    ax.scatter(
        X[near, 12], X[near, 0], s=40, color="#D55E00", marker="^", label="its ten neighbours"
    )
    ax.scatter(X[one, 12], X[one, 0], s=60, color="black", label="a wine")
    ax.set_title(f"{title}: {np.mean(kind[near] == kind[one]):.0%} of the same kind")
    ax.set_xlabel("proline")
axes[0].set_ylabel("alcohol")
axes[0].legend(loc="lower right")
plt.show()

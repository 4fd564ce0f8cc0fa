"""
==========================
Numbers instead of classes
==========================

Thirty of 1,500 points have a measurement. What would it be at the others, and how certain is that?
A regressor spreads numbers over a graph in the same way as a classifier spreads classes.
"""

# %%
# A rolled-up sheet
# -----------------
# The number to predict is the position of a point along the sheet. Points in neighbouring layers
# are close in space, but far apart along the sheet.

import numpy as np
from sklearn.datasets import make_swiss_roll

X, along = make_swiss_roll(1500, random_state=0)
y = np.where(np.arange(1500) < 30, along, np.nan)  # NaN: no label

# %%
# Fit
# ---

from fewlabels import FewLabelsRegressor

model = FewLabelsRegressor().fit(X, y)
print(model.choices_["members"])

# %%
# How large are the errors?
# -------------------------
# ``posterior_std`` returns a standard deviation for each prediction. As a comparison, a random
# forest learns from the same thirty points.

from sklearn.ensemble import RandomForestRegressor

others = np.arange(30, 1500)
said = model.transduction_[others]
spread = model.posterior_std(others)
forest = RandomForestRegressor(random_state=0).fit(X[:30], y[:30]).predict(X[others])
print(f"fewlabels: mean error {np.abs(said - along[others]).mean():.2f}")
print(f"random forest: mean error {np.abs(forest - along[others]).mean():.2f}")
within = np.mean(np.abs(said - along[others]) < 2 * spread)
print(f"{within:.0%} of the errors are within two standard deviations")

# %%
# Predicted and true positions
# ----------------------------
# The forest cuts across the layers of the sheet; the graph follows them.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharey=True, layout="constrained")
for ax, numbers, title in (
    (axes[0], forest, "random forest, 30 labels"),
    (axes[1], said, "graph, 30 labels"),
):
    ax.plot([4, 15], [4, 15], color="0.7", linewidth=4)
    ax.scatter(along[others], numbers, s=6, color="#0072B2", linewidths=0)
    ax.set_title(f"{title}: mean error {np.abs(numbers - along[others]).mean():.2f}")
    ax.set_xlabel("true position along the sheet")
axes[0].set_ylabel("predicted position")
plt.show()

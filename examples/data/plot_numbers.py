"""
===========================
Numbers in place of classes
===========================

Thirty of 1,500 points have a measurement; what would it be at the others, and within which limits?
A regressor spreads numbers over a graph as a classifier spreads classes.
"""

# %%
# A rolled-up sheet
# -----------------
# The number to find is how far along the sheet a point lies. Two points of neighbouring layers are
# close in space and far apart along the sheet.

import numpy as np
from sklearn.datasets import make_swiss_roll

X, along = make_swiss_roll(1500, random_state=0)
y = np.where(np.arange(1500) < 30, along, np.nan)  # NaN: not known

# %%
# Fit
# ---

from fewlabels import FewLabelsRegressor

model = FewLabelsRegressor().fit(X, y)
print(model.choices_["members"])

# %%
# How far off, and how far off it says it may be
# ----------------------------------------------

from sklearn.ensemble import RandomForestRegressor

others = np.arange(30, 1500)
said = model.transduction_[others]
spread = model.posterior_std(others)
forest = RandomForestRegressor(random_state=0).fit(X[:30], y[:30]).predict(X[others])
print(f"fewlabels: off by {np.abs(said - along[others]).mean():.2f} in the mean")
print(f"random forest of the 30: off by {np.abs(forest - along[others]).mean():.2f}")
within = np.mean(np.abs(said - along[others]) < 2 * spread)
print(f"{within:.0%} lie within two standard deviations")

# %%
# What is said, and what is true
# ------------------------------
# The forest cuts through the layers of the sheet; the graph follows them.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharey=True, layout="constrained")
for ax, numbers, title in (
    (axes[0], forest, "random forest of 30 labels"),
    (axes[1], said, "30 labels on a graph"),
):
    ax.plot([4, 15], [4, 15], color="0.7", linewidth=4)
    ax.scatter(along[others], numbers, s=6, color="#0072B2", linewidths=0)
    ax.set_title(f"{title}: off by {np.abs(numbers - along[others]).mean():.2f}")
    ax.set_xlabel("true place along the sheet")
axes[0].set_ylabel("what is said")
plt.show()

"""
=============
A messy table
=============

Real tables contain numbers with units and decimal commas, empty cells, dates, categories,
comments, and columns that have nothing to do with the question. We make such a table, label thirty
of its rows, and pass it to a model as it is.
"""

# %%
# The table
# ---------
# A shop has 400 orders, and wants to know which ones will be returned. This depends on the price,
# the delivery time, the kind of goods and the comment, but the model does not know that.

import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
n = 400
price = rng.lognormal(3.4, 0.7, n)
days = rng.integers(1, 15, n)
goods = rng.choice(["shoes", "shirts", "books", "lamps"], n, p=[0.3, 0.3, 0.25, 0.15])
odds = 0.9 * (price > 45) + 0.25 * (days - 6) + 2.2 * np.isin(goods, ["shoes", "shirts"]) - 2.2
returned = odds + rng.normal(0, 0.4, n) > 0
unhappy = ["too small for me", "not as in the picture", "arrived broken and late"]
happy = ["very pleased with it", "thanks, works well", "just as in the picture"]
comment = [
    rng.choice(unhappy if bad else happy) if rng.random() < 0.6 else None for bad in returned
]

orders = pd.DataFrame(
    {
        "order": np.arange(70_000, 70_000 + n),
        "price": [
            f"{p:,.2f} EUR".replace(".", "#").replace(",", ".").replace("#", ",") for p in price
        ],
        "days": np.where(rng.random(n) < 0.1, np.nan, days),
        "goods": goods,
        "ordered": pd.date_range("2026-01-02", periods=n, freq="7h"),
        "comment": comment,
        "clerk": rng.choice(["ann", "bo", "cy"], n),
    }
)
known = rng.choice(n, 30, replace=False)
answer = np.full(n, None, dtype=object)
answer[known] = np.where(returned[known], "returned", "kept")
print(orders.head(4).to_string())

# %%
# Fit
# ---
# ``points_`` shows how each column was interpreted: the price is a number with a unit and a decimal
# comma, empty cells are missing values, and order numbers are not used.

from fewlabels import FewLabelsClassifier

model = FewLabelsClassifier().fit(orders, answer)
print(model.points_)

# %%
# How accurate is it?
# -------------------
# We compare it with a logistic regression on the same features and the same thirty labels.

from sklearn.linear_model import LogisticRegression

truth = np.where(returned, "returned", "kept")
others = np.setdiff1d(np.arange(n), known)
points = model.points_.values
plain = LogisticRegression().fit(points[known], truth[known])
print(f"fewlabels: {np.mean(model.transduction_[others] == truth[others]):.1%} right")
print(f"logistic regression: {plain.score(points[others], truth[others]):.1%} right")

# %%
# Which answers to check by hand
# ------------------------------
# Sort the answers by their probability. The first hundred are nearly all right; check the last
# ones.

import matplotlib.pyplot as plt

confidence = model.label_distributions_[others].max(axis=1)
right = (model.transduction_ == truth)[others][np.argsort(-confidence)]
share = 100 * np.cumsum(right) / np.arange(1, len(right) + 1)

figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
ax.plot(np.arange(1, len(right) + 1), share, color="#0072B2")
ax.set_xlabel("number of answers, the most probable first")
ax.set_ylabel("of these right, in %")
ax.grid(axis="y", color="0.88")
print(f"of the 100 most probable answers, {share[99]:.0f} % are right")
plt.show()

"""
=============================================
What are the questions worth?
=============================================

Which rule for what to ask next pays off on your data? Where the labels are known, the labelling
loop can be played: a rule asks, the answers are looked up, and the points that have no label yet
are predicted and compared. Random questions are always among the rules.
"""

# %%
# The data
# --------
# 330 handwritten digits, with all their labels.

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
order = np.random.RandomState(1).permutation(len(digits.data))[:330]
X, truth = digits.data[order], digits.target[order]

# %%
# Play
# ----
# One labelled digit of each class, then five questions at a time until 40 have a label; three
# times, from other first labels each. Every rule begins with the same ones.

from fewlabels.session import simulate

curve = simulate(
    X, truth, query=["auto", "margin", "v-optimality"], budget=40, repeats=3, random_state=0
)
curve.plot()

# %%
# Is it better than asking at random?
# -----------------------------------
# Differences are taken start by start, so that a lucky start helps nobody. With so few starts
# the intervals are wide; take more for a decision.

for query, difference in curve.compare().items():
    area = difference.area
    print(
        f"{query}: {100 * area.mean:+.1f} points over random questions, "
        f"95 % interval {100 * area.low:+.1f} to {100 * area.high:+.1f}"
    )

# %%
# How many labels does it take?
# -----------------------------

import matplotlib.pyplot as plt

for query, labels in curve.labels_needed(0.9).items():
    print(f"{query}: {np.median(labels):.0f} labels for 90 % (median of {curve.repeats} starts)")
plt.show()

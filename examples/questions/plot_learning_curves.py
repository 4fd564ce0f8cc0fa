"""
=========================
Compare rules in a replay
=========================

Which query rule pays off on your data? If the labels are known, you can replay the labelling loop:
a rule asks, the answers are looked up, and the predictions for the unlabelled points are compared
with the truth. Random questions are always included in the comparison.
"""

# %%
# The data
# --------
# We use 330 handwritten digits, whose labels are all known.

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
order = np.random.RandomState(1).permutation(len(digits.data))[:330]
X, truth = digits.data[order], digits.target[order]

# %%
# Replay the labelling loop
# -------------------------
# Start with one label per class, and ask five questions at a time until there are 40 labels. Repeat
# this three times with other starting labels, which are the same for all rules.

import matplotlib.pyplot as plt

from fewlabels.session import simulate

curve = simulate(
    X, truth, query=["auto", "margin", "v-optimality"], budget=40, repeats=3, random_state=0
)
curve.plot()
plt.show()

# %%
# Is a rule better than random questions?
# ---------------------------------------
# The differences are computed for each start, so a lucky start favours no rule. With so few starts,
# the intervals are wide; use more before you decide.

for query, difference in curve.compare().items():
    area = difference.area
    print(
        f"{query}: {100 * area.mean:+.1f} points compared with random questions, "
        f"95 % interval {100 * area.low:+.1f} to {100 * area.high:+.1f}"
    )

# %%
# How many labels do you need?
# ----------------------------

for query, labels in curve.labels_needed(0.9).items():
    print(f"{query}: {np.median(labels):.0f} labels for 90 % (median of {curve.repeats} starts)")

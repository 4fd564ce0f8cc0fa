"""
==================================
Right far from every label
==================================

Scores fade with the distance to the labels: after 200 steps, to 1e-150. A point's answer is its
row of scores divided by the row's sum, so that even a tiny row has to be right. A solver that
stops when the *largest* numbers change little has not yet begun on the far ones.
"""

# %%
# A path of 200 points, a label at each end
# -----------------------------------------
# The exact answer is known: the probability of the right end rises in a straight line.

import numpy as np
import scipy.sparse as sp

n = 200
step = np.ones(n - 1)
path = sp.diags_array([step, step], offsets=[-1, 1]).tocsr()
y = np.full(n, -1)
y[0], y[-1] = 0, 1
exact = np.linspace(0, 1, n)

# %%
# Two solutions
# -------------
# Sweeps repeat "take the mean of your neighbours". After a thousand of them hardly anything
# changes any more, and the answer is still far off. fewlabels stops when no point's own
# distribution is off by more than ``tol``.

from fewlabels import Graph, LabelPropagation

swept = np.full(n, 0.5)
swept[0], swept[-1] = 0, 1
for _ in range(1000):
    before = swept.copy()
    swept[1:-1] = (swept[:-2] + swept[2:]) / 2
print(f"the last of 1,000 sweeps changed no point by more than {np.abs(swept - before).max():.5f}")

model = LabelPropagation().fit(Graph.from_affinity(path), y)
said = model.label_distributions_[:, 1]
print(f"largest error after 1,000 sweeps: {np.abs(swept - exact).max():.2f}")
print(f"largest error of fewlabels: {np.abs(said - exact).max():.0e}")

# %%
# On a picture
# ------------

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
ax.plot(exact, color="0.75", linewidth=6, label="exact")
ax.plot(said, color="#0072B2", label="fewlabels")
ax.plot(swept, color="#D55E00", linestyle="--", label="1,000 sweeps")
ax.set_xlabel("point on the path")
ax.set_ylabel("probability of the right end")
ax.legend()
ax.grid(color="0.9")
plt.show()

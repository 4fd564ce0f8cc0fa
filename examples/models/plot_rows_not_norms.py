"""
=================================
Accurate even far from all labels
=================================

Scores fade with the distance from the labels, to 1e-150 after 200 steps. The answer at a point is
its row of scores divided by the row's sum, so even a tiny row has to be accurate. A solver that
stops when the *largest* numbers hardly change has barely started on the points far away.
"""

# %%
# A path of 200 points with a label at each end
# ---------------------------------------------
# The exact answer is known: along the path, the probability of the class at the right end rises in
# a straight line.

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
# A sweep replaces the value at each point by the mean of its neighbours. After a thousand sweeps,
# hardly anything changes any more, and yet the answer is far off. fewlabels stops only when no
# point's own distribution is off by more than ``tol``.

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
# The solutions as a figure
# -------------------------

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
ax.plot(exact, color="0.75", linewidth=6, label="exact")
ax.plot(said, color="#0072B2", label="fewlabels")
ax.plot(swept, color="#D55E00", linestyle="--", label="1,000 sweeps")
ax.set_xlabel("point on the path")
ax.set_ylabel("probability of the class\nat the right end")
ax.legend()
ax.grid(color="0.9")
plt.show()

"""
=================================
Fifty thousand points in seconds
=================================

How does the running time grow with the number of points? Most of it is spent on the graph, which is
built once. Adding a label afterwards takes a fraction of a fit.
"""

# %%
# Generate data of any size
# -------------------------
# Each of the ten classes is a curved surface in 30 dimensions.

import time

import numpy as np

from fewlabels import LabelSpreading, knn_graph


def bent_classes(n, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 10, n)
    bend = rng.normal(size=(10, 4, 30)) * 1.2
    place = rng.uniform(-1, 1, (n, 4))
    X = np.empty((n, 30), dtype=np.float32)
    for label in range(10):
        here = truth == label
        X[here] = np.sin(place[here] @ bend[label]) + 0.1 * rng.normal(size=(here.sum(), 30))
    return X, truth


# %%
# Measure the graph, the fit and one more label
# ---------------------------------------------

sizes = (2_000, 10_000, 50_000)
seconds = {"graph": [], "fit": [], "one more label": []}
for n in sizes:
    X, truth = bent_classes(n)
    y = np.where(np.arange(n) < 100, truth, -1)
    times = [time.perf_counter()]
    graph = knn_graph(X, n_neighbors=10)
    times.append(time.perf_counter())
    model = LabelSpreading(alpha=0.99, max_iter=1000).fit(graph, y)
    times.append(time.perf_counter())
    model.add_labels([n - 1], truth[[n - 1]])
    times.append(time.perf_counter())
    for name, took in zip(seconds, np.diff(times), strict=True):
        seconds[name].append(took)
    print(f"{n:,} points: {np.mean(model.transduction_ == truth):.1%} right")

# %%
# These are seconds on the machine that built this page, which may have been busy.

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
for (name, took), color in zip(seconds.items(), ("#0072B2", "#D55E00", "#009E73"), strict=True):
    ax.loglog(sizes, took, marker="o", color=color)
    ax.annotate(name, (sizes[-1], took[-1]), (8, -3), textcoords="offset points", color=color)
ax.set_xlim(1_500, 160_000)
ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
ax.minorticks_off()
ax.set_xlabel("points")
ax.set_ylabel("seconds")
ax.grid(color="0.9")
plt.show()

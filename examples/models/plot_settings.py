"""
============================
Compare settings with labels
============================

Which value of ``alpha`` is best? Fifty labels can tell you, within limits: leave out one label at a
time, and predict its point from the others.
"""

# %%
# Fifty labels and a graph
# ------------------------

import numpy as np
from sklearn.datasets import load_digits

from fewlabels import LabelSpreading, knn_graph

X, truth = load_digits(return_X_y=True)
y = np.where(np.arange(len(X)) < 50, truth, -1)
graph = knn_graph(X, n_neighbors=10)

# %%
# Leave-one-out, exact and without a refit
# ----------------------------------------
# ``loo_score_`` is the mean log probability that the other labels give to each label. It uses only
# the labels. Since we know the truth here, we can check whether it points in the right direction.

alphas = np.array([0.2, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
left_out, right = [], []
for alpha in alphas:
    model = LabelSpreading(alpha=alpha, max_iter=5000).fit(graph, y)
    left_out.append(model.loo_score_)
    right.append(100 * np.mean(model.transduction_[50:] == truth[50:]))
    print(f"alpha {alpha}: leave-one-out {left_out[-1]:.3f}, {right[-1]:.1f} % right")

# %%
# Cross-validation is coarser
# ---------------------------
# ``transductive_cross_val_score`` hides a fifth of the labels at a time, and keeps the graph,
# because the points that you want to predict are in it.

from fewlabels import transductive_cross_val_score

folds = [
    transductive_cross_val_score(
        LabelSpreading(alpha=alpha, max_iter=5000), graph, y, scoring="neg_log_loss"
    ).mean()
    for alpha in alphas
]

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
axes[0].plot(alphas, left_out, marker="o", color="#0072B2", label="leave-one-out, calibrated")
axes[0].plot(alphas, folds, marker="s", color="#D55E00", label="five folds")
axes[0].set_ylabel("mean log probability\nof hidden labels")
axes[0].legend()
axes[1].plot(alphas, right, marker="o", color="#009E73")
axes[1].set_ylabel("accuracy on the others, in %")
for ax in axes:
    ax.set_xscale("logit")
    ax.set_xticks(alphas, [f"{alpha:g}" for alpha in alphas], rotation=45)
    ax.minorticks_off()
    ax.set_xlabel("alpha")
    ax.grid(color="0.9")
plt.show()

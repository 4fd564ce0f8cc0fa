"""
=================
Find wrong labels
=================

People make mistakes. Two hundred of 1,797 digits have a label, and one in ten of these is wrong.
The model lists the labels that are contradicted by the others.
"""

# %%
# Twenty mistakes
# ---------------

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
X, truth = digits.data, digits.target
rng = np.random.default_rng(0)
known = rng.choice(len(X), 200, replace=False)
wrong = known[:20]

y = np.full(len(X), -1)
y[known] = truth[known]
y[wrong] = (truth[wrong] + rng.integers(1, 10, 20)) % 10

# %%
# Which labels do the others contradict?
# --------------------------------------
# Each label is left out in turn, without a refit, and compared with what the others predict. Labels
# that look wrong no longer count when the other labels are judged.

from fewlabels import FewLabelsClassifier

model = FewLabelsClassifier().fit(X, y)
suspects = model.suspect_labels()
print(suspects.table(n_rows=5))

# %%
# How many of the suspects are mistakes?
# --------------------------------------

import matplotlib.pyplot as plt

is_wrong = np.isin(suspects.nodes, wrong)
print(
    f"of the first 20, {is_wrong[:20].sum()} are mistakes; of the first 30, {is_wrong[:30].sum()}"
)

figure, axes = plt.subplots(2, 6, figsize=(9, 3.7), layout="constrained")
for suspect, ax in zip(suspects, axes.flat, strict=False):
    ax.imshow(digits.images[suspect.node], cmap="gray_r")
    ax.set_title(f"label {suspect.label}, rather {suspect.suggested}", fontsize=9)
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set(color="#D55E00" if suspect.node in wrong else "0.7", linewidth=2.5)
figure.suptitle("The most contradicted labels; mistakes have an orange frame")
plt.show()

# %%
# Correct the first twenty
# ------------------------
# Somebody looks at the first twenty suspects. ``add_labels`` replaces an existing label.

others = np.setdiff1d(np.arange(len(X)), known)
before = np.mean(model.transduction_[others] == truth[others])
looked_at = suspects.nodes[:20]
model.add_labels(looked_at, truth[looked_at])
after = np.mean(model.transduction_[others] == truth[others])
print(f"{before:.1%} of the others were read right; after twenty corrections, {after:.1%}")

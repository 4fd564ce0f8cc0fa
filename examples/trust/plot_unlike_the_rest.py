"""
==========================
New points unlike the rest
==========================

A model classifies a new point by the fitted points nearest to it. If all of these are far away, its
probabilities mean nothing, and ``doubt`` says so.
"""

# %%
# Digits, and things that are not digits
# --------------------------------------

import numpy as np
from sklearn.datasets import load_digits

from fewlabels import FewLabelsClassifier

X, truth = load_digits(return_X_y=True)
fitted, later = np.arange(1000), np.arange(1000, 1797)
y = np.full(1000, -1)
y[:60] = truth[:60]
model = FewLabelsClassifier().fit(X[fitted], y)

rng = np.random.default_rng(0)
new = {
    "later digits": X[later],
    "upside down": X[later][:, ::-1],
    "halves of two digits": np.hstack([X[later][:, :32], X[later[::-1]][:, 32:]]),
    "pixels shuffled": X[later][:, rng.permutation(64)],
    "noise": rng.integers(0, 17, (797, 64)).astype(float),
}

# %%
# What the model says about them
# ------------------------------

shares, probable = {}, {}
for name, points in new.items():
    shares[name] = 100 * np.mean(model.doubt(points) == "unlike the rest")
    probable[name] = 100 * np.mean(model.predict_proba(points).max(axis=1) > 0.9)
    print(f"{name}: {shares[name]:.0f} % unlike the rest")

# %%
# Probabilities alone would not have been enough: they are above 0.9 for a third of the pictures
# that are upside down, and even for some of the noise. ``predict_or_abstain`` uses both.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(2, 5, figsize=(9, 4.2), layout="constrained", height_ratios=[1, 1.1])
for (name, points), (picture, bars) in zip(new.items(), axes.T, strict=True):
    picture.imshow(points[3].reshape(8, 8), cmap="gray_r")
    picture.set_title(name, fontsize=10)
    picture.set_axis_off()
    drawn = bars.bar(["unlike\nthe rest", "above\n0.9"], [shares[name], probable[name]])
    drawn[0].set_color("#D55E00")
    bars.bar_label(drawn, fmt="%.0f %%")
    bars.set_ylim(0, 118)
    bars.set_yticks([])
    bars.spines[["top", "right", "left"]].set_visible(False)

answered = model.predict_or_abstain(new["noise"])
print(f"{np.sum(answered != -1)} of {len(answered)} pictures of noise get an answer")
plt.show()

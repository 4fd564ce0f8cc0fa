"""
=======================
Use your own embeddings
=======================

An embedding is a vector of numbers that a pretrained model computes from a picture or a text. Pass
embeddings to ``make_points(data, embeddings=...)``: as an array, as a function, or as a model file
(``"onnx:model.onnx"``). Here, a small network learns five of the ten digits, and its hidden layer
then embeds the other five, which it has never seen.
"""

# %%
# A network that knows the digits 0 to 4
# --------------------------------------

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

digits = load_digits()
old = digits.target < 5
network = MLPClassifier((64,), max_iter=60, early_stopping=True, random_state=0)
network.fit(digits.data[old] / 16, digits.target[old])


def embed(items):
    """Return the hidden layer of the network, a row for each item."""
    pixels = np.asarray(items).reshape(len(items), -1) / 16
    return np.maximum(pixels @ network.coefs_[0] + network.intercepts_[0], 0)


# %%
# The digits 5 to 9, with two labels each
# ---------------------------------------

from fewlabels import FewLabelsClassifier, make_points

images, truth = digits.images[~old], digits.target[~old]
known = np.concatenate([np.flatnonzero(truth == digit)[:2] for digit in range(5, 10)])
y = np.full(len(truth), -1)
y[known] = truth[known]

points = {
    "pixels": images.reshape(len(images), -1),
    "embeddings": make_points(images.reshape(len(images), -1), embeddings=embed(images)),
    "pictures": make_points(images),
}
print(points["embeddings"])

# %%
# Which features are best?
# ------------------------
# You can find out from the labels alone: ``loo_score_`` leaves out one label at a time, and
# measures how probable the others make it (0 is best). The printed accuracies confirm the order.
# This network has seen too few digits to beat the edges that fewlabels finds in the pictures; a
# network trained on a million photographs could.

import matplotlib.pyplot as plt

others = np.setdiff1d(np.arange(len(truth)), known)
shares = {}
for name, of_name in points.items():
    model = FewLabelsClassifier().fit(of_name, y)
    shares[name] = 100 * np.mean(model.transduction_[others] == truth[others])
    print(f"{name}: leave-one-out score {model.loo_score_:.2f}, {shares[name]:.1f} % right")

figure, ax = plt.subplots(figsize=(8, 2.4), layout="constrained")
bars = ax.barh(list(shares), list(shares.values()), color=["0.6", "#0072B2", "#009E73"])
ax.bar_label(bars, fmt="%.1f %%", padding=4)
ax.set_xlim(0, 110)
ax.set_xlabel("accuracy on the digits 5 to 9, in %; ten labels")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

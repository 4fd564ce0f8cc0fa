"""
=============================================
Reading 300 digits with the help of 30 labels
=============================================

We have 330 handwritten digits, and know what 30 of them are. A graph joins each digit to those
that look most like it, and the labels spread along the graph to all others. Of the digits that
nobody labelled, about four in five are then read right.

At the end we look at the ten digits that the model is least sure of: the first to check by hand,
and, as the second example shows, the first to ask about.
"""

# %%
# The data
# --------
# Digits come with all their labels. We shuffle them, keep 330, and hide every label but the
# first 30: ``-1`` means "not known".

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
order = np.arange(len(digits.data))
np.random.RandomState(0).shuffle(order)
order = order[:330]

X = digits.data[order]
truth = digits.target[order]
images = digits.images[order]

n_labelled = 30
y = np.full(len(X), -1)
y[:n_labelled] = truth[:n_labelled]

# %%
# Fit
# ---
# ``kernel="self-tuning"`` joins each digit to its ten nearest neighbours, and measures each
# distance against how crowded the place is.

from fewlabels import LabelPropagation

model = LabelPropagation(kernel="self-tuning", n_neighbors=10).fit(X, y)
print(model.graph_)

# %%
# With few labels, some classes have more of them than others and claim too many digits. We know
# that digits are about equally frequent, and say so.

from fewlabels import normalize_class_mass

unlabelled = np.flatnonzero(y == -1)
distributions = normalize_class_mass(model.label_distributions_, unlabelled)
predicted = model.classes_[distributions.argmax(axis=1)]

# %%
# How well does it read?
# ----------------------
# Compare with the labels that we hid. No 3 was among the 30, so that no digit can be read as
# a 3: the table shows it, and only a question to somebody can mend it.

from fewlabels.report import report_on
from fewlabels.report.layout import format_confusion_matrix, format_report

report = report_on(truth[unlabelled], predicted[unlabelled], model.classes_)
print(format_report(report))
print(format_confusion_matrix(report))

accuracy = np.mean(predicted[unlabelled] == truth[unlabelled])
print(f"{100 * accuracy:.1f} % of {len(unlabelled)} digits read right")

# %%
# The ten digits that the model is least sure of
# ----------------------------------------------
# Entropy is zero where one class has all the probability, and largest where all have the same.

import matplotlib.pyplot as plt

from fewlabels.queries import entropy, most_uncertain

asked = most_uncertain(entropy(distributions), 10)

figure, axes = plt.subplots(2, 5, figsize=(8, 4), layout="constrained")
for point, ax in zip(asked, axes.flat, strict=True):
    ax.imshow(images[point], cmap="gray_r")
    ax.set_title(f"read {predicted[point]}, is {truth[point]}")
    ax.set_axis_off()
figure.suptitle("The ten digits that the model is least sure of")
plt.show()

"""
==================================================
Active learning on digits: as published, and today
==================================================

The second example in scikit-learn's early gallery started with ten labels. Five times, it asked for
the labels of the five digits that the model was least sure of. This page repeats it, and compares
each cell with the published one. After that, it shows what fewlabels achieves today with the same
number of labels.
"""

# %%
# The data
# --------
# These are the same 330 digits as in the previous example. Ten of them have a label.

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
order = np.arange(len(digits.data))
np.random.RandomState(0).shuffle(order)
order = order[:330]
X, truth, images = digits.data[order], digits.target[order], digits.images[order]

# %%
# The published model
# -------------------
# The weights of the graph depend only on the distances, so the graph is built once. The previous
# example explains the model.

from fewlabels import rbf_graph
from fewlabels.systems import normalized_affinity, sweep

S = normalized_affinity(rbf_graph(X, gamma=0.25))


def fit_as_published(labelled):
    classes, codes = np.unique(truth[labelled], return_inverse=True)
    F0 = np.zeros((330, len(classes)))
    F0[labelled, codes] = 1
    carry = np.full(330, 0.2)
    carry[labelled] = 1
    scores = sweep(S, F0, carry=carry, source=0.8 * F0, max_sweeps=4, tol=1e-3).values
    totals = scores.sum(axis=1, keepdims=True)
    equal = np.full_like(scores, 1 / len(classes))
    return classes, np.divide(scores, totals, out=equal, where=totals > 0)


# %%
# As published: ask where the entropy is largest
# ----------------------------------------------
# Each row of the figure shows the five digits of a round, with the prediction before the answer.

import matplotlib.pyplot as plt

from fewlabels.queries import entropy, most_uncertain
from fewlabels.report import compare, load_published, report_on

published = next(e for e in load_published() if e.name == "digits_active_learning")


def draw_row(row, asked, predicted, n_labels):
    for point, ax in zip(asked, row, strict=True):
        ax.imshow(images[point], cmap="gray_r")
        ax.set_title(f"read {predicted[point]}, is {truth[point]}", fontsize=10)
        ax.set_xticks([])
        ax.set_yticks([])
    row[0].set_ylabel(f"{n_labels} labels")


labelled = np.arange(10)
old = []
figure, axes = plt.subplots(5, 5, figsize=(8, 9), layout="constrained")
for row, table in zip(axes, published.tables, strict=True):
    classes, distributions = fit_as_published(labelled)
    predicted = classes[distributions.argmax(axis=1)]
    unlabelled = np.setdiff1d(np.arange(330), labelled)
    report = report_on(truth[unlabelled], predicted[unlabelled], classes)
    old.append(100 * np.mean(predicted[unlabelled] == truth[unlabelled]))
    found = compare(report, table.report)
    print(
        f"{len(labelled)} labels: {old[-1]:.1f} % of the others read right; "
        f"{found.equal} of {found.cells} published cells are equal"
    )

    asked = most_uncertain(entropy(distributions), 5)
    draw_row(row, asked, predicted, len(labelled))
    labelled = np.union1d(labelled, asked)
figure.suptitle("As published: the five digits asked about in each round")
plt.show()

# %%
# Today: a session asks
# ---------------------
# A :class:`~fewlabels.Session` accepts the pictures as they are. A good question is about a digit
# that the model is unsure of, and its answer says much about other such digits. The five digits of
# a round differ from one another.

from fewlabels import Session, make_points

session = Session(make_points(images), audit_share=0)
session.tell(np.arange(10), truth[:10])
new, n_labels = [], []
figure, axes = plt.subplots(5, 5, figsize=(8, 9), layout="constrained")
for row in axes:
    found = session.predictions()
    unlabelled = np.setdiff1d(np.arange(330), session.labelled)
    new.append(100 * np.mean(found.labels[unlabelled] == truth[unlabelled]))
    n_labels.append(len(session.labelled))
    print(f"{n_labels[-1]} labels: {new[-1]:.1f} % of the others read right")

    asked = session.ask(5)
    draw_row(row, asked, found.labels, n_labels[-1])
    session.tell(asked, truth[asked])  # the true labels stand in for a person
figure.suptitle("Today: the five digits asked about in each round")
plt.show()

# %%
# Comparison
# ----------

figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for accuracies, name, color in ((old, "as published", "#D55E00"), (new, "today", "#0072B2")):
    ax.plot(n_labels, accuracies, marker="o", color=color)
    ax.annotate(
        name, (n_labels[-1], accuracies[-1]), (8, 0), textcoords="offset points", color=color
    )
ax.set_xlabel("number of labels")
ax.set_ylabel("accuracy on the others, in %")
ax.set_xticks(n_labels)
ax.set_xlim(9, 35)
ax.grid(axis="y", color="0.88")
print(f"{n_labels[-1]} labels: {old[-1]:.1f} % as published, {new[-1]:.1f} % today")
plt.show()

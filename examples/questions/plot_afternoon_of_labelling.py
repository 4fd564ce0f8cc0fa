"""
==========================
An afternoon of labelling
==========================

A session asks, somebody answers, and at some point the session says: enough. That is what
``fewlabels label`` does in the browser; here it runs in Python, with somebody who is never wrong
and never tired.
"""

# %%
# Begin without a label
# ---------------------
# The first questions need no model: they are drawn so that the graph is covered.

import numpy as np
from sklearn.datasets import load_digits

from fewlabels import OrientedGradients, Session

X, truth = load_digits(return_X_y=True)
chosen = np.random.default_rng(0).permutation(len(X))[:400]
points, truth = OrientedGradients().fit_transform(X[chosen]), truth[chosen]
session = Session(points)
print("first questions:", session.ask(3))

# %%
# Ask, tell, look at the advice
# -----------------------------
# We want 90 % of the answers to be right, and to be able to say so with 95 % confidence.
# ``advice`` says whether to go on. When the model is probably good enough, it turns to random
# checks, which are to prove it.

log = []
while True:
    advice = session.advice(accuracy=0.9)
    log.append((len(session.labelled), advice.action))
    if advice.action == "stop":
        break
    asked = session.ask(10)
    session.tell(asked, truth[asked])
print(advice)

# %%
# What was proven, and what is true
# ---------------------------------
# The proof is about the answers that the session held when the checks began, with your labels in
# place where you gave one.

held = session.checked_labels()
print(f"{len(session.labelled)} of {len(truth)} digits were labelled")
print(f"proven: at least {advice.proof.low:.1%} of the answers held are right")
print(f"true: {np.mean(held == truth):.1%}")

# %%
# The afternoon in one picture
# ----------------------------

import matplotlib.pyplot as plt

n_labels, actions = zip(*log, strict=True)
colors = {"continue": "#0072B2", "check": "#E69F00", "stop": "#009E73"}
figure, ax = plt.subplots(figsize=(8, 1.9), layout="constrained")
for start, end, action in zip(n_labels, (*n_labels[1:], n_labels[-1] + 3), actions, strict=True):
    ax.barh(0, end - start, left=start, color=colors[action])
for action, text in (("continue", "questions that teach"), ("check", "random checks that prove")):
    here = [n for n, said in zip(n_labels, actions, strict=True) if said == action]
    if here:
        ax.annotate(text, (np.mean(here), 0.5), ha="center", va="bottom")
ax.set_ylim(-0.5, 1.0)
ax.set_yticks([])
ax.set_xlabel("labels given")
ax.spines[["top", "right", "left"]].set_visible(False)
plt.show()

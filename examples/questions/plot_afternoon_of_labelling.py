"""
=========================
An afternoon of labelling
=========================

A session asks questions, somebody answers them, and eventually the session says that there are
enough labels. ``fewlabels label`` does this in the browser. Here it runs in Python, and the true
labels give the answers.
"""

# %%
# Start without labels
# --------------------
# The first questions need no model; they are chosen to cover the graph.

import numpy as np
from sklearn.datasets import load_digits

from fewlabels import OrientedGradients, Session

X, truth = load_digits(return_X_y=True)
chosen = np.random.default_rng(0).permutation(len(X))[:400]
points, truth = OrientedGradients().fit_transform(X[chosen]), truth[chosen]
session = Session(points)
print("first questions:", session.ask(3))

# %%
# Ask, tell, and look at the advice
# ---------------------------------
# We want 90 % of the answers to be right, with 95 % confidence. ``advice`` tells us whether to
# continue. Once the model is probably good enough, the session asks random checks to prove it.

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
# The proof is about the answers that the model gave when the checks began, replaced by your labels
# where you gave any.

held = session.checked_labels()
print(f"{len(session.labelled)} of {len(truth)} digits were labelled")
print(f"proven: at least {advice.proof.low:.1%} of the answers are right")
print(f"true: {np.mean(held == truth):.1%}")

# %%
# The afternoon in one figure
# ---------------------------

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
ax.set_xlabel("number of labels")
ax.spines[["top", "right", "left"]].set_visible(False)
plt.show()

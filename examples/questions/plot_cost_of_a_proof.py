"""
=======================
What does a proof cost?
=======================

To prove that answers are right, you need random checks: points drawn at random, labelled by
somebody who does not see the model's answer, and compared with it. How many checks you need depends
on the accuracy that you want to prove and, even more, on how much better than that the model is.
"""

# %%
# The number of checks
# --------------------
# ``draws_to_prove`` estimates how many checks are enough. The proof is valid however often you
# look, so you may stop as soon as the accuracy is proven.

import numpy as np

from fewlabels.stopping import draws_to_prove

n_points = 10_000
wanted = {0.90: "#0072B2", 0.95: "#D55E00", 0.99: "#009E73"}
for accuracy in wanted:
    n_allowed = int((1 - accuracy) * n_points)
    perfect = draws_to_prove(n_allowed, 0.0, n_points)
    print(f"proving {accuracy:.0%} takes {perfect} checks if the model is right at all of them")

# %%
# A model that is only just good enough is expensive
# --------------------------------------------------
# If the model is hardly better than the accuracy to prove, the proof takes thousands of checks. It
# is then cheaper to improve the model with a few more labels first. A session's advice takes this
# into account.

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for accuracy, color in wanted.items():
    true = np.linspace(accuracy + 0.25 * (1 - accuracy), 1, 16)
    n_allowed = int((1 - accuracy) * n_points)
    checks = [draws_to_prove(n_allowed, 1 - t, n_points) for t in true]
    ax.plot(100 * true, checks, marker="o", color=color, markersize=4)
    left = accuracy > 0.98
    ax.annotate(
        f"to prove {accuracy:.0%}",
        (100 * true[2], checks[2]),
        (-8 if left else 8, 0 if left else 4),
        textcoords="offset points",
        ha="right" if left else "left",
        color=color,
    )
ax.set_yscale("log")
ax.set_xlabel("true accuracy of the model, in %")
ax.set_ylabel("random checks")
ax.grid(color="0.9")
plt.show()

# %%
# Few points need fewer checks
# ----------------------------
# No point is checked twice, so with every check there are fewer points left that could be wrong.

for n in (100, 1_000, 10_000, 1_000_000):
    print(f"{n:,} points: {draws_to_prove(n // 20, 0.01, n)} checks prove 95 % if 99 % are right")

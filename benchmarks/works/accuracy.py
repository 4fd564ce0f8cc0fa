"""Accuracies of methods of `benchmarks.methods` over draws of labels.

Inputs: those of the methods, and truth, the class of each point, from 0 on. Settings: ``methods``,
a list of names; ``plans``, a list of a kind of draw and its number, as `benchmarks.data.DRAWS`
takes them; ``seeds``, the first and how many; ``sizes_known``, whether methods are told
the shares of the classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.data import DRAWS
from benchmarks.methods import METHODS
from benchmarks.packages import load
from benchmarks.works.work import Clock, Work


def accuracies(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return accuracies on the points without a label, of shape (n_methods, n_plans, n_draws)."""
    methods, truth = [METHODS[name] for name in settings["methods"]], inputs["truth"]
    for method in methods:
        load(method.package)
    shares = np.bincount(truth) / len(truth) if settings["sizes_known"] else None
    first, count = settings["seeds"]
    plans = settings["plans"]
    found = np.empty((len(methods), len(plans), count))
    for i, method in enumerate(methods):
        predict = method.start(inputs, shares)
        for j, (kind, number) in enumerate(plans):
            for draw in range(count):
                y = DRAWS[kind](truth, number, first + draw)
                with clock("fit"):
                    predicted = predict(y)
                found[i, j, draw] = np.mean((predicted == truth)[y < 0])
    return {"accuracy": found}


WORKS = {"accuracies": Work(accuracies, ("fewlabels",))}

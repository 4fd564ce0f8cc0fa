"""The two published digit examples: their data, their budgets, and how they are run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

from fewlabels._validation import check_integer
from fewlabels.features import make_points
from fewlabels.graph import rbf_graph
from fewlabels.queries import make_rule
from fewlabels.session._learner import ModelLearner
from fewlabels.session._points import GraphPoints
from fewlabels.session.simulation._taught import Taught
from fewlabels.session.simulation.published_recipe import PublishedRecipe
from fewlabels.session.simulation.rounds import FloatArray, IntArray, Learner, Round, play

RECOMMENDED_ON_PIXELS = (
    "graph of shared neighbours; harmonic functions with class masses made equal ask, by doubt x "
    "Sigma-optimality over the doubts, the batch chosen one by one; FewLabelsClassifier answers"
)
RECOMMENDED = (
    "make_points of the pictures: oriented gradients, neighbours put into order by how little a "
    f"picture has to be bent; {RECOMMENDED_ON_PIXELS}"
)

N_ALL = 1797
SHAPE = 8, 8
N_PUBLISHED = 330
PUBLISHED_GAMMA = 0.25


@dataclass(frozen=True)
class Digits:
    """Handwritten digits in a shuffled order.

    Attributes
    ----------
    X : ndarray of shape (n_points, 64), float64
        Pixels from 0 to 16, an image of 8 x 8 a row.
    y : ndarray of shape (n_points,), int64
        The digits, 0 to 9.
    """

    X: FloatArray
    y: IntArray


@dataclass(frozen=True)
class Budget:
    """What an example may ask.

    Attributes
    ----------
    name : str
    n_initial : int
        The first so many points have a label at the start.
    n_queries : int
        Points asked about (or only shown) after each fit.
    n_rounds : int
        Number of fits.
    """

    name: str
    n_initial: int
    n_queries: int
    n_rounds: int


RANDOM_30 = Budget("digits", n_initial=30, n_queries=10, n_rounds=1)
ACTIVE_30 = Budget("digits_active_learning", n_initial=10, n_queries=5, n_rounds=5)
BUDGETS = (RANDOM_30, ACTIVE_30)


def draw_digits(n_points: int = N_PUBLISHED, *, seed: int = 0) -> Digits:
    """Return the first `n_points` of the 1,797 digits, shuffled as published.

    Parameters
    ----------
    n_points : int, default=330
        From 1 to 1797.
    seed : int, default=0
        Of ``numpy.random.RandomState(seed).shuffle``. The published draw is 0.
    """
    check_integer("n_points", n_points, minimum=1, maximum=N_ALL)
    check_integer("seed", seed, minimum=0)
    X, y = load_digits(return_X_y=True)
    order = np.arange(N_ALL)
    # The published draw was made by this generator; a newer one would shuffle otherwise.
    np.random.RandomState(seed).shuffle(order)
    chosen = order[:n_points]
    return Digits(X[chosen], y[chosen])


def run_as_published(digits: Digits, budget: Budget) -> list[Round]:
    """Run an example with the published graph, update and query rule."""
    graph = rbf_graph(digits.X, gamma=PUBLISHED_GAMMA)
    return _run(digits, budget, PublishedRecipe(graph))


def recommended_points(digits: Digits) -> GraphPoints:
    """Return the digits, as pictures, with the graph that :func:`run_as_recommended` takes."""
    return GraphPoints.of(make_points(digits.X.reshape(-1, *SHAPE)))


def pixels(digits: Digits) -> GraphPoints:
    """Return the same of the digits' pixels, as they are."""
    return GraphPoints.of(digits.X)


def run_as_recommended(
    digits: Digits,
    budget: Budget,
    points: GraphPoints,
    *,
    query: str = "auto",
    random_state: int = 0,
) -> list[Round]:
    """Run an example with what the package recommends; `query` takes another rule."""
    learner = ModelLearner(None, points, make_rule(query))
    taught = Taught(learner, len(digits.y), random_state=random_state)
    return _run(digits, budget, taught)


def _run(digits: Digits, budget: Budget, learner: Learner) -> list[Round]:
    batches = [budget.n_queries] * budget.n_rounds
    return list(play(learner, digits.y, np.arange(budget.n_initial), batches))

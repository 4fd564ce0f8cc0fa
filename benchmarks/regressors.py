"""Numbers from features: `FewLabelsRegressor`, and the plain models that every user has at hand.

Ridge regression chooses its penalty by the labels left out, nearest neighbours their number by
five-fold cross-validation; the Gaussian process, a squared exponential with noise, maximises the
evidence.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor

import fewlabels
from benchmarks import sets
from benchmarks.plain import FOREST, N_FOLDS, N_TREES, NEAREST

START = "`FewLabelsRegressor`"
RIDGE, PROCESS = "ridge regression", "Gaussian process"
N_LABELS = (10, 30, 100)
_N_DEVIATIONS = 50  # points whose deviation is asked for: each takes a solve

# Numbers of all points; and deviations of some, with their indices, or None.
Fitted = tuple[Any, tuple[Any, Any] | None]


def of_numbers(name: str, data: sets.Data, draws: int, first_seed: int) -> dict[str, Any]:
    """Return how a model does on one set of numbers.

    Parameters
    ----------
    name : str
        Of MODELS.
    data : sets.Data
    draws, first_seed : int

    Returns
    -------
    dict of str to ndarray of shape (n_numbers_of_labels, n_draws)
        ``error``, the root of the mean square over the points without a label, in deviations of
        the set; ``within 1`` and ``within 2``, the shares of them that are within so many of the
        deviations that the model gives; NaN where it gives none.
    """
    names = ("error", "within 1", "within 2")
    found: dict[str, Any] = {key: np.full((len(N_LABELS), draws), np.nan) for key in names}
    X, truth = data.X, data.y
    for i, number in enumerate(N_LABELS):
        for draw in range(draws):
            rng = np.random.default_rng(first_seed + draw)
            order = rng.permutation(len(truth))
            labelled, hidden = np.split(order, [min(number, len(truth) // 2)])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the evidence's maximum at a bound
                values, told = MODELS[name](X, truth, labelled, hidden[:_N_DEVIATIONS])
            found["error"][i, draw] = np.sqrt(np.mean((values - truth)[hidden] ** 2))
            if told is not None:
                nodes, deviations = told
                off = np.abs(values - truth)[nodes]
                found["within 1"][i, draw] = np.mean(off <= deviations)
                found["within 2"][i, draw] = np.mean(off <= 2 * deviations)
    return found


def _ours(X: Any, truth: Any, labelled: Any, asked: Any) -> Fitted:
    y = np.full(len(X), np.nan)
    y[labelled] = truth[labelled]
    model = fewlabels.FewLabelsRegressor().fit(X, y)
    return model.transduction_, (asked, model.posterior_std(asked))


def _process(X: Any, truth: Any, labelled: Any, asked: Any) -> Fitted:
    kernel = ConstantKernel() * RBF(np.sqrt(X.shape[1])) + WhiteKernel(0.1)
    model = GaussianProcessRegressor(kernel, normalize_y=True).fit(X[labelled], truth[labelled])
    return model.predict(X), (asked, model.predict(X[asked], return_std=True)[1])


def _plain(make: Callable[[int], Any]) -> Callable[[Any, Any, Any, Any], Fitted]:
    """Return what fits a model to the labelled points alone; it is made for their number."""

    def fit(X: Any, truth: Any, labelled: Any, asked: Any) -> Fitted:
        del asked
        return make(len(labelled)).fit(X[labelled], truth[labelled]).predict(X), None

    return fit


def _nearest(n_labels: int) -> Any:
    most = n_labels - n_labels // N_FOLDS - 1
    grid = {"n_neighbors": [k for k in (3, 1, 5, 10, 20) if k <= most]}
    return GridSearchCV(KNeighborsRegressor(), grid, cv=N_FOLDS)


MODELS: dict[str, Callable[[Any, Any, Any, Any], Fitted]] = {
    START: _ours,
    RIDGE: _plain(lambda _: RidgeCV(np.logspace(-3, 3, 13))),
    FOREST: _plain(lambda _: RandomForestRegressor(N_TREES, random_state=0)),
    PROCESS: _process,
    NEAREST: _plain(_nearest),
}

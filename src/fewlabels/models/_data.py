"""Estimators that take data of any kind: tables, texts and pictures beside numbers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from fewlabels._callers import callers_level
from fewlabels._labels import Labels
from fewlabels._typing import Matrix
from fewlabels._validation import check_choice, check_integer, check_n_jobs, check_real
from fewlabels.exceptions import InvalidInputError, LabelWarning
from fewlabels.features import NewPoints, Points, make_points
from fewlabels.features.kinds import kind_of, picture_names
from fewlabels.features.new_points import warn_of
from fewlabels.graph import Graph
from fewlabels.io._table import a_few
from fewlabels.models._copies import about_contradictions
from fewlabels.models._estimator import GraphEstimator
from fewlabels.models._kernels import Kernel, Placed, PrecomputedKernel
from fewlabels.models._shared_kernel import GraphMaker, SharedNeighborKernel
from fewlabels.models._solver_settings import SolverSettings
from fewlabels.solvers import METHODS_WITH_GROUND

_MOST_NAMED = 5  # rows with the same features


class DataEstimator(GraphEstimator):
    """Base of the recommended estimators, which make points of what they are given, and a graph.

    Numbers, sparse matrices, graphs and affinities are used as they come. All else goes through
    :func:`fewlabels.make_points`, and new data through what was fitted then. The graph is one of
    shared neighbours, or one that is given beside the points.
    """

    _solvers = METHODS_WITH_GROUND
    _graph_beside: Graph | GraphMaker | None = None  # while a fit is given one
    gamma = 0.0  # of no kernel here
    points_: Points

    def _check_parameters(self) -> None:
        check_choice("kernel", self.kernel, ("auto", "precomputed"))
        if self.n_neighbors is not None:
            check_integer("n_neighbors", self.n_neighbors, minimum=1)
        check_integer("max_iter", self.max_iter, minimum=1)
        check_real("tol", self.tol, minimum=0)
        check_n_jobs(self.n_jobs)
        check_choice("solver", self.solver, self._solvers)

    def _make_kernel(self) -> Kernel:
        if self.kernel == "precomputed":
            return PrecomputedKernel()
        return SharedNeighborKernel(
            self.n_neighbors,
            self.n_jobs,
            bool(self.verbose),
            self._graph_beside,
            self.__dict__.get("points_"),
        )

    def _solver_settings(self) -> SolverSettings:
        return {
            "solver": self.solver,
            "tol": self.tol,
            "max_iter": self.max_iter,
            "verbose": self.verbose,
        }

    def _points(self, X: object, labels: object) -> Matrix:
        """Return data as features, checked; set `points_`, and the names of columns."""
        self.__dict__.pop("points_", None)
        if self.kernel == "precomputed":
            return super()._points(X, labels)
        if not is_other_data(X):
            features = super()._points(X, labels)
            self.points_ = Points(features, "array")
            return features
        points = make_points(X, _codes(labels))
        for name in ("n_features_in_", "feature_names_in_"):
            self.__dict__.pop(name, None)
            found = getattr(points.transformer, name, None)
            if found is not None:
                setattr(self, name, found)
        if not hasattr(self, "n_features_in_"):
            self.n_features_in_ = points.values.shape[1]
        self.points_ = points
        if not isinstance(X, Points):  # of which whoever made them says it
            self._warn_of_contradictions(labels, self._names_of_rows(X))
        return _as_float(points.values)

    def _warn_of_contradictions(self, labels: object, names: np.ndarray | None) -> None:
        """Warn of rows that have the same features, and different classes."""
        if type(labels) is not Labels:
            return

        def said(rows: Sequence[int]) -> str:
            if names is None:
                return f"positions {a_few(rows, _MOST_NAMED)}"
            return a_few([names[row] for row in rows], _MOST_NAMED)

        message = about_contradictions(self.points_, labels.codes, labels.classes.tolist(), said)
        if message:
            warnings.warn(message, LabelWarning, stacklevel=callers_level())

    def _validated_new(self, X: object) -> NewPoints:
        """Return new points, checked; raise if the known ones have no features.

        Warns of what is not known of them.
        """
        fitted = self.__dict__.get("points_")
        if isinstance(X, NewPoints):
            new = X
        elif isinstance(X, Points):
            new = NewPoints(X.values, X.unread)
        elif fitted is None or fitted.kind == "array" or self._kernel is None:
            return super()._validated_new(X)
        else:
            new = fitted.of_new(X)
            warn_of(new.warnings)
        check_is_fitted(self)
        return new.with_values(self._same_width(_as_float(new.values)))

    def _placed_among_known(self, new: NewPoints) -> Placed:
        if isinstance(self._kernel, SharedNeighborKernel):
            return self._kernel.place_new(self._known, new)
        return super()._placed_among_known(new)

    def _weights_among_known(
        self, new: NewPoints, speaking: npt.NDArray[np.bool_]
    ) -> sparse.csr_array:
        """Return the weights of the known points that are `speaking`; see :class:`Kernel`."""
        kernel = cast(Kernel, self._kernel)
        if isinstance(kernel, SharedNeighborKernel):
            return kernel.weigh_new(self._known, new, speaking)
        return kernel.weigh(self._known, new.values, speaking)

    def _same_width(self, values: Matrix) -> Matrix:
        known = self.X_.shape[1]
        if values.shape[1] != known:
            raise InvalidInputError(
                f"the points have {values.shape[1]} features, and those that were fitted {known}. "
                "Pass new data, or make its points with points_.transform."
            )
        return values

    def _names_of_rows(self, X: object) -> np.ndarray | None:
        points = self.__dict__.get("points_")
        if points is None or points.kind != "images" or isinstance(X, Points):
            return super()._names_of_rows(X)
        names = picture_names(X)
        return None if names is None else np.array(names, dtype=object)

    def _unread(self) -> npt.NDArray[np.intp]:
        """Points of which nothing is known, such as pictures that can't be read."""
        points = self.__dict__.get("points_")
        return np.empty(0, dtype=np.intp) if points is None else points.unread

    def _build(self, points: Matrix | Graph) -> None:
        if isinstance(points, Graph):
            self.__dict__.pop("points_", None)
        super()._build(points)


def is_other_data(X: object) -> bool:
    """Tell whether points are to be made of this: it is neither numbers nor a graph."""
    return not isinstance(X, Graph) and (isinstance(X, Points) or kind_of(X) != "array")


def _codes(labels: Any) -> npt.NDArray[np.intp] | None:
    """Return the class of each point, -1 where it has no label; None where there are no classes."""
    codes = getattr(labels, "codes", None)
    return None if codes is None else np.where(labels.labelled, codes, -1)


def _as_float(values: Matrix) -> Matrix:
    return values if values.dtype.kind == "f" else values.astype(np.float64)

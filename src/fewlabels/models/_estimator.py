"""What all estimators on a graph share: settings, the graph, and nothing lost on failure."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from numbers import Integral
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from fewlabels._arrays import FILL_AFFINITIES, FILL_FEATURES, checked_array
from fewlabels._same_rows import refuse_other_rows
from fewlabels._turns import turn_of
from fewlabels._typing import Loaded, Matrix
from fewlabels._validation import (
    check_choice,
    check_integer,
    check_n_jobs,
    check_real,
    naming_rows,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features.new_points import NewPoints
from fewlabels.graph import DiskGraph, Graph
from fewlabels.models._kernels import (
    KERNELS,
    FunctionKernel,
    Kernel,
    KernelFunction,
    NeighborKernel,
    Placed,
    PrecomputedKernel,
    RbfKernel,
)
from fewlabels.models._row_names import position_of, row_names
from fewlabels.models._scores import Scores
from fewlabels.models._warnings import warn_of_answers
from fewlabels.solvers import METHODS, Method
from fewlabels.systems import StreamedScores

FloatArray = npt.NDArray[np.floating]


class GraphEstimator(BaseEstimator, ABC):
    """Base of the classifiers and regressors that spread what is known over a graph.

    A subclass reads its targets (`_encode`), solves for them (`_solve`, `_solve_change`) and sets
    the fitted attributes (`_publish`).
    """

    _solvers: tuple[str, ...] = METHODS
    _own_answers = "transduction_"  # what to read where new points can't be placed
    _unreached_answer: str  # what points out of every label's reach are answered with
    _fitted_params: Loaded  # with which the last answers were found
    _labels: Any
    _row_names: np.ndarray | None = None
    reached_: npt.NDArray[np.bool_]

    # Parameters, assigned by the subclasses' __init__.
    kernel: str | KernelFunction
    gamma: float
    n_neighbors: int
    max_iter: int
    tol: float
    n_jobs: int | None
    solver: Method
    verbose: bool

    def _fit(self, X: object, y: object, sample_weight: object) -> Self:
        """Check the input, build the graph, solve and publish; on failure change nothing."""
        with turn_of(self):
            with self._unchanged_on_failure():
                self._check_parameters()
                if y is None:
                    raise InvalidInputError(
                        f"{type(self).__name__} requires y to be passed, but the target y is None."
                    )
                refuse_other_rows(X, y)
                refuse_other_rows(X, sample_weight, "sample_weight")
                labels = self._encode(y, sample_weight)  # before the graph, which may take long
                points = X if isinstance(X, Graph) else self._points(X, labels)
                n_samples = points.n_nodes if isinstance(points, Graph) else points.shape[0]
                if len(labels.labelled) != n_samples:
                    raise InvalidInputError(
                        f"X and y have inconsistent numbers of samples: [{n_samples}, "
                        f"{len(labels.labelled)}]. Give one label, or the unlabelled marker, per "
                        "point."
                    )
                self._require_memory(labels, points)
                self._accept(labels)
                self._build(points)
                self._row_names = self._names_of_rows(X)
                scores = self._solve()
                self._publish(scores)
                self._fitted_params = self.get_params(deep=False)
            # last, for a warning may be made an error
            self._warn_of(scores)
        return self

    def position_of(self, name: Hashable) -> int:
        """Return the position of a row of the fitted `X` by its name in the index of the table.

        For methods that take positions: ``model.add_labels([model.position_of("C-17")], ["a"])``.

        Parameters
        ----------
        name : hashable
            As in ``X.index``, where `X` was a pandas table: a tuple, of an index of several
            levels. Of pictures, the path of the file, from the folder on that `X` was.

        Returns
        -------
        int
            From 0 to n_samples - 1.

        Raises
        ------
        InvalidInputError
            If the rows of `X` have no names, or the name is not one of them, or several times.

        Notes
        -----
        Cost: O(n).
        """
        check_is_fitted(self)
        return position_of(name, self._row_names, len(self.reached_))

    def _position(self, node: object) -> int:
        """Return the position of a fitted point: of an integer itself, else of a row's name."""
        check_is_fitted(self)
        if self._row_names is not None and not isinstance(node, Integral):
            return self.position_of(node)
        try:
            return check_integer("node", node, minimum=0, maximum=len(self.reached_) - 1)
        except InvalidInputError as error:
            if self._row_names is None or isinstance(node, bool):
                raise
            raise InvalidInputError(
                f"{error} An integer is a position; position_of({node}) gives that of the row with "
                "this name in the index of X."
            ) from error

    def _relabel(self, change: Any) -> Self:
        with self._unchanged_on_failure():
            self._require_memory(change.labels, self.graph_)
            self._accept(change.labels)
            scores = self._solve_change(change)
            self._publish(scores)
            self._fitted_params = self.get_params(deep=False)
        # last, for a warning may be made an error
        self._warn_of(scores)
        return self

    def _warn_of(self, scores: Scores | StreamedScores) -> None:
        warn_of_answers(
            scores,
            self.reached_,
            self.max_iter,
            self.tol,
            self.solver,
            self._unreached_answer,
            self._how_to_join(),
        )

    def _how_to_join(self) -> str:
        """Say what joins the parts of the graph, which depends on where it came from."""
        if self._kernel is None:
            return "build the graph with more neighbors"
        if self.kernel == "precomputed":
            return "give affinities that join the parts"
        if callable(self.kernel):
            return "take a kernel that joins them"
        if self.kernel == "rbf":
            return 'lower gamma, or take kernel="self-tuning"'
        now = self.n_neighbors or self.graph_.build_info.get("n_neighbors")  # None: as chosen
        if now is None:
            return "give a graph that joins them"
        return f"raise n_neighbors ({now} now)"

    def _votes(self, X: object, values: FloatArray) -> FloatArray:
        """Return the sums of `values` over the known points near new ones, by the kernel's weights.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
        values : ndarray of shape (n_samples, n_columns)
            0 where a known point has nothing to say.

        Returns
        -------
        ndarray of shape (n_queries, n_columns)
            Up to a factor a row; zeros where no known point that says something is near.
        """
        with np.errstate(under="ignore"):
            return self._place(X).votes(values)

    def _place(self, X: object) -> Placed:
        """Place new points beside the known ones; raise if these have no features."""
        return self._placed_among_known(self._validated_new(X))

    def _validated_new(self, X: object) -> NewPoints:
        """Return new points, checked; raise if the known ones have no features."""
        check_is_fitted(self)
        if self._kernel is None:
            raise InvalidInputError(
                f"this {type(self).__name__} was fitted on a Graph, which has no features to place "
                f"new points by. Read {self._own_answers}, or fit on features."
            )
        return NewPoints(self._validated(X, reset=False))

    def _placed_among_known(self, new: NewPoints) -> Placed:
        """Place points that are checked beside the known ones."""
        return cast(Kernel, self._kernel).place(self._known, new.values)

    @abstractmethod
    def _encode(self, y: object, sample_weight: object) -> Any:
        """Read the targets; raise if none is known. `labelled` says of which points one is."""

    def _require_memory(self, labels: Any, points: Matrix | Graph) -> None:
        """Raise if answers for these targets would not fit the memory; graphs are asked apart."""

    def _accept(self, labels: Any) -> None:
        """Take the targets to solve for next; raise if a setting does not fit them."""
        self._labels = labels

    @abstractmethod
    def _solve(self) -> Scores | StreamedScores:
        """Solve for `self._labels` on `self.graph_` from nothing."""

    @abstractmethod
    def _solve_change(self, change: Any) -> Scores | StreamedScores:
        """Solve for what `change` makes of `self._scores`; `change.labels` are accepted."""

    @abstractmethod
    def _publish(self, scores: Scores | StreamedScores) -> None:
        """Set the fitted attributes."""

    def _points(self, X: object, labels: object) -> Matrix:
        """Return the features or affinities to fit on, checked; `labels` are their targets."""
        return self._validated(X, reset=True)

    def _check_parameters(self) -> None:
        if not callable(self.kernel):
            check_choice("kernel", self.kernel, KERNELS, other=", or a callable")
        check_real("gamma", self.gamma, minimum=0)
        check_integer("n_neighbors", self.n_neighbors, minimum=1)
        check_integer("max_iter", self.max_iter, minimum=1)
        check_real("tol", self.tol, minimum=0)
        check_n_jobs(self.n_jobs)
        check_choice("solver", self.solver, self._solvers)

    def _names_of_rows(self, X: object) -> np.ndarray | None:
        """Return the names of the rows of what was fitted, if they have any."""
        return row_names(X)

    def _validated(self, X: object, *, reset: bool) -> Matrix:
        fill = FILL_AFFINITIES if self.kernel == "precomputed" else FILL_FEATURES
        X = checked_array(X, fill=fill)
        try:
            valid: Matrix = validate_data(
                self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=reset
            )
        except TypeError as error:
            raise InvalidTypeError(naming_rows(X, str(error))) from error
        except (ValueError, OverflowError) as error:
            raise InvalidInputError(naming_rows(X, str(error))) from error
        return valid

    def _build(self, points: Matrix | Graph) -> None:
        """Set `graph_` and what places new points."""
        self._kernel: Kernel | None = None
        if isinstance(points, Graph):
            self.graph_ = points
            for stale in ("X_", "n_features_in_", "feature_names_in_"):
                self.__dict__.pop(stale, None)
        else:
            kernel = self._make_kernel()
            self.graph_ = kernel.build(points, getattr(self, "feature_names_in_", None))
            self._kernel = kernel
            self.__dict__.pop("X_", None)
            if self.kernel != "precomputed":
                self.X_ = points
        # Of a graph on disk, the answers are what memory has to hold.
        self._dtype = np.float32 if isinstance(points, DiskGraph) else points.dtype

    @property
    def _known(self) -> Any:
        """The fitted points, a Matrix; None where affinities stand for themselves."""
        return getattr(self, "X_", None)

    def _make_kernel(self) -> Kernel:
        if callable(self.kernel):
            return FunctionKernel(self.kernel)
        if self.kernel == "rbf":
            return RbfKernel(self.gamma)
        if self.kernel == "precomputed":
            return PrecomputedKernel()
        # scikit-learn's knn kernel counts a point among its own neighbours
        others = self.n_neighbors - 1 if self.kernel == "knn" else self.n_neighbors
        return NeighborKernel(
            self.n_neighbors,
            others,
            "binary" if self.kernel == "knn" else "self-tuning",
            self.n_jobs,
            bool(self.verbose),
        )

    def _shallow(self) -> Self:
        """Return a copy that shares all with this estimator, and of which labels may be changed.

        Attributes are replaced and not changed in place, so that neither sees what becomes of the
        other. Prepared systems are shared: ``copy.copy`` would leave them out, as a pickle does.
        """
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    @contextlib.contextmanager
    def _unchanged_on_failure(self) -> Iterator[None]:
        """Put every attribute back if the block raises, or is interrupted.

        Far from all labels, scores fade away to 0: whatever `np.seterr` says, that is no error.
        """
        before = self.__dict__.copy()
        try:
            with np.errstate(under="ignore"):
                yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = tags.input_tags.positive_only = self.kernel == "precomputed"
        return tags

"""Folds of the labelled points, beside which every unlabelled point stays in training."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from fewlabels._callers import callers_level
from fewlabels._validation import check_integer, check_same_length, check_seed
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.model_selection._targets import Targets, read_targets

IntArray = npt.NDArray[np.intp]


class LabelledKFold(BaseCrossValidator):
    """K folds of the labelled points; all unlabelled points train in every split.

    scikit-learn's own splitters treat the unlabelled marker as one more class: they test on points
    whose answer nobody knows, and train without points that the model should see. Here test sets
    contain only labelled points, each at most once over all splits; the training set is everything
    else.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds; at least 2, and at most the number of labelled points that can be tested.
    shuffle : bool, default=False
        Whether to deal the labelled points out in random order. False: in the order of the rows.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffle. An integer gives the same folds at every call.
    stratified : bool, default=True
        Spread each class over the folds as evenly as possible: the number of points per class
        differs by at most 1 between folds, and so do the sizes of the folds. A class with two or
        more labels is therefore never missing from a training set. A class with a single label
        can't be tested, because nothing would be left to learn it from: its point is in every
        training set, and a warning says so. Soft labels count as their most probable class. False:
        consecutive labelled points (of the shuffled ones) make a fold, whatever their classes; this
        is the one for measurements and for several classes per point.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        By :meth:`split`: if fewer labelled points than `n_splits` can be tested, `y` is missing
        or not as long as `X`, or it can't be stratified and `stratified` is True. By the
        constructor: for settings that are not allowed.

    Warns
    -----
    UserWarning
        If classes have a single label, which can't be tested, or `groups` are given, which are
        not used.

    See Also
    --------
    labelled_scorer : Scores labelled rows only, as ``return_train_score=True`` needs.
    transductive_cross_val_score : Hides the labels of test points, and leaves the points in.

    Notes
    -----
    ``GridSearchCV`` and ``cross_val_score`` only know splits of rows: a model is fitted without the
    test points and then predicts them as *new* points (induction). In practice, a graph model has
    the points of interest in its graph (transduction), where it is often better, and may need other
    settings. :func:`transductive_cross_val_score` measures that, and builds the graph only once.

    Unlabelled are None, NaN, ``pandas.NA`` and masked entries; and -1 among whole numbers, if none
    of these occurs. A column of numbers of which some are not whole holds measurements; there, -1
    is a number.

    With few labels, the score of one split says little: its test set has ``n_labelled / n_splits``
    points.

    Cost: O(n) beside sorting the labelled points.

    Examples
    --------
    >>> from fewlabels import LabelledKFold
    >>> X = [[0.0], [0.1], [0.2], [0.3], [5.0], [5.1], [5.2], [5.3]]
    >>> y = ["low", "low", None, None, "high", "high", None, None]
    >>> for train, test in LabelledKFold(n_splits=2).split(X, y):
    ...     print(train, test)
    [1 2 3 5 6 7] [0 4]
    [0 2 3 4 6 7] [1 5]

    In a grid search:

    >>> from sklearn.model_selection import GridSearchCV
    >>> from fewlabels import LabelSpreading
    >>> model = LabelSpreading("self-tuning", n_neighbors=2)
    >>> search = GridSearchCV(model, {"alpha": [0.2, 0.9]}, cv=LabelledKFold(2)).fit(X, y)
    >>> float(search.best_score_)
    1.0
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: object = None,
        stratified: bool = True,
    ) -> None:
        check_integer("n_splits", n_splits, minimum=2)
        for name, value in (("shuffle", shuffle), ("stratified", stratified)):
            if not isinstance(value, (bool, np.bool_)):
                raise InvalidTypeError(f"{name} must be True or False, got {value!r}.")
        check_seed(random_state)
        if random_state is not None and not shuffle:
            raise InvalidInputError(
                f"random_state={random_state!r} is of no effect without shuffle=True. Leave it at "
                "None, or shuffle."
            )
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state
        self.stratified = stratified

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:
        """Return the number of splits, whatever the arguments.

        Parameters
        ----------
        X, y, groups : ignored
            As scikit-learn's splitters take them.

        Returns
        -------
        int
        """
        return int(self.n_splits)

    def split(
        self, X: object, y: object = None, groups: object = None
    ) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield the rows to train on and the rows to test on, `n_splits` times.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...), or None
            Features, or affinities; only their number is looked at.
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            Labels, with the unlabelled marker where there are none.
        groups : ignored
            As scikit-learn's splitters take it; given, it is warned of.

        Returns
        -------
        iterator of (train, test)
            Two ndarrays of dtype intp, ascending: all unlabelled points and the labelled ones of
            the other folds; and the labelled points of this fold.
        """
        if y is None:
            raise InvalidInputError(
                "LabelledKFold.split needs y, which says which points are labelled; got None."
            )
        if groups is not None:
            warnings.warn("LabelledKFold does not use groups.", UserWarning, stacklevel=2)
        # Here, not when the first split is asked for: so errors point to the call.
        targets = read_targets(y)
        if X is not None:
            check_same_length(X, targets.known)
        return self._splits_of(targets)

    def _splits_of(self, targets: Targets) -> Iterator[tuple[IntArray, IntArray]]:
        """Give the rows to train on and to test on, as :meth:`split`, of targets read before."""
        folds = self._folds(targets)
        return (
            (np.flatnonzero(folds != fold), np.flatnonzero(folds == fold))
            for fold in range(self.n_splits)
        )

    def _folds(self, targets: Targets) -> IntArray:
        """Return the fold in which each point is tested, -1 where in none; shape (n_samples,)."""
        if self.stratified and not targets.have_strata:
            what = (
                "measurements, numbers that are not whole"
                if targets.continuous
                else ("rows of 0 and 1, several classes per point")
            )
            raise InvalidInputError(
                f"y holds {what}, which can't be stratified. Use LabelledKFold(stratified=False)."
            )
        tested = self._testable(targets)
        n_tested = len(tested)
        if self.shuffle:
            tested = check_random_state(self.random_state).permutation(tested)
        place = np.arange(n_tested)
        folds = np.full(len(targets.known), -1, dtype=np.intp)
        if self.stratified:
            # Dealt out class by class, like cards: the labels of a class stand in consecutive
            # places, so that every n_splits-th goes to the same fold.
            by_class = np.argsort(targets.labels.codes[tested], kind="stable")
            folds[tested[by_class]] = place % self.n_splits
        else:
            folds[tested] = place * self.n_splits // n_tested
        return folds

    def _testable(self, targets: Targets) -> IntArray:
        """Return the labelled points that can be tested, or raise if they are too few."""
        codes, classes = targets.labels.codes, targets.labels.classes
        labelled = np.flatnonzero(targets.known)
        counts = np.bincount(codes[labelled], minlength=len(classes))
        single = self.stratified & (counts == 1)
        tested: IntArray = labelled[~single[codes[labelled]]]
        if len(tested) < self.n_splits:
            alone = (
                f"; {int(single.sum())} classes have a single label, which can't be tested"
                if single.any()
                else ""
            )
            raise InvalidInputError(
                f"n_splits={self.n_splits} folds need as many labelled points that can be tested; "
                f"y has {len(tested)}, and {len(labelled)} labels in all{alone}. Take fewer "
                "splits, or label more points."
            )
        if single.any():
            names = ", ".join(repr(c) for c in classes[single][:5].tolist())
            more = ", ..." if single.sum() > 5 else ""
            warnings.warn(
                f"{int(single.sum())} of {len(classes)} classes have a single label ({names}"
                f"{more}). It can't be tested, for nothing would be left to learn the class from, "
                "and stays in training: the scores do not speak of these classes.",
                UserWarning,
                stacklevel=callers_level(),
            )
        return tested

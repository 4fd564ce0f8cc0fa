"""What the recommended classifier knows of its own answers: reasons, sets, doubt; and its file."""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from fewlabels._validation import check_real
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.insight import SURE, Explanation, Influence, SuspectLabels
from fewlabels.models._answers import Answers
from fewlabels.models._base import GraphClassifier
from fewlabels.models._fitted_mixture import FittedMixture, Said
from fewlabels.models._influence import influence_of, without_label
from fewlabels.models._left_out import refuse_number
from fewlabels.models._mixture_insight import MixtureInsight
from fewlabels.models._saved import load_model, save_model
from fewlabels.models._targets import RowLabels

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_ABSTAIN_BELOW = 0.8


class MixtureAnswers(GraphClassifier):
    """A classifier that holds a `FittedMixture`: what may be asked of its answers, and its file.

    All answers are read off `insight_`, and off what is said of points (`_said_of`).
    """

    insight_: MixtureInsight
    answered_: npt.NDArray[np.bool_]
    _fitted: FittedMixture

    def _said_of(self, X: object) -> Said:
        """What is said of new points, or of the fitted ones where `X` is None."""
        raise NotImplementedError

    def _decided(self, said: Said) -> np.ndarray:
        """The most probable classes, and the unlabelled marker where nothing is known."""
        decided: np.ndarray = self._labels.decide(said.distributions, said.answered)
        return decided

    @property
    def loo_labelled_(self) -> IntArray:
        """The labelled points, ascending, shape (n_labelled,)."""
        check_is_fitted(self)
        return self.insight_.nodes

    @property
    def loo_label_distributions_(self) -> FloatArray:
        """What the other labels predict for each labelled point: (n_labelled, n_classes)."""
        check_is_fitted(self)
        return self.insight_.left_out

    @property
    def loo_score_(self) -> float:
        """Mean logarithm of the probability of the labels left out."""
        check_is_fitted(self)
        return self.insight_.score()

    @property
    def doubt_(self) -> npt.NDArray[np.str_]:
        """:meth:`doubt` of the fitted points, shape (n_samples,)."""
        return self.doubt()

    def explain(self, node: Hashable) -> Explanation:
        """Return what each labelled point contributes to the scores of a fitted point.

        The scores of each member are split among the labels exactly, and the members count by their
        weights. A contribution may be negative, because members of the features distinguish classes
        by contrast. If `transduction_` is not the class with the largest score, the `note` says
        why.

        Parameters
        ----------
        node : int, or name of a row
            From 0 to n_samples - 1; labelled or not. Anything but an integer is looked up in the
            index of `X`, if it was a pandas table.

        Returns
        -------
        Explanation
        """
        check_is_fitted(self)
        found = self.insight_.explain(self._position(node))
        answer = self.transduction_[[found.node]]
        if found.message or found.classes[[found.scores.argmax()]] == answer:
            return found
        why = "members that are surer count for more, and masses of the classes are made equal"
        if self._labels.labelled[found.node]:
            why = "labelled points keep their label"
        elif self._fitted.balanced:
            why = "the classes were brought nearer to their expected shares (class_prior)"
        return replace(found, note=f"but the answer is {answer.tolist()[0]!r}: {why}")

    def influence(self, node: Hashable) -> Influence:
        """Return what the label of one point changed: compares the fit with the fit without it.

        This includes the weights and sharpness of the members.

        Parameters
        ----------
        node : int, or name of a row
            A labelled point, as :meth:`explain` takes it.

        Returns
        -------
        Influence

        Raises
        ------
        InvalidInputError
            If the point has no label, or is the only one that has.
        """
        check_is_fitted(self)
        position = self._position(node)
        return influence_of(self, position, without_label(self, position), self.answered_)

    def suspect_labels(self) -> SuspectLabels:
        """Rank the labels by how much the others contradict them.

        Returns
        -------
        SuspectLabels
            The most suspect first, each with the class that the others suggest, and with the label
            that contradicts it most. Labels that are the only ones of their class can't be judged,
            and come last.

        Raises
        ------
        InvalidInputError
            If labels are soft.
        """
        self._refuse_soft("suspect_labels")
        found = self.insight_.suspects()
        points = self.__dict__.get("points_")
        if points is None or points.kind != "images" or self._row_names is None:
            return found
        return replace(found, names=tuple(self._row_names.tolist()))

    def predict_set(
        self,
        X: object = None,
        *,
        coverage: float = 0.9,
        per_class: bool = False,
        count_unseen: bool = False,
        allow_empty: bool = True,
    ) -> npt.NDArray[np.bool_]:
        """Return for each point a set of classes that contains the true one with this probability.

        Conformal prediction with the labels left out one by one; for what it guarantees, and for
        which points, see :meth:`LabelSpreading.predict_set`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            New points. None: the fitted ones.
        coverage : float, default=0.9
            In (0, 1).
        per_class : bool, default=False
            True: the coverage holds for the points of *each* class, not only for all together; see
            :func:`fewlabels.insight.class_thresholds`. Sets are larger.
        count_unseen : bool, default=False
            True: points of classes without a label count against the coverage, as far as their
            share can be estimated: :func:`fewlabels.insight.unseen_class_share`. Not with
            `per_class`.
        allow_empty : bool, default=True
            False: a set that would be empty holds the most probable class.

        Returns
        -------
        ndarray of shape (n_points, n_classes), bool
            Which classes are in the set: all where no member has an answer, and where there are
            fewer labels than coverage / (1 - coverage), 9 at 0.9 (with `per_class`: of that
            class). A class with share 0 in `class_prior` is in none, and its labels don't count.

        Raises
        ------
        InvalidInputError
            If labels are soft.
        """
        self._refuse_soft("predict_set")
        refuse_number(X, "coverage")
        said = self._said_of(X)
        return self.insight_.sets(
            said.distributions,
            answered=said.answered,
            coverage=coverage,
            per_class=per_class,
            count_unseen=count_unseen,
            allow_empty=allow_empty,
        )

    def calibrated_proba(self, X: object = None) -> FloatArray:
        """Return probabilities that mean what they say; see :meth:`predict_proba`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            New points. None: the fitted ones.

        Returns
        -------
        ndarray of shape (n_points, n_classes), float64
        """
        return self._said_of(X).distributions

    def doubt(
        self, X: object = None, abstain_below: float = _ABSTAIN_BELOW
    ) -> npt.NDArray[np.str_]:
        """Return for each point whether the answer is sure, and if not, what is missing.

        ``"unreached"``
            No label is in its part of the graph. Where there are features, they alone answer.
        ``"unlike the rest"``
            A new point that is over 1.5 times as far from its neighbours as they are from theirs, a
            ratio that only one in 1000 fitted points exceeds.
        ``"sure"``
            The most probable class has a probability of at least `abstain_below`, or more if the
            labels left out show that it takes more for such answers to be right that often: see
            :func:`fewlabels.insight.sure_from`. It would also have it if the classes were as
            frequent as they seem to be among the points without a label; of a new point or one
            with a label, among all points (:func:`fewlabels.insight.class_shares`). Evenly drawn
            labels do not show this.
        ``"too few labels"``
            The probability is at least `abstain_below`, but the labels do not show that such
            answers are right: the answer seems sure, and more labels would show whether it is. This
            is the case for all such points if fewer than six labels could be left out.
        ``"little evidence"``
            The answer is not sure, and less than half of the typical evidence reaches the point: a
            label nearby would help.
        ``"classes disagree"``
            Enough evidence reaches the point, but for several classes, or for different ones from
            different members.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            New points. None: the fitted ones.
        abstain_below : float, default=0.8
            In [0, 1]: the probability that a sure answer has.

        Returns
        -------
        ndarray of shape (n_points,), str
        """
        refuse_number(X, "abstain_below")
        least = check_real("abstain_below", abstain_below, minimum=0, maximum=1)
        return self._words(self._said_of(X), least)

    def answers(
        self, X: object = None, *, coverage: float = 0.9, abstain_below: float = _ABSTAIN_BELOW
    ) -> Answers:
        """Return everything about points at once, at the cost of :meth:`predict_proba`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), or data as in `fit`
            New points. None: the fitted ones.
        coverage : float, default=0.9
            In (0, 1): of the sets, as :meth:`predict_set` takes it.
        abstain_below : float, default=0.8
            In [0, 1]: of the doubt, as :meth:`doubt` takes it.

        Returns
        -------
        Answers
        """
        self._refuse_soft("answers")
        least = check_real("abstain_below", abstain_below, minimum=0, maximum=1)
        said = self._said_of(X)
        labels = self.transduction_ if X is None else self._decided(said)
        sets = self.insight_.sets(
            said.distributions,
            answered=said.answered,
            coverage=coverage,
            per_class=False,
            count_unseen=False,
            allow_empty=False,
        )
        words = self._words(said, least)
        return Answers(labels, said.distributions, words, sets, said.evidence, said.reached)

    def predict_or_abstain(
        self, X: object = None, abstain_below: float = _ABSTAIN_BELOW
    ) -> np.ndarray:
        """Return the most probable class where it is sure, the unlabelled marker elsewhere.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            New points. None: the fitted ones.
        abstain_below : float, default=0.8
            In [0, 1]: as in :meth:`doubt`, which says why an answer is missing.

        Returns
        -------
        ndarray of shape (n_points,)
        """
        refuse_number(X, "abstain_below")
        least = check_real("abstain_below", abstain_below, minimum=0, maximum=1)
        said = self._said_of(X)
        sure = self._words(said, least) == SURE
        decided: np.ndarray = self._labels.decide(said.distributions, sure)
        if X is None:
            kept = sure & self._labels.labelled
            decided[kept] = self.transduction_[kept]
        return decided

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to one file, without pickle, whole or not at all.

        The file holds the features (or how they are made of data: the fitted transformer), the
        graph, the labels and the settings. It is data alone: nothing in it is run when it is
        loaded. Versions of fewlabels to come read it.

        Parameters
        ----------
        path : path-like
            What stands there is replaced.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If something in the model can't be written: classes that are neither text, numbers nor
            times of NumPy; embeddings by a function, say.
        OSError
            If the file can't be written; an existing file at `path` is then unchanged.
        """
        save_model(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model that :meth:`save` wrote, and fit it again on what it was fitted on.

        Parameters
        ----------
        path : path-like

        Returns
        -------
        estimator
            With the answers of the one that was saved; after changes of labels, within `tol`.

        Raises
        ------
        DataFileError
            If the file is damaged, of a later version, or holds something else.
        """
        model, _ = load_model(path)
        if not isinstance(model, cls):
            raise DataFileError(
                f"{os.fspath(path)} holds a {type(model).__name__}: load it with "
                f"{type(model).__name__}.load."
            )
        return model

    def _words(self, said: Said, least: float) -> npt.NDArray[np.str_]:
        return self.insight_.words(
            said.distributions,
            said.evidence,
            said.reached,
            said.unlike,
            least,
            unlabelled=said.unlabelled,
        )

    def _refuse_soft(self, what: str) -> None:
        check_is_fitted(self)
        if isinstance(self._labels, RowLabels):
            raise InvalidInputError(
                f"{what} asks for one class per point, and y holds soft labels. Fit on their most "
                "probable classes, with their probabilities as sample_weight."
            )

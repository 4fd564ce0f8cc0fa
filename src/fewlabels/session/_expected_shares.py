"""The shares of the classes that a model expects, while some classes have no label yet."""

from __future__ import annotations

from collections.abc import Iterable

from fewlabels._labels import encode_labels
from fewlabels._typing import Package
from fewlabels.exceptions import InvalidInputError
from fewlabels.models._class_prior import resolve_class_prior, shares_by_class


class ExpectedShares:
    """A model's `class_prior`, brought to the classes that have a label.

    A model is fitted on the classes seen so far, and wants a share for each of these and no other.
    Of shares of all classes, those of the classes seen keep their proportions; where they are all
    0, the classes seen are taken as equal.

    Parameters
    ----------
    class_prior : None, str, array-like or mapping
        As a classifier takes it. Shares in an array go by ascending class, those of a
        ``pandas.Series`` by its index.
    classes : sequence of labels, or None
        All the classes there are. None: not known, so that there can be no share for each.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If the shares can't be used, or don't fit the classes.
    """

    def __init__(self, class_prior: Package, classes: Iterable[object] | None) -> None:
        self._as_given = class_prior
        self._shares: dict[object, float] | None = None
        if class_prior is None or isinstance(class_prior, str):
            resolve_class_prior(class_prior, encode_labels(["a", "b"]))  # is there such a word?
            return
        if classes is None:
            raise InvalidInputError(
                "the model's class_prior has a share for each class, and some class may have no "
                "label at first: name them all, as in Session(..., classes=['cat', 'dog']). Or "
                'take class_prior="uniform".'
            )
        given = list(classes)
        labels = encode_labels(given)
        ascending = labels.classes.tolist()
        if shares_by_class(class_prior) is None and ascending != given:
            raise InvalidInputError(
                "the model's class_prior is an array, whose shares go by ascending class, and "
                f"classes are in another order, {given!r}. Pass a mapping from each class to its "
                "share."
            )
        shares = resolve_class_prior(class_prior, labels)
        assert shares is not None  # noqa: S101 - only None gives None
        self._shares = dict(zip(ascending, shares.tolist(), strict=True))

    @property
    def known(self) -> bool:
        """Whether there is a share for each class, which changes with the classes seen."""
        return self._shares is not None

    def among(self, seen: Iterable[object]) -> object:
        """Return the `class_prior` for a fit on labels of the classes `seen`.

        Parameters
        ----------
        seen : iterable of labels
            May name a class several times.
        """
        if self._shares is None:
            return self._as_given
        there = set(seen)
        shares = {label: share for label, share in self._shares.items() if label in there}
        total = sum(shares.values())
        if total == 0:
            return "uniform"
        return {label: share / total for label, share in shares.items()}

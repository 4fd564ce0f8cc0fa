"""Which recipe suits these texts: by how they look, and by labels left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Matrix
from fewlabels.features._terms import Counts, Runs, Words
from fewlabels.features._text_views import TextView
from fewlabels.features._weighing import can_tell, labelled_rows, surely_best

RECIPES = ("topics", "words", "spelling")

_DIRECTIONS = 50
# Directions help where labels are few: they join texts without a word in common. Where there are
# more labels, they lose what single words tell. Measured on Debian's descriptions, cut to 7 to 50
# words: from so many labels a class for each word of a text on, words as they are were better.
_LABELS_A_WORD = 1 / 4
_USUAL_LABELS = 2.0  # a class, where they are not known yet
# Of 100 texts in one language, half of the words and more come again in another; of names,
# codes, or texts in many languages, a third. Each doubling of the texts adds this much to both.
_COMES_AGAIN, _A_DOUBLING, _AT_MOST = 0.43, 0.0675, 0.75


@dataclass(frozen=True, eq=False)
class Chosen:
    """A view of texts that was chosen, and why.

    Attributes
    ----------
    recipe : str
    view : TextView
    points : {ndarray, csr_array} of shape (n_texts, n_features)
    n_empty : int
        Texts without any term.
    choices : tuple of str
    """

    recipe: str
    view: TextView
    points: Matrix
    n_empty: int
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """What texts look like, without labels.

    Attributes
    ----------
    n_texts : int
    n_words : float
        Words of a text, in the middle.
    come_again : float
        Share of the words that are in another text, too.
    n_labels : float, or None
        A class; None where they are not known yet.
    """

    n_texts: int
    n_words: float
    come_again: float
    n_labels: float | None = None

    @classmethod
    def of(cls, counts: Counts, codes: npt.NDArray[np.intp] | None = None) -> Look:
        """Look at counted texts, and how many labels there are."""
        values = counts.values
        texts_with = np.bincount(values.indices, minlength=values.shape[1])
        again = values.data[texts_with[values.indices] >= 2].sum(dtype=np.float64)
        lengths = np.asarray(values.sum(axis=1)).ravel()
        filled = lengths[lengths > 0]
        known = np.array([], dtype=np.intp) if codes is None else codes[codes >= 0]
        n_labels = len(known) / len(np.unique(known)) if len(known) else None
        return cls(len(counts), float(np.median(filled)), float(again / filled.sum()), n_labels)

    @property
    def usual_share(self) -> float:
        """Of so many texts in one language, at least this share of the words comes again."""
        doublings = np.log2(max(self.n_texts, 2) / 100)
        return float(min(_COMES_AGAIN + _A_DOUBLING * doublings, _AT_MOST))

    @property
    def recipe(self) -> str:
        """What suits, as far as looks tell."""
        return "spelling" if self.come_again < self.usual_share else self.by_length

    @property
    def by_length(self) -> str:
        """What suits where words tell more than their spelling alone."""
        n_labels = _USUAL_LABELS if self.n_labels is None else self.n_labels
        return "words" if n_labels >= _LABELS_A_WORD * self.n_words else "topics"

    @property
    def reason(self) -> str:
        """Why."""
        share = f"{self.come_again:.0%} of their words are in another text, too"
        if self.recipe == "spelling":
            return f"only {share}"
        if self.n_labels is None:
            return f"the median text has {self.n_words:.0f} words"
        few = "many" if self.recipe == "words" else "few"
        labels = "label per class is" if self.n_labels == 1 else "labels per class are"
        return (
            f"the median text has {self.n_words:.0f} words, and {self.n_labels:.2g} {labels} "
            f"{few} for this length"
        )


def chosen_view(
    counts: Counts, codes: npt.NDArray[np.intp] | None, recipe: str, seed: int
) -> Chosen:
    """Fit the recipe, or choose it and fit it.

    Parameters
    ----------
    counts : Counts
        With a word at least.
    codes : ndarray of int of shape (n_texts,), or None
        -1 where unlabelled.
    recipe : {"auto", "topics", "words", "spelling"}
    seed : int
    """
    makers = _Makers(counts, seed)
    if recipe != "auto":
        return _told(recipe, *makers.made(recipe), "as asked")
    look = Look.of(counts, codes)
    usual = look.recipe
    # Most of what topics are good for comes through the unlabelled texts, of which labels left out
    # say nothing: that runs alone are better than words then doesn't make them better than topics.
    if codes is None or not can_tell(codes) or usual == "topics":
        return _told(usual, *makers.made(usual), look.reason)
    rows = labelled_rows(codes)
    few = counts.of_rows(rows)
    plain = {name: makers.view(name).points(few) for name in ("words", "spelling")}
    before = "spelling" if usual == "spelling" else "words"
    best, _ = surely_best(plain, before, codes[rows])
    if best == before:
        recipe, reason = usual, look.reason
    else:
        recipe = "spelling" if best == "spelling" else look.by_length
        reason = f"labels that were hidden in turn are told better by {best} than by {before}"
    return _told(recipe, *makers.made(recipe), reason)


class _Makers:
    """The views of the same texts; terms are fitted once."""

    def __init__(self, counts: Counts, seed: int) -> None:
        self._counts, self._seed = counts, seed
        self._words = Words.of(counts)
        self._runs = Runs.of(counts.looked_at())

    def view(self, recipe: str) -> TextView:
        """Return the view of words or of spelling, without points."""
        return TextView(None if recipe == "spelling" else self._words, self._runs, None)

    def made(self, recipe: str) -> tuple[TextView, Matrix]:
        return TextView.of(
            self._counts,
            words=None if recipe == "spelling" else self._words,
            runs=self._runs,
            n_directions=_DIRECTIONS if recipe == "topics" else None,
            seed=self._seed,
        )


def _told(recipe: str, view: TextView, points: Matrix, reason: str) -> Chosen:
    terms = f"{len(view.runs.idf):,} runs of 2 to 4 characters"
    if view.words is not None:
        terms = f"{len(view.words.idf):,} words and of {terms}"
    reduced = ""
    if view.directions is not None:
        reduced = f", reduced to {view.directions.shape[1]} dimensions"
    return Chosen(
        recipe,
        view,
        points,
        int(view.empty and points[:, [-1]].sum()),
        (f"{recipe}: TF-IDF of {terms}{reduced}; {reason}",),
    )

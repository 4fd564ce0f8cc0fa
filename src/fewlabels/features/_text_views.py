"""Counted texts to points: which terms are looked at, and in how many directions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from fewlabels._products import multiply
from fewlabels._threads import one_blas_thread
from fewlabels._typing import Matrix, Package, State
from fewlabels.exceptions import DataFileError
from fewlabels.features._stacking import stacked
from fewlabels.features._states import flag, numbers, part
from fewlabels.features._term_weights import unit_rows
from fewlabels.features._terms import Counts, Runs, Words

_Part = TypeVar("_Part")

# What runs of characters count beside words: on Debian's descriptions as much lost 2 to 6 points.
_RUNS_BESIDE_WORDS = 0.6
# Power iterations of the randomized SVD, and of the largest singular value: less is rounding.
_ITERATIONS, _NO_VALUE = 4, 1e-6


@dataclass(frozen=True, eq=False)
class TextView:
    """Texts as points: runs of characters, with words or without, as they are or in few directions.

    Attributes
    ----------
    words : Words or None
    runs : Runs
    directions : ndarray of shape (n_terms, n_directions), float32, or None
        Of the largest singular values; None: points are the weighed terms, sparse.
    empty : bool
        Whether a last column is 1 where a text holds no term. Rows of 0 would lie nearer to
        all others than these to one another; so they are far from all, and alike.
    """

    words: Words | None
    runs: Runs
    directions: npt.NDArray[np.float32] | None
    empty: bool = field(default=False)

    @classmethod
    def of(
        cls,
        counts: Counts,
        *,
        words: Words | None,
        runs: Runs,
        n_directions: int | None,
        seed: int,
    ) -> tuple[Self, Matrix]:
        """Fit, and return the view and the points of the same texts.

        Parameters
        ----------
        counts : Counts
        words : Words or None
        runs : Runs
        n_directions : int or None
        seed : int
        """
        directions = None
        view = cls(words, runs, None)
        if n_directions is not None:
            directions = _directions(view._terms(counts.looked_at()), n_directions, seed)
            view = cls(words, runs, directions)
        blocks = view._blocks(counts)
        if any(_empty_rows(block).any() for block in blocks):
            view = cls(words, runs, directions, empty=True)
            for place, block in enumerate(blocks):
                blocks[place] = view._marked(block, _empty_rows(block))
        return view, stacked(blocks)

    @property
    def n_words(self) -> int:
        """Number of words."""
        return 0 if self.words is None else len(self.words.idf)

    @property
    def n_terms(self) -> int:
        """Number of words and runs."""
        return self.n_words + len(self.runs.idf)

    @property
    def n_columns(self) -> int:
        """Number of columns of the points."""
        width = self.n_terms if self.directions is None else self.directions.shape[1]
        return width + self.empty

    def word_rows(self, counts: Counts) -> sparse.csr_array:
        """Return the words of texts, weighed, (n_texts, n_words); rows of length 1, or 0."""
        if self.words is None:
            return sparse.csr_array((len(counts), 0), dtype=np.float32)
        return self.words.rows(counts)

    def points(self, counts: Counts, *, marked: bool = True) -> Matrix:
        """Return texts as points.

        Returns
        -------
        {ndarray, csr_array} of shape (n_texts, n_directions or n_terms), float32
            Rows of length 1.
        """
        blocks = self._blocks(counts)
        if self.empty and marked:
            blocks = [self._marked(block, _empty_rows(block)) for block in blocks]
        return stacked(blocks)

    def _blocks(self, counts: Counts) -> list[Matrix]:
        """Return the points of a part of the texts after the other, without the last column."""
        blocks: list[Matrix] = []
        for _, block in counts.blocks():  # so that the runs of all texts are never held at once
            if self.directions is None:
                blocks.append(self._terms(block))
                continue
            with one_blas_thread():
                blocks.append(unit_rows(multiply(self._terms(block), self.directions)))
        return blocks

    def of_new(self, counts: Counts) -> tuple[Matrix, npt.NDArray[np.bool_]]:
        """Return new texts as points, and in which of them nothing is known.

        The last column is 1 of texts without any word: those with unknown ones are like nobody.
        """
        points = self.points(counts, marked=False)
        empty = _empty_rows(points)
        if not self.empty:
            return points, empty
        wordless = empty & (counts.sizes == 0)
        return self._marked(points, wordless), empty & ~wordless

    def names(self) -> list[str]:
        """The names of the columns."""
        if self.directions is not None:
            found = [f"topic{place}" for place in range(self.directions.shape[1])]
        else:
            found = [] if self.words is None else list(self.words.words)
            found += [f"run_{code:016x}" for code in self.runs.codes]
        return [*found, "no_words"] if self.empty else found

    def _terms(self, counts: Counts) -> sparse.csr_array:
        runs = self.runs.rows(counts)
        if self.words is None:
            return runs
        both = sparse.hstack(
            [self.words.rows(counts), runs * np.float32(_RUNS_BESIDE_WORDS)],
            format="csr",
            dtype=np.float32,
        )
        return sparse.csr_array(unit_rows(sparse.csr_array(both)))

    def _marked(self, points: Matrix, rows: npt.NDArray[np.bool_]) -> Matrix:
        empty = rows.astype(np.float32)[:, None]
        if isinstance(points, np.ndarray):
            return np.hstack([points, empty])
        return sparse.csr_array(sparse.hstack([points, sparse.csr_array(empty)], format="csr"))

    def _state(self) -> State:
        return {
            "words": None if self.words is None else self.words._state(),
            "runs": self.runs._state(),
            "directions": self.directions,
            "empty": self.empty,
        }

    @classmethod
    def _from_state(cls, state: Mapping[str, object]) -> Self:
        words = _read(state, "words", Words._from_state)
        runs = Runs._from_state(part(state, "runs", (Mapping,)))
        directions = _read(
            state, "directions", lambda _: numbers(state, "directions", n_dimensions=2)
        )
        view = cls(words, runs, directions, empty=flag(state, "empty"))
        if view.n_terms == 0 or (directions is not None and len(directions) != view.n_terms):
            raise DataFileError("the saved features are damaged: terms and directions don't match.")
        return view


def _read(state: Mapping[str, object], key: str, read: Callable[[Package], _Part]) -> _Part | None:
    kinds = (Mapping, np.ndarray, type(None))
    found = part(state, key, kinds)
    return None if found is None else read(found)


def _directions(terms: sparse.csr_array, n_directions: int, seed: int) -> npt.NDArray[np.float32]:
    """Return the directions of the largest singular values, as columns."""
    most = min(n_directions, *terms.shape)
    with one_blas_thread():
        _, sizes, directions = randomized_svd(
            sparse.csr_matrix(terms), most, n_iter=_ITERATIONS, random_state=seed
        )
    n_found = max(1, int(np.count_nonzero(sizes > _NO_VALUE * sizes[0])))
    return np.ascontiguousarray(directions[:n_found].T, dtype=np.float32)


def _empty_rows(points: Matrix) -> npt.NDArray[np.bool_]:
    if sparse.issparse(points):
        return np.asarray(np.diff(points.indptr) == 0)
    return np.asarray(~points.any(axis=1))

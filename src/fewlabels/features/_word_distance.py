"""How far texts are from one another by their topics and by their words, for graphs of points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._typing import State
from fewlabels.exceptions import DataFileError
from fewlabels.features._states import numbers, part
from fewlabels.features.new_points import Compare

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# What the cosine of topics counts; that of words counts the rest. Half and half did as well.
_OF_TOPICS = 0.3
# Rows that are compared at once; fewer where they, written out, and the words of their candidates
# are more than so many numbers.
_ROWS, _BLOCK_NUMBERS = 256, 2_000_000


class WordDistance:
    """Compares texts that are near by their topics more finely: by their words, too.

        d(i, j) = 1 - 0.3 topics_i . topics_j - 0.7 words_i . words_j

    Few directions say what a text is about, and lose which of the texts about it are on the very
    same thing.

    Parameters
    ----------
    topics : ndarray of shape (n_texts, n_directions), float32
    words : csr_array of shape (n_texts, n_words), float32
        TF-IDF. Rows of both have length 1, or 0.
    """

    #: So many nearest by topics are compared: 60 won nothing.
    n_candidates = 30
    #: What points say of it.
    choice = "neighbours: put into order by topics and words together"

    def __init__(self, topics: FloatArray, words: sparse.csr_array) -> None:
        self._topics, self._words = topics, words

    def between(self, rows: IntArray, candidates: IntArray) -> FloatArray:
        """Return the distances of texts, (m,), to candidates among them, (m, c)."""
        return self._apart(self._topics, self._words, rows, candidates)

    def to_new(self, topics: FloatArray, words: sparse.csr_array) -> Compare:
        """Return what compares new texts with the fitted ones."""
        return lambda rows, candidates: self._apart(topics, words, rows, candidates)

    def _apart(
        self, topics: FloatArray, words: sparse.csr_array, rows: IntArray, candidates: IntArray
    ) -> FloatArray:
        found = np.empty(candidates.shape, dtype=np.float32)
        n_words = np.diff(self._words.indptr).astype(np.intp)
        for block in _blocks(words.shape[1] + n_words[candidates].sum(axis=1)):
            own, others = rows[block], candidates[block]
            by_topics = np.einsum("ij,ikj->ik", topics[own], self._topics[others])
            by_words = _products(sparse.csr_array(words[own]), self._words, others)
            near = _OF_TOPICS * by_topics + (1 - _OF_TOPICS) * by_words
            found[block] = np.maximum(1 - near, 0)
        return found

    def _state(self) -> State:
        """Return topics and words as they are."""
        return {"topics": self._topics, "words": self._words}

    @classmethod
    def _from_state(cls, state: object, shape: tuple[int, int], n_words: int) -> Self:
        """Return what :meth:`_state` described; raise DataFileError if it is damaged.

        Parameters
        ----------
        state : object
        shape : tuple of int
            Of the topics.
        n_words : int
        """
        topics = numbers(state, "topics", n_dimensions=2)
        words = part(state, "words", sparse.csr_array)
        for name, found, right in (
            ("topics", topics, shape),
            ("words", words, (shape[0], n_words)),
        ):
            values = found.data if sparse.issparse(found) else found
            if found.shape != right or found.dtype != np.float32 or not np.isfinite(values).all():
                raise DataFileError(f"the saved features are damaged: {name!r} don't fit them.")
        return cls(topics, words)


def _blocks(sizes: IntArray) -> Iterator[slice]:
    """Cut rows of these sizes into slices that are together small enough, or a single row."""
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        most = ends[start] - sizes[start] + _BLOCK_NUMBERS
        stop = max(start + 1, int(np.searchsorted(ends, most, side="right")))
        stop = min(stop, start + _ROWS)
        yield slice(start, stop)
        start = stop


def _products(rows: sparse.csr_array, others: sparse.csr_array, which: IntArray) -> FloatArray:
    """Return the inner products of each row with some of the others, shape (n_rows, c).

    Parameters
    ----------
    rows : csr_array of shape (n_rows, n_words)
    others : csr_array of shape (n_others, n_words)
    which : ndarray of int of shape (n_rows, c)
    """
    written = rows.toarray().ravel()
    pairs = which.ravel()
    starts = others.indptr[pairs].astype(np.intp)
    counts = others.indptr[pairs + 1] - starts
    ends = np.cumsum(counts)
    entries = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)
    places = np.repeat(
        np.arange(rows.shape[0]) * rows.shape[1], counts.reshape(which.shape).sum(axis=1)
    )
    places += others.indices[entries]
    products = written[places] * others.data[entries]
    found = np.zeros(len(pairs), dtype=np.float32)
    filled = counts > 0
    if filled.any():
        found[filled] = np.add.reduceat(products, (ends - counts)[filled])
    return found.reshape(which.shape)

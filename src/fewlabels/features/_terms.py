"""The words of texts and the runs of characters within them, weighed as when they were fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._typing import State
from fewlabels.exceptions import DataFileError
from fewlabels.features._spelling import runs_in
from fewlabels.features._states import numbers, part, texts
from fewlabels.features._term_weights import TermWeights, weighed
from fewlabels.features._words import Vocabulary, counted

# Runs and directions are found from so many texts, evenly spaced: more tell little that these
# don't. Of long texts fewer, for memory: so many different words in each, added up.
_MOST_LOOKED_AT, _MOST_WORDS_LOOKED_AT = 10_000, 1_500_000
# Runs are counted for so many words at a time, added up over a block of texts.
_BLOCK = 200_000


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each word comes in each text.

    Attributes
    ----------
    values : csr_array of shape (n_texts, n_words), float32
    words : list of str
        In the order of the columns.
    """

    values: sparse.csr_array
    words: list[str]

    @classmethod
    def of(cls, items: Sequence[str], tick: Callable[[float], object] | None = None) -> Counts:
        """Count the words of texts."""
        vocabulary = Vocabulary()
        values = counted(items, vocabulary, tick)
        return cls(values, list(vocabulary))

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Number of different words of each text."""
        return np.asarray(np.diff(self.values.indptr), dtype=np.int64)

    def of_rows(self, rows: object) -> Counts:
        """Return part of the texts, and the words that these hold."""
        values = sparse.csr_array(self.values[rows])
        used, columns = np.unique(values.indices, return_inverse=True)
        values = sparse.csr_array(
            (values.data, columns.astype(np.int32), values.indptr),
            shape=(values.shape[0], len(used)),
        )
        return Counts(values, [self.words[place] for place in used])

    def looked_at(self) -> Counts:
        """Return as many texts as runs and directions are found from."""
        mean = max(1.0, float(self.sizes.mean()))
        most = min(len(self), _MOST_LOOKED_AT, max(200, int(_MOST_WORDS_LOOKED_AT / mean)))
        return self.of_rows(np.linspace(0, len(self) - 1, most).astype(np.intp))

    def blocks(self) -> Iterator[tuple[slice, Counts]]:
        """Yield a part of the texts after the other, of about as many words."""
        first, ends = 0, np.cumsum(self.sizes)
        while first < len(self):
            done = ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(ends, done + _BLOCK, side="right")))
            yield slice(first, last), self.of_rows(slice(first, last))
            first = last


@dataclass(frozen=True, eq=False)
class Words:
    """Words and their weights.

    Attributes
    ----------
    words : tuple of str
    idf : ndarray of shape (n_words,), float32
    """

    words: tuple[str, ...]
    idf: npt.NDArray[np.float32]

    @classmethod
    def of(cls, counts: Counts) -> Self:
        """Choose the words that count."""
        weights = TermWeights.of(counts.values)
        return cls(tuple(counts.words[place] for place in weights.kept), weights.idf)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words)}

    def rows(self, counts: Counts) -> sparse.csr_array:
        """Return texts as weighed words, rows of length 1."""
        known = self._places
        places = np.array([known.get(word, -1) for word in counts.words], dtype=np.int32)
        values = counts.values
        columns = places[values.indices] if len(places) else values.indices
        kept = columns >= 0
        before = np.concatenate([[0], np.cumsum(kept)])
        found = sparse.csr_array(
            (values.data[kept], columns[kept], before[values.indptr].astype(np.int32)),
            shape=(len(counts), len(self.words)),
        )
        found.sort_indices()
        return weighed(found, self.idf)

    def _state(self) -> State:
        return {"words": list(self.words), "idf": self.idf}

    @classmethod
    def _from_state(cls, state: Mapping[str, object]) -> Self:
        found = texts(state, "words")
        return cls(found, _weights(state, len(found)))


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of 2 to 4 characters within words, and their weights.

    Attributes
    ----------
    codes : ndarray of shape (n_runs,), uint64
        Ascending.
    idf : ndarray of shape (n_runs,), float32
    """

    codes: npt.NDArray[np.uint64]
    idf: npt.NDArray[np.float32]

    @classmethod
    def of(cls, counts: Counts) -> Self:
        """Choose the runs that count."""
        spelled, codes = runs_in(counts.words)
        weights = TermWeights.of(sparse.csr_array(counts.values @ spelled))
        return cls(codes[weights.kept], weights.idf)

    def rows(self, counts: Counts) -> sparse.csr_array:
        """Return texts as weighed runs, rows of length 1; also of words that were never seen."""
        spelled, _ = runs_in(counts.words, self.codes)
        found = sparse.csr_array(counts.values @ spelled)
        found.sort_indices()
        return weighed(found, self.idf)

    def _state(self) -> State:
        return {"codes": self.codes, "idf": self.idf}

    @classmethod
    def _from_state(cls, state: Mapping[str, object]) -> Self:
        codes = part(state, "codes", np.ndarray)
        if codes.dtype != np.uint64 or codes.ndim != 1 or (codes[1:] <= codes[:-1]).any():
            raise DataFileError("the saved features are damaged: 'codes' is not what it was.")
        return cls(codes, _weights(state, len(codes)))


def _weights(state: Mapping[str, object], n_terms: int) -> npt.NDArray[np.float32]:
    idf = numbers(state, "idf", n_dimensions=1)
    if len(idf) != n_terms:
        raise DataFileError("the saved features are damaged: terms and weights don't match.")
    return idf.astype(np.float32)

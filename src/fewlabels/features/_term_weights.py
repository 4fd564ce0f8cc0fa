"""TF-IDF: what a term counts in a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt
from scipy import sparse

# Terms of one text only say nothing of others, terms of most texts tell nothing apart. In fewer
# texts than that, chance decides which they are.
_LEAST, _MOST, _FEW = 2, 0.5, 20
_MOST_TERMS = 50_000


@dataclass(frozen=True, eq=False)
class TermWeights:
    """Which terms count, and their inverse document frequencies.

    Attributes
    ----------
    kept : ndarray of shape (n_kept,), intp
        The terms that count, by their columns in the counts, ascending.
    idf : ndarray of shape (n_kept,), float32
        log((1 + n) / (1 + df)) + 1 for n texts of which df hold the term.
    """

    kept: npt.NDArray[np.intp]
    idf: npt.NDArray[np.float32]

    @classmethod
    def of(cls, counts: sparse.csr_array) -> TermWeights:
        """Choose terms: in at least 2 texts and at most half of them, the 50,000 most frequent.

        Where that leaves none, or there are fewer than 20 texts, all terms count.

        Parameters
        ----------
        counts : csr_array of shape (n_texts, n_terms)
        """
        n_texts, n_terms = counts.shape
        frequencies = np.bincount(counts.indices, minlength=n_terms)
        fits = (frequencies >= _LEAST) & (frequencies <= _MOST * n_texts)
        if n_texts < _FEW or not fits.any():
            fits = frequencies > 0
        kept = np.flatnonzero(fits)
        if len(kept) > _MOST_TERMS:
            order = np.argsort(-frequencies[kept], kind="stable")[:_MOST_TERMS]
            kept = np.sort(kept[order])
        idf = np.log((1 + n_texts) / (1 + frequencies[kept])) + 1
        return cls(kept, idf.astype(np.float32))

    def weighed(self, counts: sparse.csr_array) -> sparse.csr_array:
        """Return (1 + log count) idf of the terms that count, as rows of length 1.

        Parameters
        ----------
        counts : csr_array of shape (n_texts, n_terms)
        """
        return weighed(sparse.csr_array(counts[:, self.kept]), self.idf)


def weighed(counts: sparse.csr_array, idf: npt.NDArray[np.float32]) -> sparse.csr_array:
    """Return (1 + log count) idf as rows of length 1; rows without a term stay 0."""
    values = np.log(counts.data)
    values += 1
    values *= idf[counts.indices]
    found = sparse.csr_array((values, counts.indices, counts.indptr), shape=counts.shape)
    return unit_rows(found)


@overload
def unit_rows(rows: sparse.csr_array) -> sparse.csr_array: ...
@overload
def unit_rows(rows: np.ndarray) -> npt.NDArray[np.float32]: ...
def unit_rows(rows: sparse.csr_array | np.ndarray) -> sparse.csr_array | npt.NDArray[np.float32]:
    """Return rows of length 1; of 0 where they are 0."""
    if sparse.issparse(rows):
        lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        values = rows.data / np.repeat(np.where(lengths > 0, lengths, 1), np.diff(rows.indptr))
        return sparse.csr_array(
            (values.astype(np.float32), rows.indices, rows.indptr), shape=rows.shape
        )
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)

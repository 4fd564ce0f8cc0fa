"""Runs of characters within words, counted without ever being cut from the texts.

A word is spelled once, however often it comes: the counts of runs are the counts of words, times
a matrix of which run is how often in which word.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

# Runs of so many characters.
SIZES = (2, 3, 4)
# An odd multiplier of 64 bits that scatters well (Knuth, MMIX), and what tells sizes apart.
_BASE, _OF_SIZE = np.uint64(6364136223846793005), np.uint64(1442695040888963407)


def runs_in(
    words: Sequence[str], known: npt.NDArray[np.uint64] | None = None
) -> tuple[sparse.csr_array, npt.NDArray[np.uint64]]:
    """Return how often each run of characters comes in each word.

    Parameters
    ----------
    words : sequence of str
    known : ndarray of uint64, default=None
        Ascending codes of the runs that are counted; None: all that there are.

    Returns
    -------
    counts : csr_array of shape (n_words, n_runs), float32
        Canonical.
    codes : ndarray of uint64 of shape (n_runs,)
        Of the runs, ascending.
    """
    codes, of_words = run_codes(words)
    if known is None:
        known, places = np.unique(codes, return_inverse=True)
    else:
        places = np.searchsorted(known, codes)
        places[places == len(known)] = 0
        found = known[places] == codes if len(known) else np.zeros(len(codes), dtype=bool)
        places, of_words = places[found], of_words[found]
    counts = sparse.coo_array(
        (np.ones(len(places), dtype=np.float32), (of_words, places.astype(np.int32))),
        shape=(len(words), len(known)),
    ).tocsr()
    counts.sum_duplicates()
    return counts, known


def run_codes(words: Sequence[str]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    """Return the runs of 2 to 4 characters within words as codes, and which word each is of.

    Words have a blank before and behind them, so that beginnings and ends are runs of their own.
    A code is a polynomial of the characters, modulo 2^64: two runs share one about never.
    """
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words)) + 2
    joined = "".join(f" {word} " for word in words)
    characters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    numbers = np.repeat(np.arange(len(words), dtype=np.int32), lengths)
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(characters))
    codes, of_words = [], []
    hashed = np.zeros(len(characters), dtype=np.uint64)
    for size in range(1, max(SIZES) + 1):
        n_runs = max(0, len(characters) - size + 1)
        hashed = hashed[:n_runs] * _BASE + characters[size - 1 :].astype(np.uint64)
        if size in SIZES:
            within = left[:n_runs] >= size
            codes.append(hashed[within] + np.uint64(size) * _OF_SIZE)
            of_words.append(numbers[:n_runs][within])
    return np.concatenate(codes), np.concatenate(of_words)

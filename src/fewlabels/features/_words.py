"""Texts as counts of their words: cut once, for every view of the texts."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels.features._stacking import stacked

# Longer runs of letters, as in writing without blanks, are cut: memory stays bounded.
LONGEST_WORD = 100
# Texts are counted a block at a time: so many characters, or a text.
_BLOCK = 4_000_000

# Of a text without other letters than ASCII's, with which most are done.
_ASCII = re.compile(rf"[a-z0-9_]{{1,{LONGEST_WORD}}}")


class Vocabulary(dict[str, int]):
    """Words and their numbers; one that is looked up and not there gets the next number."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case.

    A word is a run of letters, digits and underscores, with the marks that are written on them;
    at most 100 characters. A symbol that is neither, such as an emoji, is a word of its own;
    ASCII's punctuation is none.
    """
    text = text.lower()
    return (_ASCII if text.isascii() else _any_script()).findall(text)


def counted(
    texts: Sequence[str],
    vocabulary: dict[str, int],
    tick: Callable[[float], object] | None = None,
) -> sparse.csr_array:
    """Return how often each word comes in each text.

    Parameters
    ----------
    texts : sequence of str
    vocabulary : dict of str to int
        A :class:`Vocabulary` takes up the words that are new.
    tick : callable, default=None
        Called with the share of the texts that is done.

    Returns
    -------
    csr_array of shape (n_texts, n_words), float32
        Canonical.

    Notes
    -----
    O(characters) time. Beside the counts, memory holds the words of a block of texts.
    """
    blocks: list[sparse.csr_array] = []
    for first, last in _blocks(texts):
        each = [list(map(vocabulary.__getitem__, words_of(text))) for text in texts[first:last]]
        indptr = np.concatenate([[0], np.cumsum([len(words) for words in each])])
        indices = np.fromiter(chain.from_iterable(each), dtype=np.int32, count=int(indptr[-1]))
        ones = np.ones(len(indices), dtype=np.float32)
        block = sparse.csr_array(
            (ones, indices, indptr.astype(np.int32)), shape=(last - first, len(vocabulary))
        )
        block.sum_duplicates()
        blocks.append(block)
        if tick is not None:
            tick(last / len(texts))
    for block in blocks:
        block.resize(block.shape[0], len(vocabulary))
    return stacked(blocks)


def _blocks(texts: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Yield where blocks of about as many characters begin and end."""
    first = size = 0
    for place, text in enumerate(texts):
        size += len(text)
        if size >= _BLOCK or place == len(texts) - 1:
            yield first, place + 1
            first, size = place + 1, 0


@lru_cache(maxsize=1)
def _any_script() -> re.Pattern[str]:
    r"""Python's ``\w`` ends a word at each vowel sign of Thai or Hindi: marks belong to words."""
    characters = map(chr, range(sys.maxunicode + 1))
    kinds = np.array(list(map(unicodedata.category, characters)))
    marks = _ranges(np.strings.startswith(kinds, "M"))
    symbols = _ranges(kinds == "So")
    return re.compile(rf"[\w{marks}]{{1,{LONGEST_WORD}}}|[{symbols}]")


def _ranges(belongs: npt.NDArray[np.bool_]) -> str:
    """Return characters as the ranges of a regular expression's class."""
    edges = np.flatnonzero(np.diff(belongs, prepend=False, append=False)).reshape(-1, 2)
    return "".join(f"\\U{first:08x}-\\U{end - 1:08x}" for first, end in edges.tolist())

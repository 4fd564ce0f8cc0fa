"""How far people agree: Krippendorff's alpha for classes without an order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence


def krippendorff_alpha(answers: Iterable[Sequence[Hashable]]) -> float | None:
    """Return Krippendorff's alpha for classes without an order.

    alpha = 1 - D_o / D_e: what is observed of disagreement over what chance would give,

        D_o = 1/n sum_u 1 / (m_u - 1) sum_{c != k} n_uc n_uk,
        D_e = 1 / (n (n - 1)) sum_{c != k} n_c n_k,

    where item u has m_u answers, n_uc of them c, and n is the number of answers in items with two
    or more. 1: all agree; 0: as by chance; below: less than by chance.

    Parameters
    ----------
    answers : iterable of sequences
        The answers to each item. Items with fewer than two don't count.

    Returns
    -------
    float or None
        None where no item has two answers, or all answers are of one class: then nothing is known
        of chance.

    References
    ----------
    K. Krippendorff, "Content analysis", 2004, chapter 11; "Computing Krippendorff's
    alpha-reliability", 2011.

    Examples
    --------
    >>> from fewlabels.labelling import krippendorff_alpha
    >>> krippendorff_alpha([["cat", "cat"], ["dog", "dog"], ["dog", "dog"]])
    1.0
    >>> round(krippendorff_alpha([["cat", "cat"], ["dog", "dog"], ["cat", "dog"]]), 2)
    0.44
    """
    totals: Counter[Hashable] = Counter()
    observed = 0.0
    for said in answers:
        if len(said) < 2:
            continue
        counts = Counter(said)
        totals.update(counts)
        m = len(said)
        observed += (m * m - sum(n * n for n in counts.values())) / (m - 1)
    n = sum(totals.values())
    expected = n * n - sum(each * each for each in totals.values())
    if expected == 0:
        return None
    return 1 - (observed / n) * (n * (n - 1)) / expected

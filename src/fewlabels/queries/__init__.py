"""What to ask next: one published rule a file.

Two of the rules look at the predictions and give every point a score (:func:`entropy`,
:func:`least_margin`); the third looks at the graph, and picks points whose labels tell the most
about all others (:func:`sigma_optimality`). They combine: the scores of one can weigh the
choice of the other.
"""

from fewlabels.queries.entropy import entropy
from fewlabels.queries.least_margin import least_margin
from fewlabels.queries.sigma_optimality import sigma_optimality
from fewlabels.queries.top import most_uncertain

__all__ = ["entropy", "least_margin", "most_uncertain", "sigma_optimality"]

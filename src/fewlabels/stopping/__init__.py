"""What random checks prove, while one looks after every answer.

Pure functions of numbers: a mean, how many of a finite set are wrong, the shares of classes, and
how an error goes on falling.
"""

from fewlabels.stopping.confidence_sequence import log_wealth, mean_interval
from fewlabels.stopping.error_curve import ErrorCurve
from fewlabels.stopping.share import share_interval
from fewlabels.stopping.without_replacement import (
    draws_to_prove,
    log_wealth_without_replacement,
    most_wrong,
)

__all__ = [
    "ErrorCurve",
    "draws_to_prove",
    "log_wealth",
    "log_wealth_without_replacement",
    "mean_interval",
    "most_wrong",
    "share_interval",
]

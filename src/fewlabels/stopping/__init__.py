"""What random checks prove, while one looks after every answer.

Pure functions of numbers: a mean, the shares of classes, and how an error goes on falling.
"""

from fewlabels.stopping.confidence_sequence import log_wealth, mean_interval
from fewlabels.stopping.error_curve import ErrorCurve
from fewlabels.stopping.share import share_interval

__all__ = ["ErrorCurve", "log_wealth", "mean_interval", "share_interval"]

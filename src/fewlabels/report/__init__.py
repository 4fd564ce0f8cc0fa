"""Tables in the published layout, the comparison with them, figures, and the demo's document.

matplotlib is imported by :mod:`fewlabels.report.figures` only.
"""

from fewlabels.report.classification import ClassRow, Report, report_on
from fewlabels.report.comparison import Comparison, compare
from fewlabels.report.published import PublishedExample, load_published

__all__ = [
    "ClassRow",
    "Comparison",
    "PublishedExample",
    "Report",
    "compare",
    "load_published",
    "report_on",
]

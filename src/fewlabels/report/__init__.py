"""Reports of models; tables in the published layout, comparisons with them, the demo's document.

matplotlib is imported by :mod:`fewlabels.report.figures` and by the figures of a page only.
"""

from fewlabels.report.classification import ClassRow, Report, report_on
from fewlabels.report.comparison import Comparison, compare
from fewlabels.report.page import write_report
from fewlabels.report.published import PublishedExample, load_published

__all__ = [
    "ClassRow",
    "Comparison",
    "PublishedExample",
    "Report",
    "compare",
    "load_published",
    "report_on",
    "write_report",
]

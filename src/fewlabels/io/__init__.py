"""Readers and writers of tables, and the features and labels in them.

Nothing here prints: what a person should know comes back as values, and what can't be used as
:class:`~fewlabels.exceptions.DataFileError` (the file) or
:class:`~fewlabels.exceptions.InvalidInputError` (what is in it). The advice in those messages
speaks of the options of ``fewlabels spread``, the command that reads tables.
"""

from __future__ import annotations

from fewlabels.io._features import FeatureColumn, Features, build_features, load_features
from fewlabels.io._formats import check_output
from fewlabels.io._label_column import LabelColumn, read_labels
from fewlabels.io._large import FeatureFile, features_in_map, open_features
from fewlabels.io._read import read_table
from fewlabels.io._table import Table, counted, row_list
from fewlabels.io._views import as_text
from fewlabels.io._writable import check_writable
from fewlabels.io._write import AddedColumns, write_table

__all__ = [
    "AddedColumns",
    "FeatureColumn",
    "FeatureFile",
    "Features",
    "LabelColumn",
    "Table",
    "as_text",
    "build_features",
    "check_output",
    "check_writable",
    "counted",
    "features_in_map",
    "load_features",
    "open_features",
    "read_labels",
    "read_table",
    "row_list",
    "write_table",
]

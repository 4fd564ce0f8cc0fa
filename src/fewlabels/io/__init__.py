"""Readers and writers of tables, and the features and labels in them.

Nothing here prints: what a person should know comes back as values, and what can't be used as
:class:`~fewlabels.exceptions.DataFileError` (the file) or
:class:`~fewlabels.exceptions.InvalidInputError` (what is in it). Messages name the settings of
the functions here, as in ``exclude=['x']``; the command line writes its options in their place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fewlabels._lazy import loaded_on_use

if TYPE_CHECKING:
    from fewlabels.io._array_points import load_features
    from fewlabels.io._cells import as_text
    from fewlabels.io._formats import check_input, check_output, check_place
    from fewlabels.io._join import joined_labels
    from fewlabels.io._label_column import LabelColumn, read_labels
    from fewlabels.io._large import FeatureFile, features_in_map, open_features
    from fewlabels.io._picture_folder import PictureFolder, read_picture_folder
    from fewlabels.io._read import read_table
    from fewlabels.io._sorted_pictures import check_sorted, sorted_pictures
    from fewlabels.io._table import Table, counted, row_list
    from fewlabels.io._writable import check_writable
    from fewlabels.io._write import AddedColumns, write_table

__all__ = [
    "AddedColumns",
    "FeatureFile",
    "LabelColumn",
    "PictureFolder",
    "Table",
    "as_text",
    "check_input",
    "check_output",
    "check_place",
    "check_sorted",
    "check_writable",
    "counted",
    "features_in_map",
    "joined_labels",
    "load_features",
    "open_features",
    "read_labels",
    "read_picture_folder",
    "read_table",
    "row_list",
    "sorted_pictures",
    "write_table",
]

# Loaded when first used, so that a file that isn't there is an error at once, without NumPy.
_HOMES = {
    "AddedColumns": "_write",
    "FeatureFile": "_large",
    "LabelColumn": "_label_column",
    "PictureFolder": "_picture_folder",
    "Table": "_table",
    "as_text": "_cells",
    "check_input": "_formats",
    "check_output": "_formats",
    "check_place": "_formats",
    "check_sorted": "_sorted_pictures",
    "check_writable": "_writable",
    "counted": "_table",
    "features_in_map": "_large",
    "joined_labels": "_join",
    "load_features": "_array_points",
    "open_features": "_large",
    "read_labels": "_label_column",
    "read_picture_folder": "_picture_folder",
    "read_table": "_read",
    "row_list": "_table",
    "sorted_pictures": "_sorted_pictures",
    "write_table": "_write",
}

__getattr__, __dir__ = loaded_on_use(__name__, _HOMES)

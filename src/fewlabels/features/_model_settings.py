"""The JSON files beside a model: how its texts are cut, its rows pooled, its pictures prepared."""

from __future__ import annotations

import json
from pathlib import Path

from fewlabels._damage import refusing_damage
from fewlabels._files import explaining_errors
from fewlabels._typing import Loaded
from fewlabels.exceptions import DataFileError

TOKENIZER = "tokenizer.json"
PICTURES = "preprocessor_config.json"
POOLING = "1_Pooling/config.json"
TEXTS = "sentence_bert_config.json"
TOKENS = "tokenizer_config.json"

_NAMES = (TOKENIZER, PICTURES, POOLING, TEXTS, TOKENS)
_ADVICE = "Copy it again from where the model came from."


def settings_file(model: Path, name: str) -> Path | None:
    """Return the file of that name beside a model, or one folder up, as hubs lay them out."""
    for folder in (model.parent, model.parent.parent):
        if (folder / name).is_file():
            return folder / name
        if model.parent.name != "onnx":  # a folder of exports inside that of the model
            break
    return None


def settings_files(model: Path) -> list[Path]:
    """Return all files that say how to use a model."""
    return [path for name in _NAMES if (path := settings_file(model, name)) is not None]


def read_settings(model: Path, name: str) -> Loaded:
    """Return what the file says; nothing if there is none."""
    path = settings_file(model, name)
    if path is None:
        return {}
    with (
        explaining_errors(path, writing=False, raising=DataFileError),
        refusing_damage(path, DataFileError, _ADVICE, kind="JSON"),
    ):
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("an object in braces is due")
        return found

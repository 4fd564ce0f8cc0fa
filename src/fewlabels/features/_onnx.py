"""Models in ONNX files, run by onnxruntime: which of them embed texts, and which pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from fewlabels._files import explaining_errors
from fewlabels._typing import Package, State
from fewlabels.exceptions import DataFileError, InvalidInputError, MissingDependencyError
from fewlabels.features._embedder import Embedder, hash_of_files
from fewlabels.features._model_settings import settings_files
from fewlabels.features._onnx_pictures import picture_embedder
from fewlabels.features._onnx_texts import text_embedder

# The most that an operator may look at the whole batch for: its rows then depend on one another.
_OF_WHOLE_BATCH = b"DynamicQuantizeLinear"

_FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)", "tensor(uint8)")


def onnx_embedder(path: Path, max_length: int | None = None) -> Embedder:
    """Load a model; what it takes is read from its inputs.

    Parameters
    ----------
    path : Path
    max_length : int, optional
        Tokens of a text that are used; None: what the files beside the model say.

    Raises
    ------
    DataFileError
        If the file, or one beside it, can't be read.
    InvalidInputError
        If its inputs are neither those of a model of texts nor of pictures.
    MissingDependencyError
        If onnxruntime, or for texts tokenizers, is missing.
    """
    with explaining_errors(path, writing=False, raising=DataFileError), path.open("rb"):
        pass
    session = _session(path)
    beside = path.parent.glob(f"{path.name}*data")  # large models keep their weights there
    identity: State = {
        "model": f"onnx:{path.name}",
        "files": hash_of_files({path, *beside, *settings_files(path)}),
        "max_length": max_length,
    }
    inputs = session.get_inputs()
    if any(entry.name == "input_ids" for entry in inputs):
        return text_embedder(
            session, path, identity, max_length=max_length, one_by_one=_of_whole_batch(path)
        )
    if len(inputs) == 1 and inputs[0].type in _FLOATS and len(inputs[0].shape) == 4:
        return picture_embedder(session, path, identity, one_by_one=_of_whole_batch(path))
    raise InvalidInputError(
        f"{path} takes {_listed(inputs)}; a model of texts takes input_ids (and attention_mask, "
        "token_type_ids), one of pictures a single array of four dimensions. Run it yourself, and "
        "pass a function from a list of items to a row of numbers each."
    )


def _session(path: Path) -> Package:
    try:
        import onnxruntime  # an extra, loaded when an ONNX file is opened
    except ModuleNotFoundError:
        raise MissingDependencyError(
            f"onnx:{path} needs onnxruntime, which is not installed: "
            "pip install 'fewlabels[embeddings]'."
        ) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong is raised, and said by us
    try:
        return onnxruntime.InferenceSession(
            os.fspath(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise DataFileError(
            f"{path} can't be read as an ONNX model: {_first_line(error)}. Copy or export it again."
        ) from error


def _of_whole_batch(path: Path) -> bool:
    with explaining_errors(path, writing=False, raising=DataFileError):
        return _OF_WHOLE_BATCH in path.read_bytes()


def _listed(inputs: Sequence[Package]) -> str:
    return ", ".join(f"{entry.name} ({entry.type}, {entry.shape})" for entry in inputs) or "nothing"


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200].rstrip(".")

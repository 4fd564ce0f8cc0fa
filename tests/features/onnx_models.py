"""Small models in ONNX files: a bag of token vectors, and a convolution with random weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

WORDS = ("[PAD]", "[UNK]", "cat", "dog", "kitten", "stock", "share", "market")
VECTORS = np.random.default_rng(0).normal(size=(len(WORDS), 5)).astype(np.float32)
KERNEL = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32)


def save(nodes: Sequence[Any], inputs: Any, outputs: Any, weights: Any, path: Path) -> Path:
    """Write a model of ONNX's operators."""
    initial = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "g", inputs, outputs, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def save_tokenizer(folder: Path) -> None:
    """Write a tokenizer of whole words."""
    words = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.enable_padding(pad_id=0, length=12)  # as some are saved: not to be used
    tokenizer.save(str(folder / "tokenizer.json"))


def text_model(
    folder: Path,
    *,
    outputs: Sequence[str] = ("last_hidden_state",),
    dtype: int = TensorProto.INT64,
    mask: bool = True,
    name: str = "model.onnx",
) -> Path:
    """Write a model that looks up a vector for each token, and its tokenizer.

    ``last_hidden_state`` has one a token, with its place added, so that padding would show;
    ``sentence_embedding`` is the largest of each column, ``pooler_output`` nonsense.
    """
    shape = ["batch", "length"]
    inputs = [helper.make_tensor_value_info("input_ids", dtype, shape)]
    if mask:
        inputs.append(helper.make_tensor_value_info("attention_mask", dtype, shape))
    nodes = [
        helper.make_node("Gather", ["vectors", "input_ids"], ["last_hidden_state"]),
        helper.make_node("ReduceMax", ["last_hidden_state"], ["sentence_embedding"], axes=[1],
                         keepdims=0),
        helper.make_node("Sub", ["sentence_embedding", "sentence_embedding"], ["pooler_output"]),
    ]  # fmt: skip
    if mask:
        nodes.append(helper.make_node("Identity", ["attention_mask"], ["unused"]))
    found = [
        helper.make_tensor_value_info(
            output,
            TensorProto.FLOAT,
            ["batch", "length", 5] if output == "last_hidden_state" else ["batch", 5],
        )
        for output in outputs
    ]
    path = save(nodes, inputs, found, {"vectors": VECTORS}, folder / name)
    save_tokenizer(folder)
    return path


def picture_model(
    folder: Path,
    *,
    shape: Sequence[Any] = ("batch", 3, 8, 8),
    dtype: int = TensorProto.FLOAT,
    pooled: bool = True,
) -> Path:
    """Write a model of one convolution, and the mean over places if it is `pooled`."""
    nodes = []
    at = "pixels"
    if dtype != TensorProto.FLOAT:
        nodes.append(helper.make_node("Cast", [at], ["floats"], to=TensorProto.FLOAT))
        at = "floats"
    if shape[3] == 3:
        nodes.append(helper.make_node("Transpose", [at], ["first"], perm=[0, 3, 1, 2]))
        at = "first"
    nodes.append(helper.make_node("Conv", [at, "kernel"], ["maps"]))
    n, height, width = shape[0], *(shape[1:3] if shape[3] == 3 else shape[2:])
    if pooled:
        nodes.append(helper.make_node("ReduceMean", ["maps"], ["rows"], axes=[2, 3], keepdims=0))
        out = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [n, 4])
    else:
        if shape[3] == 3:
            nodes.append(helper.make_node("Transpose", ["maps"], ["last"], perm=[0, 2, 3, 1]))
        inner = [size - 2 if isinstance(size, int) else None for size in (height, width)]
        out = (
            helper.make_tensor_value_info("last", TensorProto.FLOAT, [n, *inner, 4])
            if shape[3] == 3
            else helper.make_tensor_value_info("maps", TensorProto.FLOAT, [n, 4, *inner])
        )
    given = helper.make_tensor_value_info("pixels", dtype, shape)
    return save(nodes, [given], [out], {"kernel": KERNEL}, folder / "pictures.onnx")


def write_json(folder: Path, name: str, settings: Any) -> None:
    """Write a file of settings beside a model."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(settings), encoding="utf-8")

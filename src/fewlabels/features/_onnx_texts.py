"""Texts through a network of tokens: cut, batched by length, pooled to a row each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fewlabels._damage import reason
from fewlabels._typing import Package, State
from fewlabels.exceptions import DataFileError, InvalidInputError, MissingDependencyError
from fewlabels.features._embedder import Embedder, Report
from fewlabels.features._model_settings import (
    POOLING,
    TEXTS,
    TOKENIZER,
    TOKENS,
    read_settings,
    settings_file,
)
from fewlabels.io import counted

AnyArray = np.ndarray

_MOST_TOKENS = 512  # where nothing says how many a model was trained with
_BATCH = 32
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_SENTENCES = ("sentence_embedding", "sentence_embeddings", "text_embeds", "embeddings")
_POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "first",
    "pooling_mode_lasttoken": "last",
}


def text_embedder(
    session: Package, path: Path, identity: State, *, max_length: int | None, one_by_one: bool
) -> Embedder:
    """Return the embedder of a session whose inputs are tokens."""
    kinds = {
        entry.name: np.int32 if "int32" in entry.type else np.int64
        for entry in session.get_inputs()
    }
    unknown = [name for name in kinds if name not in _INPUTS]
    if unknown:
        raise InvalidInputError(
            f"{path} takes {', '.join(unknown)} beside tokens, which is not known here. Run it "
            "yourself, and pass a function from a list of texts to a row of numbers each."
        )
    output, pooling = _output(session, path)
    pool, in_words = _POOLS[pooling]
    tokenizer, length, said = _tokenizer(path, max_length)
    n_cut = 0

    def embed(texts: list[object], report: Report) -> AnyArray:
        nonlocal n_cut
        encoded = tokenizer.encode_batch([str(text) for text in texts])
        n_cut += sum(bool(entry.overflowing) for entry in encoded)
        lengths = np.array([len(entry.ids) for entry in encoded])
        order = np.argsort(-lengths, kind="stable")  # the longest first: it shows what memory takes
        rows: AnyArray | None = None
        size = 1 if one_by_one else _BATCH
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            tokens = _padded([encoded[place] for place in batch], max(1, lengths[batch].max()))
            fed = {name: tokens[name].astype(kind) for name, kind in kinds.items()}
            found = pool(session.run([output], fed)[0], tokens["attention_mask"])
            if rows is None:
                rows = np.empty((len(texts), found.shape[1]), np.float32)
            rows[batch] = found
            report(len(batch))
        if rows is None:
            raise InvalidInputError("there is no text to embed.")
        return rows

    def warnings() -> tuple[str, ...]:
        nonlocal n_cut
        told, n_cut = n_cut, 0
        if not told:
            return ()
        return (
            f"{counted(told, 'text')} of more than {length} tokens: the model was shown the "
            "beginning only. Embed parts or summaries if the end matters.",
        )

    choices = [f"{path.name}: {said}", in_words]
    if one_by_one:
        choices.append("texts one by one, because the model rounds a batch as a whole")
    return Embedder(
        embed, f"onnx:{path}", "texts",
        identity={**identity, "pooling": pooling},
        choices=tuple(choices), warnings=warnings,
    )  # fmt: skip


def _tokenizer(path: Path, max_length: int | None) -> tuple[Package, int, str]:
    """Return the tokenizer beside a model, how many tokens it makes at most, and who said so."""
    file = settings_file(path, TOKENIZER)
    if file is None:
        raise DataFileError(
            f"{path.parent / TOKENIZER} does not exist, and without it texts can't be made tokens "
            f"as {path.name} knows them. Copy it from where the model came from."
        )
    try:
        import tokenizers  # an extra, loaded when a model of texts is opened
    except ModuleNotFoundError:
        raise MissingDependencyError(
            f"onnx:{path} needs tokenizers, which is not installed: "
            "pip install 'fewlabels[embeddings]'."
        ) from None
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(file))
    except Exception as error:
        raise DataFileError(
            f"{file} can't be read as a tokenizer: {reason(error)}. Copy it again from where the "
            "model came from."
        ) from error
    said = f"max_length={max_length}"
    length = max_length
    if length is None:
        truncation = tokenizer.truncation or {}
        length, said = next(
            (found, f"at most {found} tokens of a text, as {where} says")
            for found, where in (
                (read_settings(path, TEXTS).get("max_seq_length"), TEXTS),
                (truncation.get("max_length"), TOKENIZER),
                (read_settings(path, TOKENS).get("model_max_length"), TOKENS),
                (_MOST_TOKENS, "is usual (no file beside the model)"),
            )
            if isinstance(found, int) and 0 < found <= 1_000_000  # more stands for "not known"
        )
    tokenizer.no_padding()
    tokenizer.enable_truncation(length)
    return tokenizer, length, said


def _padded(encoded: list[Package], width: int) -> dict[str, npt.NDArray[np.int64]]:
    tokens = {name: np.zeros((len(encoded), width), np.int64) for name in _INPUTS}
    for row, entry in enumerate(encoded):
        count = len(entry.ids)
        tokens["input_ids"][row, :count] = entry.ids
        tokens["attention_mask"][row, :count] = 1
        tokens["token_type_ids"][row, :count] = entry.type_ids
    return tokens


def _output(session: Package, path: Path) -> tuple[str, str]:
    """Return which output to take, and which of `_POOLS` makes a row a text of it.

    A row a text that is called so goes first; then the tokens, pooled as the model was trained;
    then any row a text (BERT's pooler_output is one, and it is poor).
    """
    found = {entry.name: len(entry.shape) for entry in session.get_outputs()}
    named = [name for name in _SENTENCES if found.get(name) == 2]
    tokens = [name for name, rank in found.items() if rank == 3]
    rows = [name for name, rank in found.items() if rank == 2]
    if named or (rows and not tokens):
        return (named or rows)[0], "own"
    if not tokens:
        listed = ", ".join(f"{name} of {rank} dimensions" for name, rank in found.items())
        raise InvalidInputError(
            f"{path} gives {listed}; a row of numbers a text, or one a token, is needed. Export it "
            "with its hidden states."
        )
    settings = read_settings(path, POOLING)
    asked = [
        mode for mode, on in settings.items() if mode.startswith("pooling_mode") and on is True
    ]
    kinds = [_POOLINGS.get(mode) for mode in asked] or ["mean"]
    if len(kinds) > 1 or kinds[0] is None:
        raise InvalidInputError(
            f"{path} asks for {', '.join(asked)} ({POOLING}); known are "
            f"{', '.join(_POOLINGS)}, one of them. Run it yourself, and pass a function."
        )
    return tokens[0], kinds[0]


def _own(rows: AnyArray, mask: AnyArray) -> AnyArray:
    return rows


def _mean(rows: AnyArray, mask: AnyArray) -> AnyArray:
    weights = mask[:, :, None].astype(np.float32)
    total: AnyArray = (rows * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
    return total


def _first(rows: AnyArray, mask: AnyArray) -> AnyArray:
    return rows[:, 0]


def _last(rows: AnyArray, mask: AnyArray) -> AnyArray:
    last: AnyArray = rows[np.arange(len(rows)), np.maximum(mask.sum(axis=1), 1) - 1]
    return last


_POOLS: dict[str, tuple[Callable[[AnyArray, AnyArray], AnyArray], str]] = {
    "own": (_own, "a text's row is what the model itself makes of it"),
    "mean": (_mean, "a text's row is the mean of its tokens"),
    "first": (_first, "a text's row is its first token's"),
    "last": (_last, "a text's row is its last token's"),
}

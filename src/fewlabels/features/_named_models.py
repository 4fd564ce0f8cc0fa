"""Models of other packages, by name: their weights have to be on this machine already.

Nothing is downloaded, no weights are unpickled, and no code that lies beside weights is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Cells, Package, State
from fewlabels.exceptions import DataFileError, InvalidInputError, MissingDependencyError
from fewlabels.features._embedder import Embedder, Report, hash_of_files
from fewlabels.features._seen_pictures import SeenPictures

_BATCH = 16
_WEIGHTS = ".safetensors"
_PREPARED = ("mean", "std", "interpolation", "resize_mode")


def sentence_transformers_embedder(name: str) -> Embedder:
    """Load a model of sentence-transformers, by its name on the hub or its folder."""
    package = _package("sentence_transformers", "sentence-transformers", name)
    folder = _folder(name, "sentence-transformers", owner="sentence-transformers")
    model = package.SentenceTransformer(
        str(folder),
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True},
    )
    return _of_texts(
        f"sentence-transformers:{name}",
        "sentence-transformers",
        folder,
        lambda texts: model.encode(texts, show_progress_bar=False, convert_to_numpy=True),
    )


def model2vec_embedder(name: str) -> Embedder:
    """Load a model of model2vec, by its name on the hub or its folder."""
    package = _package("model2vec", "model2vec", name)
    folder = _folder(name, "model2vec", owner="minishlab")
    model = package.StaticModel.from_pretrained(str(folder), force_download=False)
    return _of_texts(
        f"model2vec:{name}",
        "model2vec",
        folder,
        lambda texts: model.encode(texts, use_multiprocessing=False),
    )


def timm_embedder(name: str) -> Embedder:
    """Load a network of timm without its last layer, by its name."""
    timm = _package("timm", "timm", name)
    try:
        config = timm.get_pretrained_cfg(name)
    except RuntimeError:  # a tag that it doesn't know
        config = None
    if config is None or not config.hf_hub_id:
        raise InvalidInputError(
            f"timm:{name}: timm knows no weights of that name. Its list: "
            "timm.list_models(pretrained=True)."
        )
    weights = _file_of_hub(f"timm:{name}", config.hf_hub_id, ("model.safetensors",))
    model = timm.create_model(
        name, pretrained=True, num_classes=0, pretrained_cfg_overlay={"file": str(weights)}
    ).eval()
    prepare = timm.data.create_transform(
        **timm.data.resolve_model_data_config(model), is_training=False
    )
    return _of_pictures(f"timm:{name}", "timm", weights, prepare, model)


def open_clip_embedder(name: str) -> Embedder:
    """Load the half of an OpenCLIP model that sees pictures, by architecture and weights."""
    open_clip = _package("open_clip", "open_clip_torch", name)
    architecture, _, tag = name.partition("/")
    config = open_clip.get_pretrained_cfg(architecture, tag)
    repository = config.get("hf_hub", "").strip("/")
    if not repository:
        raise InvalidInputError(
            f"open_clip:{name}: open_clip knows no weights of that name on the hub; give "
            "ARCHITECTURE/WEIGHTS, such as ViT-B-32/laion2b_s34b_b79k. Its list: "
            "open_clip.list_pretrained()."
        )
    weights = _file_of_hub(
        f"open_clip:{name}",
        repository,
        ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors"),
    )
    # what the package takes from the name of the weights, and not from their file
    settings = {f"image_{key}": config[key] for key in _PREPARED if config.get(key)}
    settings["force_quick_gelu"] = bool(config.get("quick_gelu"))
    model, _, prepare = open_clip.create_model_and_transforms(
        architecture, pretrained=str(weights), **settings
    )
    return _of_pictures(
        f"open_clip:{name}",
        "open_clip_torch",
        weights,
        prepare,
        model.eval().encode_image,
        settings={"prepared": repr(settings)},
    )


NAMED: dict[str, Callable[[str], Embedder]] = {
    "sentence-transformers": sentence_transformers_embedder,
    "model2vec": model2vec_embedder,
    "timm": timm_embedder,
    "open_clip": open_clip_embedder,
}


def _of_texts(
    name: str, package: str, folder: Path, encode: Callable[[list[str]], object]
) -> Embedder:
    def embed(texts: list[object], report: Report) -> object:
        rows = encode([str(text) for text in texts])
        report(len(texts))
        return rows

    files = [path for path in folder.rglob("*") if path.suffix in (_WEIGHTS, ".json", ".txt")]
    return Embedder(
        embed,
        name,
        "texts",
        n_at_once=256,
        identity=_identity(name, package, files),
        choices=(f"embeddings: {name}",),
    )


def _of_pictures(
    name: str,
    package: str,
    weights: Path,
    prepare: Callable[[object], object],
    model: Package,
    settings: State | None = None,
) -> Embedder:
    torch = import_module("torch")

    seen = SeenPictures(prepare)

    def embed(pictures: Cells, report: Report) -> object:
        rows: npt.NDArray[np.float32] | None = None
        for start in range(0, len(pictures), _BATCH):
            asked = pictures[start : start + _BATCH]
            batch, places = seen.prepared(asked)
            with torch.inference_mode():
                found = model(torch.stack(batch)).float().cpu().numpy()
            if rows is None:
                rows = np.zeros((len(pictures), found.shape[1]), np.float32)
            rows[np.array(places, dtype=int) + start] = found[: len(places)]
            report(len(asked))
        return rows

    return Embedder(
        embed,
        name,
        "images",
        n_at_once=256,
        identity=_identity(name, package, [weights]) | (settings or {}),
        choices=(f"embeddings: {name}, pictures prepared as its package does",),
        warnings=seen.warnings,
    )


def _identity(name: str, package: str, files: Sequence[Path]) -> State:
    return {"model": name, "files": hash_of_files(files), package: version(package)}


def _package(module: str, to_install: str, name: str) -> Package:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        asked = f"{to_install.removesuffix('_torch')}:{name}"
        raise MissingDependencyError(
            f"{asked} needs the package {missing}, which is not installed: "
            f"pip install {to_install}. Without it, a model in an ONNX file does the same with "
            "less: embeddings='onnx:FILE'."
        ) from None


def _folder(name: str, package: str, *, owner: str) -> Path:
    """Return the folder of a model: the one that is named, or the hub's on this machine."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        repository = name if "/" in name else f"{owner}/{name}"
        hub = _package("huggingface_hub", "huggingface_hub", name)
        try:
            folder = Path(hub.snapshot_download(repository, local_files_only=True))
        except Exception as error:
            raise _not_here(f"{package}:{name}", repository) from error
    if not any(folder.rglob(f"*{_WEIGHTS}")):
        raise DataFileError(
            f"{package}:{name}: there are no weights in a {_WEIGHTS} file in {folder}, and others "
            "are not read, because they may run code. Convert them, or load the model yourself "
            "and pass it."
        )
    return folder


def _file_of_hub(asked: str, repository: str, names: Sequence[str]) -> Path:
    hub = _package("huggingface_hub", "huggingface_hub", asked)
    for name in names:
        found = hub.try_to_load_from_cache(repository, name)
        if isinstance(found, str):
            return Path(found)
    raise _not_here(asked, repository)


def _not_here(asked: str, repository: str) -> DataFileError:
    return DataFileError(
        f"{asked} is not on this machine, and nothing is downloaded here. Get it once: "
        f"hf download {repository}"
    )

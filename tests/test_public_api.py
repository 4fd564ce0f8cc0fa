"""The names that `import fewlabels` offers: all there, loaded when first used, and no others."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import fewlabels

PACKAGES = ("fewlabels", "fewlabels.graph", "fewlabels.models", "fewlabels.solvers")


@pytest.mark.parametrize("name", fewlabels.__all__)
def test_each_public_name_is_what_its_home_calls_so(name: str) -> None:
    value = getattr(fewlabels, name)
    if name == "__version__":
        assert value == importlib.import_module("fewlabels._version").__version__
    else:
        assert value.__name__ == name
        assert value.__module__.startswith("fewlabels.")
        assert value.__doc__


def test_dir_lists_the_public_names_and_no_others() -> None:
    assert dir(fewlabels) == sorted(fewlabels.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'fewlabels' has no attribute 'Nothing'"):
        fewlabels.Nothing  # noqa: B018 - the access is what is tested


def test_a_star_import_brings_every_name() -> None:
    names: dict[str, object] = {}
    exec("from fewlabels import *", names)  # noqa: S102 - not allowed within a function
    assert set(fewlabels.__all__) <= names.keys()


@pytest.mark.parametrize("package", [*PACKAGES, "fewlabels.systems"])
def test_every_name_in_all_exists_and_is_sorted(package: str) -> None:
    module = importlib.import_module(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert len(set(module.__all__)) == len(module.__all__)


@pytest.mark.parametrize("package", PACKAGES[1:])
def test_modules_inside_the_core_are_private_or_bear_a_methods_name(package: str) -> None:
    module = importlib.import_module(package)
    rooms = {"disk", "layouts", "search"} if package.endswith("graph") else set()
    found = list(pkgutil.iter_modules(module.__path__))
    for room in rooms:
        found += pkgutil.iter_modules([str(Path(path, room)) for path in module.__path__])
    public = {info.name for info in found if info.name[0] != "_"} - rooms
    expected = {
        "class_mass",
        "correct_and_smooth",
        "few_labels_classifier",
        "few_labels_regressor",
        "harmonic_regressor",
        "label_propagation",
        "label_spreading",
        "p_laplacian_classifier",
        "poisson_classifier",
        "poisson_mbo_classifier",
        "reweighted_laplace_classifier",
        "spreading_regressor",
    }
    assert public == (expected if package.endswith("models") else set())


@pytest.mark.long
def test_names_are_loaded_when_first_used_and_kept() -> None:
    code = (
        "import sys, fewlabels\n"
        "assert 'numpy' not in sys.modules\n"
        "assert 'Graph' not in vars(fewlabels)\n"
        "graph = fewlabels.Graph\n"
        "assert vars(fewlabels)['Graph'] is graph\n"
    )
    source = str(Path(fewlabels.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r})\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

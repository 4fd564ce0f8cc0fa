"""Sphinx extension: every public name has one page, whichever way a docstring names it.

A name such as `Graph` can be imported from `fewlabels` and from `fewlabels.graph`. The reference
describes it once, where its path is shortest; a role that names the other path, or only the name,
leads there. Names of other projects stay plain text where their inventories were not fetched.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

PACKAGES = (
    "fewlabels",
    "fewlabels.exceptions",
    "fewlabels.features",
    "fewlabels.graph",
    "fewlabels.insight",
    "fewlabels.io",
    "fewlabels.labelling",
    "fewlabels.model_selection",
    "fewlabels.models",
    "fewlabels.queries",
    "fewlabels.report",
    "fewlabels.session",
    "fewlabels.stopping",
    "fewlabels.solvers",
    "fewlabels.systems",
)
OTHERS = ("matplotlib", "numpy", "pandas", "polars", "pyarrow", "scipy", "sklearn")


def names_of(package: str) -> list[str]:
    """Return the public names of a package: its `__all__`, or the classes that it defines."""
    module = importlib.import_module(package)
    if hasattr(module, "__all__"):
        return [name for name in module.__all__ if name != "__version__"]
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == package and not name.startswith("_")
    ]


def homes() -> dict[str, str]:
    """Return where each public name is described, by each of its full names."""
    first: dict[int, str] = {}
    found: dict[str, str] = {}
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in names_of(package):
            full = f"{package}.{name}"
            value = getattr(module, name)
            is_shared = isinstance(
                value, str | int | float | tuple
            )  # equal constants are one object
            found[full] = full if is_shared else first.setdefault(id(value), full)
    return found


def home_of(target: str, known: dict[str, str]) -> str | None:
    """Return the full name under which `target` is described, or None.

    `target` may be a full name, the name alone, or either with a member at its end.
    """
    by_name = {full.rpartition(".")[2]: home for full, home in known.items()}
    for table, least in ((known, 2), (by_name, 1)):
        parts = target.split(".")
        for end in range(len(parts), least - 1, -1):
            home = table.get(".".join(parts[:end] if table is known else parts[end - 1 : end]))
            if home:
                return ".".join([home, *parts[end:]])
    return None


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Node
) -> nodes.Node | None:
    """Lead a role that Sphinx can't resolve to the page of its name."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    if target.split(".")[0] in OTHERS:
        return content
    home = home_of(target, homes())
    objects = env.get_domain("py").objects
    if home in objects:
        entry = objects[home]
        return make_refnode(
            app.builder, node["refdoc"], entry.docname, entry.node_id, content, home
        )
    return None


def skip_foreign(
    app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out members that other packages' base classes bring along."""
    if name.startswith("_"):
        return True
    inner = getattr(member, "fget", None) or getattr(member, "func", None) or member
    home = getattr(inner, "__module__", None)
    if what == "class" and home is not None and not str(home).startswith("fewlabels"):
        return True
    doc = getattr(member, "__doc__", None) or ""
    return True if doc.startswith("Alias for field number") else None


def quiet_warnings(gallery_conf: dict[str, Any], name: str) -> None:
    """Turn warnings of an example into errors: a reader should see none without a word about it."""
    warnings.filterwarnings("error", category=UserWarning)
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("missing-reference", resolve, priority=900)
    app.connect("autodoc-skip-member", skip_foreign)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

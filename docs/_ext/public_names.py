"""Sphinx extension: every public name has one page, whichever way a docstring names it.

A name such as `Graph` can be imported from `fewlabels` and from `fewlabels.graph`. The reference
describes it once, where its path is shortest; a role that names the other path, or only the name,
leads there. Names of other projects stay plain text where their inventories were not fetched, and
so do private names of ours, which have no page. A name that nothing has is a warning.
"""

from __future__ import annotations

import importlib
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the tests of what is below need no Sphinx
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

PACKAGES = (
    "fewlabels.dask",  # first: a name alone is that of the package for one machine
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
OTHERS = (
    "collections",
    "datetime",
    "joblib",
    "matplotlib",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "scipy",
    "sklearn",
)

# What a constant or an alias of types is for; Python has no docstrings for them.
CONSTANTS = {
    "fewlabels.insight.DISAGREE": "Doubt: the labels of different classes support the answer.",
    "fewlabels.insight.LITTLE": "Doubt: little evidence of any class reaches the point.",
    "fewlabels.insight.SURE": "No reason for doubt.",
    "fewlabels.insight.UNLIKE": "Doubt: the new point is unlike the fitted ones.",
    "fewlabels.insight.UNPROVEN": "Doubt: too few labels to show how often such answers are right.",
    "fewlabels.insight.UNREACHED": "Doubt: no path of edges leads from a label to the point.",
    "fewlabels.queries.RULES": 'Every rule by its name; "auto" is the recommended one.',
    "fewlabels.solvers.METHODS": "Names of the methods if some nodes have no ground.",
    "fewlabels.solvers.METHODS_WITH_GROUND": "Names of the methods if every node has some ground.",
    "fewlabels.solvers.Callback": "Type of a function of the iteration and its error.",
    "fewlabels.solvers.Method": "Type of the name of a method.",
    "fewlabels.solvers.Weights": "Type of a matrix of edge weights: sparse (CSR) or dense.",
    "fewlabels.systems.POISSON_METHODS": "Names of the methods of Poisson learning.",
    "fewlabels.systems.PoissonMethod": "Type of the name of a method of Poisson learning.",
}


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


def is_private(target: str) -> bool:
    """Return whether one of our modules has this name, and no page describes it."""
    if home_of(target, homes()) is not None:
        return False
    first = target.split(".")[0]
    ours = [module for name, module in sys.modules.items() if name.startswith("fewlabels.")]
    return "._" in target or any(first in vars(module) for module in ours)


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Node
) -> nodes.Node | None:
    """Lead a role that Sphinx can't resolve to the page of its name."""
    from sphinx.util.nodes import make_refnode

    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    if target.split(".")[0] in OTHERS:
        return content
    home = home_of(target, homes())
    objects = env.get_domain("py").objects
    if home not in objects and node.get("py:class"):  # a base class that is not public
        home = f"{node['py:module']}.{node['py:class']}.{target.rpartition('.')[2]}"
    if home in objects:
        entry = objects[home]
        return make_refnode(
            app.builder, node["refdoc"], entry.docname, entry.node_id, content, home
        )
    return content if is_private(target) else None


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


# |x| and names_ mean something to reStructuredText, and something else in our docstrings.
_LITERAL = re.compile(r"``.*?``|`[^`]*`_{0,2}")
_MARKS = re.compile(r"\||(?<![`*\w])(?P<name>\w*[A-Za-z0-9])_(?![\w`*])")


def escaped(line: str) -> str:
    """Return a line of prose with bars, and underscores at the end of words, as they are."""
    parts, end = [], 0
    for literal in _LITERAL.finditer(line):
        parts += [_MARKS.sub(_with_backslash, line[end : literal.start()]), literal.group()]
        end = literal.end()
    return "".join([*parts, _MARKS.sub(_with_backslash, line[end:])])


def _with_backslash(found: re.Match[str]) -> str:
    return rf"{found['name']}\_" if found["name"] else r"\|"


def escape_prose(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Escape the prose of a docstring; leave its literal blocks and examples alone."""
    block: int | None = None  # the indentation of the paragraph that announced a literal block
    in_example = False
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            in_example = False
            continue
        in_example = in_example or line.lstrip().startswith(">>>")
        if block is not None and indent <= block:
            block = None
        if block is None and not in_example and not line.lstrip().startswith(".. "):
            lines[number] = escaped(line)
        if block is None and line.rstrip().endswith("::"):
            block = indent


def describe_constant(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Describe a constant by what it is for, and not by its type's docstring."""
    if name in CONSTANTS:
        lines[:] = [CONSTANTS[name], ""]


def quiet_warnings(gallery_conf: dict[str, Any], name: str) -> None:
    """Turn warnings of an example into errors: a reader should see none without a word about it."""
    warnings.filterwarnings("error", category=UserWarning)
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("missing-reference", resolve, priority=900)
    app.connect("autodoc-skip-member", skip_foreign)
    app.connect("autodoc-process-docstring", describe_constant, priority=800)  # after numpydoc
    app.connect("autodoc-process-docstring", escape_prose, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

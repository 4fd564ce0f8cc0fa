"""Which papers to cite for a model, a rule or a session."""

from __future__ import annotations

from collections.abc import Mapping

from fewlabels._references import CITED_BY, GRAPHS, MEMBERS, REFERENCES, Reference
from fewlabels._version import __version__
from fewlabels.exceptions import InvalidTypeError

_ITSELF = f"""\
@software{{fewlabels,
  author = {{{{The fewlabels developers}}}},
  title = {{{{fewlabels: label a few, get the rest, know when to stop}}}},
  version = {{{__version__}}},
  year = {{2026}},
  url = {{https://github.com/fewlabels/fewlabels}},
}}"""


class Citations(tuple[Reference, ...]):
    """References, the first one cited first; prints as a list, and has `bibtex`."""

    __slots__ = ()

    @property
    def bibtex(self) -> str:
        """All entries of a BibTeX file, that of fewlabels itself first."""
        return "\n\n".join([_ITSELF, *(reference.bibtex for reference in self)]) + "\n"

    def __str__(self) -> str:
        itself = f"The fewlabels developers, fewlabels {__version__} (software)."
        return "\n".join([itself, *map(str, self)])

    __repr__ = __str__


def cite(method: object = None) -> Citations:
    """Return the papers that a method is based on.

    Parameters
    ----------
    method : model, query rule or Session, default=None
        For a fitted model, the papers of its graph and of the members with some weight are
        included. None: no paper; the BibTeX has only the entry of fewlabels itself.

    Returns
    -------
    Citations
        A tuple of references. ``print`` shows them as text, and `bibtex` is the BibTeX file.

    Raises
    ------
    InvalidTypeError
        If it is a class, or something for which fewlabels knows no paper.

    Examples
    --------
    >>> import fewlabels
    >>> papers = fewlabels.cite(fewlabels.LabelSpreading())
    >>> print(papers[0])
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston, B. Schoelkopf, "Learning with local and global \
consistency", NIPS, 2003.
    >>> papers.bibtex.count("@")
    2
    """
    if method is None:
        return Citations()
    parts = method._methods() if hasattr(method, "_methods") else (method,)
    keys: list[str] = []
    for part in parts:
        found = None if isinstance(part, type) else _keys_of(part)
        if found is None:
            raise InvalidTypeError(
                "cite takes a model, a query rule or a session of fewlabels, such as "
                f"LabelSpreading(); got {part!r:.200}."
            )
        keys += found
    return Citations(REFERENCES[key] for key in dict.fromkeys(keys))


def _keys_of(method: object) -> list[str] | None:
    """Return the keys of a method's papers; None where it is none of ours."""
    names = [kind.__name__ for kind in type(method).__mro__]
    own = next((CITED_BY[name] for name in names if name in CITED_BY), None)
    if own is None:
        return [] if "QueryRule" in names or "GraphEstimator" in names else None
    keys = list(own)
    if hasattr(method, "choices_") and "members" in method.choices_:
        weights = method.choices_["members"].figures
        silent = {key for name, of in MEMBERS.items() if not _speaks(name, weights) for key in of}
        keys = [key for key in keys if key not in silent]
    info = getattr(getattr(method, "graph_", None), "build_info", None) or {}
    for name in (info.get("kind"), info.get("weights")):
        keys += GRAPHS.get(name, ()) if isinstance(name, str) else ()
    return keys


def _speaks(member: str, weights: Mapping[str, object]) -> bool:
    """Tell whether a kind of member has some weight, or one that is printed."""
    return any(name.startswith(member) and weight >= 0.005 for name, weight in _numbers(weights))


def _numbers(weights: Mapping[str, object]) -> list[tuple[str, float]]:
    return [(name, value) for name, value in weights.items() if isinstance(value, float)]

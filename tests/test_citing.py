"""Papers: those of a method are those that its docstring names, and BibTeX that can be read."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import fewlabels
from fewlabels import (
    FewLabelsClassifier,
    LabelPropagation,
    LabelSpreading,
    Session,
    cite,
    knn_graph,
    models,
)
from fewlabels._references import CITED_BY, GRAPHS, MEMBERS, REFERENCES
from fewlabels._version import __version__
from fewlabels.exceptions import InvalidTypeError
from fewlabels.queries import RULES, Random

ROOT = Path(__file__).parents[1]
RULE_CLASSES = {kind.__name__: kind for kind in RULES.values()}
ESTIMATORS = {
    name: getattr(models, name)
    for name in models.__all__
    if hasattr(getattr(models, name), "fit") and hasattr(getattr(models, name), "get_params")
}
METHODS = ESTIMATORS | RULE_CLASSES


def docstrings_beside(method: type) -> str:
    """Return those of a class and of the functions and classes of its module."""
    module = sys.modules[method.__module__]
    own = [
        each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__
    ]
    return "\n".join(each.__doc__ or "" for each in own)


def test_every_model_and_rule_has_its_papers() -> None:
    assert set(METHODS) - set(CITED_BY) == {"Random"}
    assert set(CITED_BY) <= set(METHODS)


@pytest.mark.parametrize("name", sorted(CITED_BY))
def test_the_docstring_of_a_method_names_the_papers_that_it_is_cited_with(name: str) -> None:
    text = " ".join(docstrings_beside(METHODS[name]).split()).lower()
    for reference in (REFERENCES[key] for key in CITED_BY[name]):
        surnames = [author.rsplit(" ", 1)[-1].lower() for author in reference.authors]
        if reference.title.lower() in text:
            assert reference.doi.lower() in text
        else:  # named in full elsewhere
            assert all(surname in text for surname in surnames), reference.key
            assert str(reference.year) in text


def test_every_reference_is_cited_by_something_and_complete() -> None:
    cited = {
        key for keys in (*CITED_BY.values(), *GRAPHS.values(), *MEMBERS.values()) for key in keys
    }
    assert cited == set(REFERENCES)
    for reference in REFERENCES.values():
        assert re.fullmatch(r"(10\.\d{4,}/\S+)?", reference.doi)
        assert reference.authors
        assert reference.bibtex.count("{") == reference.bibtex.count("}")
        assert str(reference.year) in str(reference)


def test_a_fitted_classifier_cites_its_graph_and_the_members_that_speak() -> None:
    X, digits = load_digits(n_class=4, return_X_y=True)
    y = np.where(np.arange(len(X)) < 30, digits, -1)
    keys = {paper.key for paper in cite(FewLabelsClassifier().fit(X, y))}
    assert {"jarvis1973", "zelnik2004", "wolpert1992", "zhou2003"} <= keys
    on_graph = knn_graph(X, 10)
    assert "rifkin2007" not in {paper.key for paper in cite(FewLabelsClassifier().fit(on_graph, y))}


def test_an_own_subclass_cites_what_it_was_made_of() -> None:
    class Own(LabelPropagation):
        pass

    assert [paper.key for paper in cite(Own())] == ["zhu2002", "zhu2003harmonic"]
    assert cite(Random()) == ()


def test_a_session_cites_its_models_and_its_rule() -> None:
    session = Session([[0.0], [1.0], [5.0], [6.0]], model=LabelSpreading(), query="margin")
    assert [paper.key for paper in cite(session)] == ["zhou2003", "scheffer2001"]
    other = Session([[0.0], [1.0], [5.0], [6.0]], model=LogisticRegression(), query="margin")
    assert [paper.key for paper in cite(other)] == ["scheffer2001"]


def test_bibtex_begins_with_the_package_itself() -> None:
    text = cite().bibtex
    assert text.startswith("@software{fewlabels,")
    assert f"version = {{{__version__}}}" in text
    assert text.count("@") == 1
    assert __version__ in str(cite())
    assert "doi = {10.48550/arXiv.2006.11184}" in cite(fewlabels.PoissonClassifier()).bibtex


@pytest.mark.parametrize("other", [LabelSpreading, LogisticRegression(), "margin"])
def test_what_goes_back_to_no_paper_of_ours_is_an_error(other: object) -> None:
    with pytest.raises(InvalidTypeError, match="cite takes a model, a query rule or a session"):
        cite(other)


def test_the_citation_file_names_this_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", text, flags=re.MULTILINE)[1] == __version__
    assert "license: BSD-3-Clause" in text
    year = re.search(r"^date-released: (\d{4})-", text, flags=re.MULTILINE)[1]
    assert f"year = {{{year}}}" in cite().bibtex

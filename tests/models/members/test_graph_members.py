"""Class means and absorbing labels: shares, labels left out and reasons, beside refits."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels._labels import encode_labels
from fewlabels.graph import Graph
from fewlabels.models._members import Absorbing, ClassMeans, GraphMember, divided
from fewlabels.models._members.among import chosen_places, responses_among
from fewlabels.models._relabel import add_codes, remove_codes
from tests import textbook
from tests.gallery import clustered, one_hot, two_cliques
from tests.strategies import affinities, partial_labels

MEMBERS = (ClassMeans, Absorbing)
TIGHT: dict[str, Any] = {"solver": "auto", "tol": 1e-10, "max_iter": 100_000, "verbose": False}


def member_of(make: type[GraphMember], W: Any, y: np.ndarray, weights: Any = None) -> GraphMember:
    graph = W if isinstance(W, Graph) else Graph.from_affinity(W, dtype=np.float64)
    labels = encode_labels(y)
    if weights is not None:
        labels = labels.weighted(weights)
    return make(graph, labels, **TIGHT)


def response_among(member: GraphMember) -> np.ndarray:
    return responses_among(member.graph, member.nodes, (member.alpha,))[0]


def root_degrees(W: np.ndarray) -> np.ndarray:
    degrees = W.sum(axis=1)
    return np.sqrt(np.where(degrees > 0, degrees, 1.0))


def textbook_shares(make: type[GraphMember], W: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Shares of the evidence from dense solves; rows of 0 where there is none."""
    if make is ClassMeans:
        Y = Y / root_degrees(W)[:, None] / np.maximum(Y.sum(axis=0), 1e-300)
        F = textbook.spreading(W, Y, ClassMeans.alpha)
    else:
        labelled = Y.any(axis=1)
        unknown = textbook.reached(W, labelled) & ~labelled
        matrix = np.diag(W.sum(axis=1) / Absorbing.alpha) - W
        F = Y.copy()
        F[unknown] = np.linalg.solve(
            matrix[np.ix_(unknown, unknown)], W[np.ix_(unknown, labelled)] @ Y[labelled]
        )
    return divided(F)


@pytest.mark.parametrize("make", MEMBERS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_shares_are_those_of_the_dense_equations(make, data: st.DataObject) -> None:
    W = data.draw(affinities(min_nodes=2))
    y = data.draw(partial_labels(len(W), n_classes=2))
    weights = np.array(
        data.draw(st.lists(st.sampled_from((0.25, 1.0, 4.0)), min_size=len(W), max_size=len(W)))
    )
    member = member_of(make, W, y, weights)
    Y = one_hot(y, 2)[:, np.unique(y[y >= 0])] * weights[:, None]
    np.testing.assert_allclose(
        member.shares(slice(None)), textbook_shares(make, W, Y), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("make", MEMBERS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_left_out_weights_are_those_of_a_fit_without_the_label(make, data: st.DataObject) -> None:
    W = data.draw(affinities(min_nodes=3))
    y = data.draw(partial_labels(len(W), n_classes=2, min_labelled=3))
    weights = np.array(
        data.draw(st.lists(st.sampled_from((0.25, 1.0, 4.0)), min_size=len(W), max_size=len(W)))
    )
    member = member_of(make, W, y, weights)
    nodes, classes = member.nodes, np.unique(y[y >= 0])
    Y = one_hot(y, 2)[:, classes]
    found = member.left_out_weights(response_among(member), np.arange(len(nodes)))
    sums = found.sum(axis=1)
    assert (np.isclose(sums, 1) | (sums == 0)).all()
    assert not np.diagonal(found).any()
    assert (found >= 0).all()
    for place, node in enumerate(nodes):
        rest = Y * weights[:, None]
        rest[node] = 0
        expected = textbook_shares(make, W, rest)[node]
        np.testing.assert_allclose(found[place] @ Y[nodes], expected, atol=1e-5)


@pytest.mark.parametrize("make", MEMBERS)
def test_among_some_labels_the_others_are_as_if_they_had_none(make) -> None:
    graph = clustered(40, 0.5)
    y = np.full(80, -1)
    y[[3, 10, 20, 50, 60, 70]] = [0, 0, 1, 1, 0, 1]
    member, places = member_of(make, graph, y), np.array([0, 1, 3, 5])
    response = responses_among(graph, member.nodes[places], (member.alpha,))[0]
    fewer = y.copy()
    fewer[member.nodes[[2, 4]]] = -1
    alone = member_of(make, graph, fewer)
    np.testing.assert_allclose(
        member.left_out_weights(response, places),
        alone.left_out_weights(response_among(alone), np.arange(4)),
        atol=1e-9,
    )


@pytest.mark.parametrize("make", MEMBERS)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_what_labels_say_of_a_point_sums_to_its_shares(make, data: st.DataObject) -> None:
    W = data.draw(affinities(min_nodes=2))
    y = data.draw(partial_labels(len(W), n_classes=2))
    member = member_of(make, W, y)
    Y = one_hot(y, 2)[:, np.unique(y[y >= 0])][member.nodes]
    response = response_among(member)
    for node, shares in enumerate(member.shares(slice(None))):
        said = member.say(node, response)
        assert (said >= 0).all()
        np.testing.assert_allclose(said.sum(), float(shares.any()), atol=1e-9)
        np.testing.assert_allclose(said @ Y, shares, atol=1e-4)


@pytest.mark.parametrize("make", MEMBERS)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_changed_labels_come_to_what_a_new_member_does(make, data: st.DataObject) -> None:
    W = data.draw(affinities(min_nodes=4))
    graph = Graph.from_affinity(W, dtype=np.float64)
    y = data.draw(partial_labels(len(W), n_classes=3, min_labelled=2))
    member = member_of(make, graph, y)
    for _ in range(data.draw(st.integers(1, 5))):
        labelled = np.flatnonzero(y >= 0)
        if len(labelled) > 1 and data.draw(st.booleans()):
            node = data.draw(st.sampled_from(labelled.tolist()))
            change = remove_codes(member.labels, [node])
            y[node] = -1
        else:
            node, code = data.draw(st.integers(0, len(W) - 1)), data.draw(st.integers(0, 2))
            change = add_codes(member.labels, [node], [code])
            y[node] = code
        before = member.scores.values.copy()
        changed = member.relabelled(change)
        np.testing.assert_array_equal(member.scores.values, before)  # the old one stays
        member = changed
        expected = member_of(make, graph, y)
        np.testing.assert_allclose(
            member.shares(slice(None)), expected.shares(slice(None)), atol=1e-6
        )


@pytest.mark.parametrize("make", MEMBERS)
def test_a_member_that_was_pickled_says_and_learns_the_same(make) -> None:
    graph = clustered(40, 0.5)
    y = np.full(80, -1)
    y[[3, 20, 50]] = [0, 1, 1]
    member = member_of(make, graph, y)
    copied = pickle.loads(pickle.dumps(member))
    response = response_among(member)
    np.testing.assert_array_equal(copied.say(60, response), member.say(60, response))
    change = add_codes(member.labels, [60], [0])
    np.testing.assert_allclose(
        copied.relabelled(change).shares(slice(None)),
        member.relabelled(change).shares(slice(None)),
        atol=1e-9,
    )


def test_twins_with_a_label_each_say_as_much_as_one_alone_where_classes_speak_as_means() -> None:
    # Nodes 0 and 1 are twins: with the same neighbours, and so the same share of every walk.
    one = np.full(10, -1)
    one[0], one[9] = 0, 1
    both = one.copy()
    both[1] = 0
    W = two_cliques(5, 0.5)
    single, double = (member_of(ClassMeans, W, y).shares(slice(2, 9)) for y in (one, both))
    np.testing.assert_allclose(single, double, atol=1e-6)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_unit_of_evidence_is_what_walks_hear_that_have_forgotten_their_start(
    data: st.DataObject,
) -> None:
    W = data.draw(affinities(min_nodes=2))
    y = data.draw(partial_labels(len(W)))
    Y = one_hot(y, 3)[:, np.unique(y[y >= 0])] / root_degrees(W)[:, None]
    Y = Y / (one_hot(y, 3)[:, np.unique(y[y >= 0])]).sum(axis=0)
    found = member_of(ClassMeans, W, y)
    evidence = found.evidence()
    heard, forgotten = (
        textbook.spreading(W, Y, alpha).sum(axis=1) for alpha in (ClassMeans.alpha, 1 - 1e-9)
    )
    reached = textbook.reached(W, y >= 0)
    walked = reached & (W.sum(axis=1) > 0)
    np.testing.assert_allclose(evidence[walked], heard[walked] / forgotten[walked], rtol=1e-4)
    assert not evidence[~reached].any()


def test_evidence_is_that_of_each_component_by_itself() -> None:
    few, many = two_cliques(4, 0.3), two_cliques(9, 0.1)
    both = np.zeros((26, 26))
    both[:8, :8], both[8:, 8:] = few, many
    y_few, y_many = np.full(8, -1), np.full(18, -1)
    y_few[[0, 7]], y_many[[2, 12, 14]] = [0, 1], [2, 3, 3]
    found, *alone = (
        member_of(ClassMeans, W, y).evidence()
        for W, y in ((both, np.append(y_few, y_many)), (few, y_few), (many, y_many))
    )
    np.testing.assert_allclose(found, np.concatenate(alone), rtol=1e-5)


# Responses among the labels


def test_moments_and_columns_come_to_the_same_response() -> None:
    graph = clustered(700, 0.5)  # above what columns are solved for
    nodes, alphas = np.array([0, 5, 300, 800, 1100]), (0.9, 0.995)
    found = responses_among(graph, nodes, alphas)
    W = textbook.dense(graph.affinity)
    units = np.zeros((1400, 5))
    units[nodes, np.arange(5)] = 1
    for response, alpha in zip(found, alphas, strict=True):
        expected = textbook.spreading(W, units, alpha)[nodes]
        np.testing.assert_allclose(response, expected, rtol=1e-3, atol=1e-8)


@given(n=st.integers(1, 300), most=st.integers(20, 120), data=st.data())
@settings(deadline=None)
def test_places_hold_those_that_are_needed_and_no_more_than_asked(n, most, data) -> None:
    needed = np.array(
        sorted(data.draw(st.sets(st.integers(0, n - 1), max_size=min(n, 20)))), dtype=np.intp
    )
    places = chosen_places(n, needed, most)
    assert np.isin(needed, places).all()
    assert len(places) == min(n, most)
    assert (np.diff(places) > 0).all()

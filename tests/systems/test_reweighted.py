"""Weights that are raised near the labels, against the papers' equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.graph import Graph
from fewlabels.systems import PoissonSystem, nonlocal_factors, poisson_factors, reweighted_graph
from tests.gallery import clustered, two_cliques
from tests.strategies import affinities, partial_labels


@given(W=affinities(), data=st.data())
def test_gamma_solves_the_equation_of_the_paper_and_is_positive(W, data) -> None:
    labelled = data.draw(partial_labels(len(W))) >= 0
    graph = Graph.from_affinity(W, dtype=np.float64)
    found = poisson_factors(PoissonSystem(graph), labelled, tol=1e-8, max_iter=1000)
    assert found.converged
    assert (found.values > 0).all()
    laplacian = np.diag(W.sum(axis=1)) - W
    components = graph.component_labels
    for c in range(graph.n_components):
        nodes = np.flatnonzero(components == c)
        source = labelled[nodes] - labelled[nodes].mean()
        if not source.any():  # every node is labelled, or none
            np.testing.assert_array_equal(found.values[nodes], 1)
            continue
        gamma = np.linalg.pinv(laplacian[np.ix_(nodes, nodes)], rcond=1e-12) @ source
        above = gamma - np.sort(gamma)[int(0.01 * (len(nodes) - 1))]
        np.testing.assert_allclose(
            found.values[nodes], np.maximum(above, 0.05 * above.mean()), rtol=1e-6, atol=1e-9
        )


def test_an_outlier_does_not_flatten_the_factors_of_the_others() -> None:
    # a leaf on an edge of almost no weight has a potential far below all others
    graph = clustered(150, 1.0)
    W = graph.affinity.toarray()
    W[299] = W[:, 299] = 0
    W[299, 298] = W[298, 299] = 1e-4
    rises = []
    for n in (299, 300):
        found = poisson_factors(
            PoissonSystem(Graph.from_affinity(W[:n, :n], dtype=np.float64)),
            np.arange(n) == 3,
            tol=1e-8,
            max_iter=1,
        )
        rises.append(found.values[3] / np.median(found.values))
    assert rises[1] >= rises[0] > 1.4


def test_the_nonlocal_factors_are_points_a_label_in_each_component() -> None:
    W = two_cliques(3, 0.0)
    labelled = np.array([True, False, False, True, True, False])
    factors = nonlocal_factors(Graph.from_affinity(W), labelled)
    np.testing.assert_allclose(factors, [3, 1, 1, 1.5, 1.5, 1])


@pytest.mark.parametrize("product", [True, False])
@pytest.mark.parametrize("layout", ["csr", "dense"])
@given(W=affinities(), data=st.data())
def test_edges_are_weighed_by_both_their_ends(layout, product, W, data) -> None:
    values = data.draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=len(W), max_size=len(W)))
    f = np.array(values)
    graph = Graph.from_affinity(W, layout=layout, dtype=np.float32)
    heavier = reweighted_graph(graph, f, product=product).affinity
    dense = heavier if layout == "dense" else heavier.toarray()
    pairs = np.outer(f, f) if product else (f[:, None] + f) / 2
    np.testing.assert_allclose(dense, W * pairs, rtol=1e-12)

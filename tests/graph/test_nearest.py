"""The comparisons of the neighbour search: right, the same compiled and not, and never beyond."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.graph import find_neighbors
from fewlabels.graph._parallel import Workers
from fewlabels.graph.search import _compiled, _nearest
from fewlabels.graph.search._codes import Grid
from fewlabels.graph.search._nearest import (
    Listed,
    nearest_among,
    nearest_in_cells,
    nearest_through,
    reverse_lists,
)
from fewlabels.graph.search._truth import true_nearest_within

compiled = _compiled.compare
needs_compiled = pytest.mark.skipif(compiled is None, reason="installed without a compiler")


class Plain:
    """What is compiled, without AVX2."""

    def __getattr__(self, name):
        function = getattr(compiled, name)
        takes_avx2 = name.startswith("nearest")
        return lambda *arrays: function(*arrays, *([False] if takes_avx2 else []))


WAYS = {"numpy": None, "avx2": compiled, "plain": Plain()}


@pytest.fixture(
    params=["numpy", *(pytest.param(way, marks=needs_compiled) for way in ("avx2", "plain"))]
)
def way(request, monkeypatch) -> str:
    monkeypatch.setattr(_compiled, "compare", WAYS[request.param])
    return request.param


def whole_numbers(n: int, d: int, seed: int, largest: int = 60) -> np.ndarray:
    """Points between which squared distances are exact in float32."""
    return np.random.default_rng(seed).integers(0, largest, size=(n, d)).astype(np.float32)


def squared(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    difference = x.astype(np.float64) - y
    return np.einsum("...i,...i->...", difference, difference)


def by_definition(query, points, candidates, width, own=-1):
    """Return the nearest candidates and their distances; ties in the order of the place."""
    places = np.array(sorted({int(c) for c in candidates if c >= 0 and c != own}), dtype=int)
    near = squared(query, points[places]) if len(places) else np.empty(0)
    order = np.argsort(near, kind="stable")[:width]
    missing = width - len(order)
    return (
        np.concatenate([places[order], np.full(missing, -1)]),
        np.concatenate([near[order], np.full(missing, np.inf)]),
    )


def assert_nearest(found, expected_places, expected_squared, way):
    np.testing.assert_array_equal(found.squared, expected_squared)
    assert found.places.dtype == np.int32
    if way != "numpy":  # ties of which one is left out are broken by the place
        np.testing.assert_array_equal(found.places, expected_places)


@pytest.mark.parametrize("name", ["numpy", "avx2", "plain"])
@given(
    n=st.integers(1, 40),
    d=st.sampled_from([1, 3, 4, 7, 8, 31, 33, 64, 129, 150, 300]),
    n_candidates=st.integers(0, 60),
    width=st.integers(1, 20),
    first=st.one_of(st.none(), st.just(0)),
    largest=st.sampled_from([1, 2, 60]),
    seed=st.integers(0, 1000),
)
def test_the_nearest_candidates_are_found_each_once(
    name, n, d, n_candidates, width, first, largest, seed
):
    if name != "numpy" and compiled is None:
        pytest.skip("installed without a compiler")
    rng = np.random.default_rng(seed)
    points = whole_numbers(n, d, seed, largest)
    candidates = rng.integers(-1, n, size=(n, n_candidates)).astype(np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_compiled, "compare", WAYS[name])
        found = nearest_among(points, points, candidates, width, first=first)
    for i in range(n):
        own = -1 if first is None else i
        places, near = by_definition(points[i], points, candidates[i], width, own)
        np.testing.assert_array_equal(found.squared[i], near)
        if name != "numpy":
            np.testing.assert_array_equal(found.places[i], places)


@pytest.mark.parametrize("d", [1, 20, 128, 300])
def test_cells_are_looked_into_as_if_their_points_were_listed(way, d):
    n, n_cells, width = 300, 23, 9
    rng = np.random.default_rng(d)
    points = whole_numbers(n, d, d)
    inner = np.sort(rng.integers(0, n + 1, size=n_cells - 1))  # some cells are empty
    starts = np.concatenate([[0], inner, [n]])
    cells = np.array([rng.permutation(n_cells)[:4] for _ in range(n)], dtype=np.int32)
    cells[::7, 2] = -1
    found = nearest_in_cells(points[50:250], points, cells[50:250], starts, width, first=50)
    for i in range(50, 250):
        listed = [p for c in cells[i] if c >= 0 for p in range(starts[c], starts[c + 1])]
        expected = by_definition(points[i], points, listed, width, own=i)
        row = _nearest.Nearest(found.places[i - 50], found.squared[i - 50])
        assert_nearest(row, *expected, way)


def some_lists(points: np.ndarray, width: int, seed: int) -> Listed:
    """Return the nearest of a few of the others of each point; some lists are short."""
    rng = np.random.default_rng(seed)
    n = len(points)
    candidates = rng.integers(0, n, size=(n, 2 * width)).astype(np.int32)
    candidates[::5, width // 2 :] = -1
    found = nearest_among(points, points, candidates, width, first=0)
    return Listed(found.places, found.squared, np.ones(found.places.shape, dtype=np.bool_))


@pytest.mark.parametrize(("width", "looked_at"), [(3, 16), (12, 16), (20, 16), (24, 20), (20, 32)])
def test_neighbours_neighbours_and_those_who_list_a_point_are_looked_at(way, width, looked_at):
    points = whole_numbers(200, 12, 0)
    listed = some_lists(points, width, 1)
    back = reverse_lists(listed.places, looked_at)
    found = nearest_through(
        points[30:120], points, listed, back, slice(30, 120), looked_at=looked_at
    )
    for i in range(30, 120):
        near = [a for a in listed.places[i][:looked_at] if a >= 0]
        further = [b for a in near for b in listed.places[a][:looked_at]]
        candidates = [*listed.places[i], *back[i], *further]
        if way == "numpy" and (listed.places[i] < 0).any():
            continue  # looks at some points more
        expected = by_definition(points[i], points, candidates, width, own=i)
        row = _nearest.Nearest(found.places[i - 30], found.squared[i - 30])
        assert_nearest(row, *expected, way)


@needs_compiled
@pytest.mark.parametrize("width", [5, 20])
def test_what_is_not_fresh_need_not_be_looked_at_again(width):
    points = np.random.default_rng(0).normal(size=(600, 40)).astype(np.float32)
    quick = full = some_lists(points, width, 2)
    for _ in range(20):
        full = Listed(full.places, full.squared, np.ones_like(full.fresh))
        rounds = [
            nearest_through(points, points, lists, reverse_lists(lists.places), slice(0, 600))
            for lists in (quick, full)
        ]
        quick, full = rounds
        np.testing.assert_array_equal(quick.places, full.places)
        np.testing.assert_array_equal(quick.squared, full.squared)
    assert not quick.fresh[:, :16].any()  # of what is looked at, nothing comes any more


def spread(kind: str) -> np.ndarray:
    """Return points that whole numbers of one byte fit well, and badly."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(500, 70))
    if kind == "outliers":
        points[:3] *= 1e6
    elif kind == "far":
        points += 1e5
    elif kind == "uneven":
        points *= np.logspace(0, -6, 70)
    elif kind == "duplicates":
        points[100:400] = points[np.arange(300) % 40]
    elif kind == "tiny":
        points *= 1e-15
    elif kind == "line":  # nearer to each other than whole numbers are
        points = rng.uniform(size=(500, 1))
    return points.astype(np.float32)


KINDS = ["even", "outliers", "far", "uneven", "duplicates", "tiny", "line"]


@needs_compiled
@pytest.mark.parametrize("kind", KINDS)
def test_codes_never_tell_that_a_point_is_farther_than_it_is(kind):
    points = spread(kind)
    grid = Grid.of(points)
    codes = grid.round(points)
    assert codes.codes.shape == (500, 32 if kind == "line" else 96)
    whole = codes.codes.astype(np.float64)
    exact = (points.astype(np.float64) - grid.offsets) / grid.unit
    away = np.linalg.norm(whole[:, : points.shape[1]] - exact, axis=1)
    assert np.all(away <= codes.errors)
    assert np.all(codes.errors <= 1.01 * away + 0.1)
    i, j = np.triu_indices(500, 1)
    by_code = np.linalg.norm(whole[i] - whole[j], axis=1) - codes.errors[i] - codes.errors[j]
    apart = np.sqrt(squared(points[i], points[j])) / codes.unit
    assert np.all(by_code <= apart * (1 + 1e-6))
    if kind == "even":  # and tell nearly how far it is
        assert np.median(by_code / apart) > 0.9


@needs_compiled
@pytest.mark.parametrize("name", ["avx2", "plain"])
@pytest.mark.parametrize("kind", KINDS)
def test_codes_change_no_answer(kind, name, monkeypatch):
    monkeypatch.setattr(_compiled, "compare", WAYS[name])
    points = spread(kind)
    codes = Grid.of(points).round(points)
    candidates = np.random.default_rng(2).integers(-1, 500, size=(500, 120)).astype(np.int32)
    listed = some_lists(points, 10, 3)
    back = reverse_lists(listed.places)
    for find in (
        lambda pair: nearest_among(points, points, candidates, 10, first=0, codes=pair),
        lambda pair: nearest_through(points, points, listed, back, slice(0, 500), codes=pair),
    ):
        without, with_codes = find(None), find((codes, codes))
        np.testing.assert_array_equal(with_codes.places, without.places)
        np.testing.assert_array_equal(with_codes.squared, without.squared)


@needs_compiled
def test_points_that_are_all_the_same_have_no_codes():
    assert Grid.of(np.full((50, 3), 7, dtype=np.float32)) is None


def test_lists_are_reversed_in_the_order_of_the_points(way):
    rng = np.random.default_rng(0)
    lists = np.array([rng.permutation(30)[:6] for _ in range(30)], dtype=np.int32)
    lists[lists % 7 == 3] = -1
    expected = np.full((30, 4), -1)
    for point in range(30):
        listing = [i for i in range(30) if point in lists[i]][:4]
        expected[point, : len(listing)] = listing
    np.testing.assert_array_equal(reverse_lists(lists, 4), expected)


@needs_compiled
def test_an_index_out_of_range_is_refused():
    points = whole_numbers(40, 5, 0)
    candidates = np.full((40, 3), 40, dtype=np.int32)
    with pytest.raises(IndexError):
        nearest_among(points, points, candidates, 2, first=0)
    cells = np.zeros((40, 1), dtype=np.int32)
    for starts in ([0, 41], [-1, 40], [0]):
        with pytest.raises(IndexError):
            nearest_in_cells(points, points, cells, np.array(starts), 2, first=0)
    with pytest.raises(IndexError):
        reverse_lists(candidates)
    good = some_lists(points, 3, 0)
    back = reverse_lists(good.places)
    wrong = Listed(candidates, good.squared, good.fresh)
    for listed, listing in ((wrong, back), (good, np.full_like(back, 40))):
        with pytest.raises(IndexError):
            nearest_through(points, points, listed, listing, slice(0, 40))
    beyond = good.places.copy()
    beyond[7] = 40  # a neighbour's neighbour
    with pytest.raises(IndexError):
        nearest_through(
            points[:7], points, Listed(beyond, good.squared, good.fresh), back, slice(0, 7)
        )


@needs_compiled
def test_arrays_that_do_not_fit_are_refused():
    points = whole_numbers(40, 5, 0)
    candidates = np.zeros((40, 3), dtype=np.int32)
    places, near = np.empty((40, 2), np.int32), np.empty((40, 2), np.float32)
    good = [points, points, None, places, near, 0, candidates, False]
    compiled.nearest_among(*good)
    codes = Grid.of(points).round(points)
    read_only = near.copy()
    read_only.flags.writeable = False
    for position, wrong in (
        (0, points.astype(np.float64)),
        (0, points[:, :4].copy()),
        (0, points[:39]),
        (1, points[0]),
        (1, points[:, ::2]),
        (3, places[:39]),
        (3, places.astype(np.int64)),
        (3, places[:, :0].copy()),
        (4, near[:, :1].copy()),
        (4, read_only),
        (6, candidates[:10]),
        (6, candidates.astype(np.int64)),
        (2, (codes.codes[:9], codes.errors, codes.codes, codes.errors, 1.0)),
        (2, (codes.codes, codes.errors[:9], codes.codes, codes.errors, 1.0)),
        (2, (codes.codes, codes.errors, codes.codes[:9], codes.errors, 1.0)),
        (2, (codes.codes, codes.errors, codes.codes, codes.errors[:9], 1.0)),
        (2, (codes.codes[:, :8].copy(), codes.errors) * 2 + (1.0,)),
        (2, (codes.codes, codes.errors)),
        (2, codes),
    ):
        with pytest.raises((ValueError, TypeError, BufferError)):
            compiled.nearest_among(*good[:position], wrong, *good[position + 1 :])
    lists = some_lists(points, 3, 0)
    with pytest.raises(ValueError, match="shapes"):
        nearest_through(points, points, lists, np.zeros((9, 16), np.int32), slice(0, 40))
    with pytest.raises(ValueError, match="shapes"):
        nearest_through(points, points, lists, reverse_lists(lists.places), slice(1, 41))
    offsets = np.zeros(4, dtype=np.float32)
    with pytest.raises(ValueError, match="shapes"):
        Grid(offsets, 1.0).round(points)


@pytest.mark.parametrize("k", [1, 8])
def test_true_neighbours_are_found_through_a_projection(way, k):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(900, 30)) * np.logspace(0, -1, 30)
    points[600:] = points[300:600]  # duplicates
    points = points.astype(np.float32)
    axes = np.linalg.qr(rng.normal(size=(30, 6)))[0].astype(np.float32)
    places = np.sort(rng.choice(900, 80, replace=False)).astype(np.int32)
    near = squared(points[places][:, None], points[None])
    near[np.arange(80), places] = np.inf
    bound = (np.sort(near, axis=1)[:, k + 2] * (1 + 1e-6)).astype(np.float32)
    pair = (points @ axes, points)
    with Workers(2) as workers:
        found = true_nearest_within(
            bound, places, (pair[0][places], points[places]), pair, k, workers
        )
    reached = np.take_along_axis(near, found, axis=1)
    np.testing.assert_allclose(reached, np.sort(near, axis=1)[:, :k], rtol=1e-5)


def narrow_cone(n: int, d: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around one direction, and orthonormal axes across it."""
    rng = np.random.default_rng(2)
    axes = np.linalg.qr(rng.normal(size=(d, 61)))[0]
    points = axes[:, 0] + spread * rng.normal(size=(n, 60)) @ axes[:, 1:].T
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points.astype(np.float32), axes[:, 1:].astype(np.float32)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("spread", [1e-2, 1e-3, 1e-4])
def test_no_true_neighbour_is_lost_where_points_are_far_longer_than_their_projections(spread):
    points, axes = narrow_cone(2000, 200, spread)
    places, k = np.arange(0, 2000, 40), 10
    near = squared(points[places][:, None], points)
    near[np.arange(len(places)), places] = np.inf
    bound = np.sort(near, axis=1)[:, k - 1].astype(np.float32)  # as tight as it may be
    pair = (points @ axes, points)
    with Workers(1) as workers:
        found = true_nearest_within(
            bound, places, (pair[0][places], points[places]), pair, k, workers
        )
    assert found is not None
    reached = np.take_along_axis(near, found, axis=1)
    np.testing.assert_allclose(reached, np.sort(near, axis=1)[:, :k], rtol=1e-5)


def test_a_bound_that_holds_too_few_is_said_to():
    points = whole_numbers(100, 8, seed=0)
    places = np.array([3, 50])
    near = squared(points[places][:, None], points)
    near[np.arange(2), places] = np.inf
    for beyond in (0, 1):  # one of the queries has no point within its bound
        bound = np.full(2, 1e6, dtype=np.float32)
        bound[beyond] = near[beyond].min() / 4
        pair = (points, points)
        with Workers(1) as workers:
            asked = (points[places], points[places])
            assert true_nearest_within(bound, places, asked, pair, 3, workers) is None


@pytest.mark.usefixtures("way")
def test_lists_that_are_too_long_to_be_kept_in_order_are_right_too(way):
    points = whole_numbers(700, 5, seed=4, largest=1000)
    candidates = np.tile(np.arange(700, dtype=np.int32), (3, 1))
    found = nearest_among(points[:3], points, candidates, 300, first=0)
    for i in range(3):
        assert_nearest(
            _nearest.Nearest(found.places[i], found.squared[i]),
            *by_definition(points[i], points, candidates[i], 300, own=i),
            way,
        )


@pytest.mark.usefixtures("way")
def test_a_query_has_the_same_answer_in_any_block():
    points = whole_numbers(60, 2, seed=5, largest=6)  # many are equally far
    rng = np.random.default_rng(6)
    candidates = np.argsort(rng.random((200, 60)), axis=1)[:, :40].astype(np.int32)
    queries = whole_numbers(200, 2, seed=7, largest=6)
    together = nearest_among(queries, points, candidates, 10, first=None)
    for i in range(200):
        alone = nearest_among(queries[i : i + 1], points, candidates[i : i + 1], 10, first=None)
        np.testing.assert_array_equal(alone.places[0], together.places[i])
        np.testing.assert_array_equal(alone.squared[0], together.squared[i])


@pytest.mark.parametrize("size", [0.0, 1e-30, 1e-20])
def test_points_whose_squares_leave_float32_have_no_codes(size):
    points = size * np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    assert Grid.of(points) is None


def test_without_a_compiler_there_are_no_codes(monkeypatch):
    monkeypatch.setattr(_compiled, "compare", None)
    assert Grid.of(np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)) is None


def sheets(n: int, d: int) -> np.ndarray:
    """Points near curved sheets of four dimensions."""
    rng = np.random.default_rng(0)
    inner, bend = rng.normal(size=(n, 4)), rng.normal(size=(4, d))
    return np.sin(inner @ bend) + 0.05 * rng.normal(size=(n, d))


@needs_compiled
@pytest.mark.parametrize("metric", ["euclidean", "inner_product"])
@pytest.mark.parametrize("d", [20, 250])
def test_searches_compiled_and_not_find_the_same(d, metric, monkeypatch):
    X = sheets(4000, d)
    one = find_neighbors(X, 10, metric=metric, exact=False)
    monkeypatch.setattr(_compiled, "compare", None)
    other = find_neighbors(X, 10, metric=metric, exact=False)
    assert one.recall == pytest.approx(other.recall, abs=5e-4)
    assert np.mean(one.indices == other.indices) >= 0.999


@needs_compiled
def test_where_sums_are_exact_searches_compiled_and_not_are_equal(monkeypatch):
    X = np.round(100 * sheets(3000, 20))
    one = find_neighbors(X, 10, exact=False)
    monkeypatch.setattr(_compiled, "compare", None)
    other = find_neighbors(X, 10, exact=False)
    np.testing.assert_array_equal(one.distances, other.distances)
    assert one.recall == other.recall

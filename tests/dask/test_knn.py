"""A graph built by workers, beside the one that is built in memory."""

import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster

import fewlabels
from fewlabels.dask import knn_graph
from fewlabels.exceptions import ClusterError, InvalidInputError, InvalidTypeError


def clusters(n_rows, n_features=6, seed=0):
    rng = np.random.default_rng(seed)
    centres = 4 * rng.normal(size=(12, n_features))
    noise = rng.normal(size=(n_rows, n_features))
    return (centres[rng.integers(12, size=n_rows)] + noise).astype(np.float32)


@pytest.fixture(scope="module")
def client():
    """Two workers inside this process: none of these tests ends one."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as connected,
    ):
        yield connected


@pytest.fixture(scope="module")
def rows():
    return clusters(6_000)


@pytest.fixture(scope="module")
def in_memory(rows):
    return fewlabels.knn_graph(rows, 8)


@pytest.fixture(scope="module")
def built(rows, client, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    np.save(folder / "X.npy", rows)
    path = folder / "graph"
    return knn_graph(folder / "X.npy", 8, path=path, client=client, n_regions=5)


def files_of(graph):
    return {
        file.relative_to(graph.path): file.read_bytes()
        for file in graph.path.rglob("*")
        if file.is_file()
    }


def test_neighbours_and_weights_are_those_in_memory(built, in_memory):
    assert built.recall_ >= 0.98
    assert 1 < built.build_info["copies"] <= 2
    back = built.to_memory().affinity
    apart = abs(back - in_memory.affinity)
    # A missed neighbour changes its edges, and through the scale all those of its row.
    assert np.mean(apart.max(axis=1).toarray() < 1e-5) > 0.85
    assert back.minimum(in_memory.affinity).nnz > 0.98 * back.nnz


@pytest.mark.long
def test_weights_are_those_in_memory_given_the_same_neighbours(rows, in_memory, client, tmp_path):
    graph = knn_graph(rows, 8, path=tmp_path / "graph", client=client, min_recall=1, n_regions=3)
    assert graph.recall_ == 1
    back = graph.to_memory().affinity
    apart = abs(back - in_memory.affinity).max(axis=1).toarray()
    assert np.mean(apart < 1e-5) > 0.99


def test_it_is_symmetric_to_the_last_bit_within_and_across_regions(built):
    built.check()
    back = built.to_memory().affinity
    assert (back != back.T).nnz == 0


def test_neighbouring_regions_lie_together(built):
    assert built.n_regions == 5
    assert built.build_info["halo"] < 0.8  # of random regions: more than 3


@pytest.mark.long
def test_every_kind_of_input_gives_the_same_graph(rows, built, client, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    pa = pytest.importorskip("pyarrow")
    pd = pytest.importorskip("pandas")
    dd = pytest.importorskip("dask.dataframe")
    frame = dd.from_pandas(pd.DataFrame(rows, columns=list("abcdef")), npartitions=2)
    (tmp_path / "X").mkdir()
    for number, part in enumerate((rows[:2500], rows[2500:])):
        flat = pa.array(part.reshape(-1))
        lists = pa.FixedSizeListArray.from_arrays(flat, part.shape[1])
        pq.write_table(pa.table({"x": lists}), tmp_path / "X" / f"{number}.parquet")
    given = {
        "array": rows,
        "dask": da.from_array(rows, chunks=(1700, 4)),
        "dataframe": frame[list("abcdef")],
        "parquet": tmp_path / "X",
    }
    for name, X in given.items():
        graph = knn_graph(X, 8, path=tmp_path / name, client=client, n_regions=5)
        back, other = graph.to_memory().affinity, built.to_memory().affinity
        # Samples are drawn by chunks, so that regions differ a little.
        assert back.minimum(other).nnz > 0.97 * back.nnz
    assert graph.build_info["chunks"] == [2500, 3500]


@pytest.mark.long
def test_a_build_goes_on_where_it_was_ended(rows, built, client, tmp_path, monkeypatch):
    from fewlabels.dask import _build

    path, ended = tmp_path / "graph", []
    run_tasks = _build.run_tasks

    def ends_after(name):
        def run(crew, stage, function, numbers, *shared, **settings):
            done = run_tasks(crew, stage, function, list(numbers)[:2], *shared, **settings)
            if stage == name:
                ended.append(name)
                raise KeyboardInterrupt
            rest = run_tasks(crew, stage, function, list(numbers)[2:], *shared, **settings)
            return done + rest

        return run

    source = built.path.parent / "X.npy"
    for name in ("rows", "truth", "parts", "search", "merged", "weights", "graph"):
        monkeypatch.setattr(_build, "run_tasks", ends_after(name))
        with pytest.raises(KeyboardInterrupt):
            knn_graph(source, 8, path=path, client=client, n_regions=5)
        assert not path.exists()
    counts = {}

    def counting(crew, stage, function, numbers, *shared, **settings):
        counts[stage] = len(numbers)
        return run_tasks(crew, stage, function, numbers, *shared, **settings)

    monkeypatch.setattr(_build, "run_tasks", counting)
    graph = knn_graph(source, 8, path=path, client=client, n_regions=5)
    assert ended == ["rows", "truth", "parts", "search", "merged", "weights", "graph"]
    assert counts == {"rows": 0, "truth": 0, "weights": 0, "parts": 0, "graph": 5}
    assert files_of(graph) == files_of(built)


@pytest.mark.long
def test_what_is_left_of_another_build_is_not_mixed_in(rows, client, tmp_path, monkeypatch):
    from fewlabels.dask import _build

    run_tasks = _build.run_tasks
    monkeypatch.setattr(_build, "run_tasks", None)
    with pytest.raises(TypeError):
        knn_graph(rows[:3000], 5, path=tmp_path / "graph", client=client)
    monkeypatch.setattr(_build, "run_tasks", run_tasks)
    other = rows[:3000].copy()
    other[1] += 1
    with pytest.raises(FileExistsError, match="of another input"):
        knn_graph(other, 5, path=tmp_path / "graph", client=client)
    with pytest.raises(FileExistsError, match="of another n_neighbors"):
        knn_graph(rows[:3000], 4, path=tmp_path / "graph", client=client)
    graph = knn_graph(rows[:3000], 4, path=tmp_path / "graph", client=client, overwrite=True)
    assert graph.n_neighbors == 4
    with pytest.raises(FileExistsError, match="something stands there already"):
        knn_graph(rows[:3000], 4, path=tmp_path / "graph", client=client)
    anew = knn_graph(rows[:3000], 3, path=tmp_path / "graph", client=client, overwrite=True)
    assert anew.n_neighbors == 3
    assert [file.name for file in tmp_path.iterdir()] == ["graph"]


@pytest.mark.long
def test_duplicates_and_a_crowded_region_are_searched_in_pieces(client, tmp_path):
    X = np.concatenate([np.ones((2_500, 3)), clusters(1_500, 3)])
    graph = knn_graph(X, 5, path=tmp_path / "graph", client=client, n_regions=4)
    among = graph.to_memory().affinity[:2_500, :2_500]
    assert (np.diff(among.indptr) >= 5).all()
    assert (among.data == 1).all()
    assert graph.build_info["n_duplicates"] == 2_500


@pytest.mark.parametrize(
    "X", [np.ones((400, 2)), np.arange(2_600.0)[:, None], clusters(5)], ids=["equal", "line", "few"]
)
@pytest.mark.long
def test_small_and_odd_points_are_joined_as_in_memory(X, client, tmp_path):
    graph = knn_graph(X, 10, path=tmp_path / "graph", client=client)
    back, due = graph.to_memory(), fewlabels.knn_graph(X, 10)
    assert back.n_nodes == due.n_nodes
    if X.shape[1] != 2:  # which of equal points are joined is open
        assert abs(back.affinity - due.affinity).max() < 1e-5
    assert (np.diff(back.affinity.indptr) >= min(10, len(X) - 1)).all()


@pytest.mark.long
def test_the_cosine_is_as_in_memory(rows, client, tmp_path):
    X = rows[:3_000].copy()
    X[7] = 0
    graph = knn_graph(X, 6, path=tmp_path / "graph", client=client, metric="cosine", min_recall=1)
    due = fewlabels.knn_graph(X, 6, metric="cosine")
    apart = abs(graph.to_memory().affinity - due.affinity).max(axis=1).toarray()
    assert np.mean(apart < 1e-4) > 0.99  # nearly equal cosines may change places


def test_bad_input_is_one_clear_error(rows, client, tmp_path):
    def build(X, **settings):
        return knn_graph(X, path=tmp_path / "graph", client=client, **settings)

    wrong = rows.copy()
    wrong[[5, 4000], 1] = np.nan
    with pytest.raises(InvalidInputError, match=r"counted from 0: 5, 4000 \(2 in all\)"):
        build(da.from_array(wrong, chunks=(2000, -1)))
    with pytest.raises(InvalidInputError, match="two dimensions"):
        build(da.zeros(10))
    with pytest.raises(InvalidTypeError, match="real numbers, got dtype <U1"):
        build(np.array([["a"], ["b"]]))
    with pytest.raises(InvalidTypeError, match="got list"):
        build([[1.0], [2.0]])
    with pytest.raises(InvalidInputError, match="n_regions"):
        build(rows, n_regions=0)
    with pytest.raises(InvalidInputError, match="metric"):
        build(rows, metric="manhattan")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        knn_graph(rows, path=tmp_path / "missing" / "graph", client=client)
    assert list(tmp_path.iterdir()) == []  # nor what is left of a build


def test_a_cluster_that_can_not_work_is_one_clear_error(rows, client, tmp_path, monkeypatch):
    from fewlabels.dask import _workers

    with pytest.raises(InvalidTypeError, match="must be a distributed"):
        knn_graph(rows, path=tmp_path / "graph", client="tcp://somewhere")
    with monkeypatch.context() as patch:
        patch.setattr(_workers, "_content", lambda path: None)
        with pytest.raises(ClusterError, match="do not see"):
            knn_graph(rows, path=tmp_path / "graph", client=client)
    monkeypatch.setattr(_workers, "_PATIENCE", 0.01)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        Client(empty, set_as_default=False) as alone,
        pytest.raises(ClusterError, match="has no workers"),
    ):
        knn_graph(rows, path=tmp_path / "graph", client=alone)

"""``fewlabels spread`` on a folder of Parquet files, on a cluster."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from distributed import Client, LocalCluster

from fewlabels.cli import main


@pytest.fixture(scope="module")
def address():
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            protocol="tcp",
            dashboard_address=":0",
        ) as cluster,
        Client(cluster),
    ):
        yield cluster.scheduler_address


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=3_000)
    points = 6 * np.eye(3)[truth] + rng.normal(size=(3_000, 3))
    labels = np.where(rng.random(3_000) < 0.02, np.array(["a", "b", "c"])[truth], None)
    (tmp_path / "in" / "more").mkdir(parents=True)
    for name, rows in (("part0", slice(0, 1_100)), ("more/part0", slice(1_100, 3_000))):
        lists = pa.FixedSizeListArray.from_arrays(points[rows].reshape(-1), 3)
        columns = {"x": lists, "kind": pa.array(labels[rows], pa.string()), "reached": truth[rows]}
        pq.write_table(pa.table(columns), tmp_path / "in" / f"{name}.parquet")
    return tmp_path / "in"


def run(*words):
    return CliRunner().invoke(main, ["spread", *map(str, words)])


def test_a_folder_is_labelled_and_written_as_the_same_files(folder, address, tmp_path):
    out = tmp_path / "out"
    words = (folder, "--label", "kind", "--exclude", "reached", "--dask", address, "-o", out)
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert "3,000 rows in 2 files" in done.output
    files = sorted(str(file.relative_to(out)) for file in out.rglob("*.*"))
    assert files == ["more/part0.parquet", "part0.parquet"]
    for file in files:
        came, answered = pq.read_table(folder / file), pq.read_table(out / file)
        assert answered.column_names[:3] == came.column_names
        assert answered.column_names[3:] == ["label", "confidence", "evidence", "predicted_reached"]
        assert answered.select(came.column_names).equals(came)
        assert set(answered["predicted_reached"].to_pylist()) == {True}
        due = np.array(["a", "b", "c"])[came["reached"].to_numpy()]
        assert np.mean(due == np.array(answered["label"].to_pylist())) > 0.99
        assert min(answered["confidence"].to_pylist()) >= 1 / 3
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}
    assert "exists" in run(*words).output


def test_what_does_not_go_with_a_cluster_is_said(folder, address, tmp_path):
    def said(*words):
        done = run(folder, "--label", "kind", "-o", tmp_path / "out", *words)
        assert done.exit_code == 2
        return " ".join(done.output.split())

    assert "use one of them" in said("--dask", address, "--workers", "2")
    assert "--categorical can't be used with --dask" in said("--workers", "2", "--categorical", "x")
    assert "--method propagation can't be used" in said("--workers", "2", "--method", "propagation")
    assert "no column 'y'" in said("--workers", "2", "--features", "y")
    assert "no folder of Parquet files" in " ".join(
        run(
            folder / "part0.parquet", "--label", "kind", "--dask", address, "-o", tmp_path / "out"
        ).output.split()
    )


@pytest.mark.long
def test_the_loop_is_played_on_a_folder(folder, address, tmp_path):
    words = (folder, "--label", "reached", "--features", "x", "--dask", address, "--budget", "8")
    done = CliRunner().invoke(
        main, ["simulate", *map(str, words), "--repeats", "1", "-o", str(tmp_path / "curves")]
    )
    assert done.exit_code == 0, done.output
    assert "1 start with 3 labels (one a class); 8 labels in the end" in done.output
    made = {path.name for path in (tmp_path / "curves").iterdir()}
    assert made == {"curves.csv", "curves.json", "curves.png", "macro_recall.png", "graph"}
    table = np.genfromtxt(tmp_path / "curves" / "curves.csv", delimiter=",", names=True, dtype=None)
    assert set(table["query"].tolist()) == {"uncertain-influence", "random"}
    assert table["accuracy"].min() > 0.8
    unlabelled = CliRunner().invoke(
        main,
        ["simulate", str(folder), "--label", "kind", "--dask", address, "-o", str(tmp_path / "no")],
    )
    assert "rows have no label in 'kind'" in " ".join(unlabelled.output.split())


def test_a_file_without_any_label_needs_no_type_for_them(folder, address, tmp_path):
    file = folder / "more" / "part0.parquet"
    table = pq.read_table(file)
    empty = pa.nulls(len(table))
    pq.write_table(table.set_column(1, "kind", empty), file)
    out = tmp_path / "out"
    words = (folder, "--label", "kind", "--exclude", "reached", "--dask", address, "-o", out)
    done = run(*words)
    assert done.exit_code == 0, done.output
    answered = pq.read_table(out / "more" / "part0.parquet")
    right = (
        np.array(["a", "b", "c"])[answered["reached"].to_numpy()] == answered["label"].to_numpy()
    )
    assert right.mean() > 0.99
    assert answered["kind"].null_count == len(table)


def test_a_column_of_another_type_is_named(folder, address, tmp_path):
    file = folder / "more" / "part0.parquet"
    table = pq.read_table(file)
    pq.write_table(table.set_column(2, "reached", table["reached"].cast(pa.string())), file)
    done = run(folder, "--label", "kind", "--dask", address, "-o", tmp_path / "out")
    assert done.exit_code == 2
    assert "the column 'reached' is" in done.output
    assert "Write it with one type in all files" in done.output

"""The benchmark of pages for labelling, without a browser and without the peers."""

from __future__ import annotations

import csv
import dataclasses
import json
import shlex
import sys

import numpy as np
import psutil
import pytest
from PIL import Image

from benchmarks.bench import SIZES, Bench
from benchmarks.cases import labelling
from benchmarks.label_pages import data, environments, servers, sitting, tools
from benchmarks.packages import MissingPackageError
from benchmarks.sets import texts


@pytest.fixture
def environment(tmp_path):
    made = environments.Environment("tool", "tool==1.0", "tool", tmp_path)
    packages = tmp_path / "tool" / "lib" / "python3.11" / "site-packages"
    needs = {
        "tool": ["Other[fast]>=1", "nothing; python_version < '3'"],
        "other": ["quick; extra == 'fast'", "large; extra == 'all'"],
        "quick": ["tool"],
        "large": [],
    }
    for name, size in {"tool": 3_000_000, "other": 500_000, "quick": 20_000, "large": 9}.items():
        about = packages / f"{name}-1.0.dist-info"
        about.mkdir(parents=True)
        (packages / f"{name}.js").write_bytes(bytes(size))
        (about / "RECORD").write_text(f"{name}.js,,\n", encoding="utf-8")
        lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
        lines += [f"Requires-Dist: {need}" for need in needs[name]]
        (about / "METADATA").write_text("\n".join(lines), encoding="utf-8")
    return made


def with_command(environment, text):
    command = environment.python.with_name("tool")
    command.parent.mkdir(parents=True)
    # by the shell: a first line with the interpreter ends at a space in its path
    python, program = shlex.quote(sys.executable), shlex.quote(text)
    command.write_text(f"#!/bin/sh\nexec {python} -c {program}\n", encoding="utf-8")
    command.chmod(0o755)
    environment.python.touch()


def test_a_package_is_as_large_as_all_that_it_needs(environment):
    found = environment.installed()
    assert found.megabytes == pytest.approx(3.52)
    assert found.n_packages == 3


def test_a_tool_that_is_not_there_is_named_with_the_target_that_brings_it(environment):
    assert "make bench-label" in environment.missing()
    with_command(environment, "")
    assert environment.missing() is None


def test_a_tool_that_does_not_start_is_removed_and_its_reason_kept(environment):
    with_command(environment, "raise SystemExit('a part of it is missing')")
    environment._try()
    assert not (environment.folder / "tool").exists()
    assert environment.missing() == (
        "tool==1.0 can't be had (`tool --help` ends with a part of it is missing), so that it was "
        "not measured."
    )


SERVER = [sys.executable, "-m", "http.server", "--bind"]


def test_a_server_is_watched_on_loopback_and_ended_by_its_number(tmp_path):
    port = servers.free_port()
    with servers.serving([*SERVER, "127.0.0.1", str(port)], tmp_path, port) as server:
        servers.wait_for(server)
        server.check_loopback()
        all_of_it, itself = server.seconds()
        assert all_of_it >= itself > 0
        foreign = {"Host": "labels.example.com"}
        assert sitting._status(server, "GET", "/", foreign) == 200
    assert not psutil.pid_exists(server.process.pid)


def test_a_server_that_others_can_reach_is_refused_and_ended(tmp_path):
    port = servers.free_port()
    with servers.serving([*SERVER, "0.0.0.0", str(port)], tmp_path, port) as server:
        servers.wait_for(server)
        with pytest.raises(servers.ServerError, match=r"listens on 0\.0\.0\.0"):
            server.check_loopback()
    assert not psutil.pid_exists(server.process.pid)


def test_a_server_that_does_not_come_up_says_what_it_printed(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no such data')"]
    with (
        pytest.raises(servers.ServerError, match="no such data"),
        servers.serving(command, tmp_path, servers.free_port()) as server,
    ):
        servers.wait_for(server)


def test_every_tool_gets_the_same_items_and_each_shows_its_number(tmp_path, monkeypatch):
    def newsgroups(about, largest):
        assert about.name == "newsgroups"
        codes = np.arange(largest) % 2
        return ["some words " * 500] * largest, codes, np.array(["rec.autos", "sci.space"])

    monkeypatch.setattr(texts, "load", newsgroups)
    items = data.write_items("texts", 7, tmp_path / "texts")
    assert items.truth.tolist() == [True, False, True, False, True, False, True]
    with items.table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [task["abstract"] for task in json.loads(data.as_tasks(items))] == [
        row["abstract"] for row in rows
    ]
    assert all(row["abstract"].startswith(f"Text no. {n}. ") for n, row in enumerate(rows))
    assert len(rows[0]["abstract"]) < 1600
    pictures = data.write_items("pictures", 5, tmp_path / "pictures")
    files = sorted(pictures.pictures.iterdir())
    assert [int(file.stem) for file in files] == list(range(5))
    with Image.open(files[0]) as picture:
        assert picture.size == (64, 64)
    assert [task["number"] for task in json.loads(data.as_tasks(pictures))] == [
        f"Picture no. {n}." for n in range(5)
    ]


def test_rows_show_ours_beside_the_peers_with_the_slow_ones_noted():
    mine = sitting.Sitting(first=1.5, next_seconds=[0.02] * 19 + [0.5], false_origin=403)
    other = sitting.Sitting(first=9.0, next_seconds=[0.2], post_seconds=[0.1], false_origin=201)
    rows = labelling._rows("1,000 texts", {"fewlabels": mine, "Label Studio": other})
    found = {row.measure: row for row in rows}
    assert found[labelling.FIRST].ours.value == 1.5
    assert found[labelling.FIRST].peers[0].value == 9.0
    slow = found[labelling.NEXT].ours
    assert slow.value == pytest.approx(0.02)
    assert slow.note == "p95 44 ms"
    assert found["keys a label"].peers[0].value == 2
    refused = found["an answer from a foreign Origin"]
    assert (refused.ours.note, refused.peers[0].note) == ("refused", "served")


@pytest.mark.parametrize("case", [labelling.labelling_texts, labelling.labelling_many])
def test_without_ours_nothing_is_measured_and_that_is_said(case, tmp_path, monkeypatch):
    absent = environments.Environment("fewlabels", ".", "fewlabels", tmp_path)
    ours = dataclasses.replace(labelling.OUR_TOOL, environment=absent)
    monkeypatch.setattr(labelling, "OUR_TOOL", ours)
    monkeypatch.setattr(labelling, "TOOLS", (ours, *labelling.TOOLS[1:]))
    with pytest.raises(MissingPackageError, match="make bench-label"):
        case(Bench(SIZES["tiny"], apart=False))


def test_each_tool_says_how_it_is_answered():
    assert tools.TOOLS[0].name == "fewlabels"
    for tool in tools.TOOLS:
        assert set(tool.keys) == {True, False}
        assert set(tool.kinds) <= set(data.KINDS)

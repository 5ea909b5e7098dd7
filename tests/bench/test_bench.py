"""`parley bench` as a person runs it, with benchmarks so small that they say nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.report import Figure, Goal, Measured
from bench.runner import NAMES, main

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[2]
TINY = (
    *("--store", "sqlite", "--rounds", "1", "--turns", "3", "--together", "2", "--answer", "0.1"),
    *("--conversations", "300", "--rate", "20", "--load", "1"),
)


def parley(*arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", "bots", "bench", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_an_unknown_name_ends_with_2_and_the_names_there_are(tmp_path):
    done = parley("fly", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"parley bench: there is no benchmark 'fly': use {', '.join(NAMES)}\n"


def test_help_names_the_benchmarks(tmp_path):
    done = parley("--help", folder=tmp_path)
    assert done.returncode == 0
    assert ", ".join(NAMES) in done.stdout


def test_an_option_of_one_benchmark_needs_its_name(tmp_path, capsys):
    assert main(["--small"]) == 2
    assert "--small is an option of one benchmark" in capsys.readouterr().err


def test_where_there_are_no_benchmarks_it_says_so(tmp_path):
    """As in the image, which holds the bot alone."""
    for package in ("bots", "core"):
        (tmp_path / package).symlink_to(ROOT / package)
    command = [sys.executable, "-c", "from bots.__main__ import main; raise SystemExit(main(['bench']))"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "parley: the benchmarks are not in this installation: run them in a checkout\n"


@pytest.fixture
def measured(tmp_path):
    file = tmp_path / "results.json"
    parts = ("--part", "price", "--part", "acks", "--part", "large")
    done = parley("store", *parts, *TINY, "--json", str(file), folder=tmp_path)
    assert done.stderr == ""
    return done, json.loads(file.read_text())


def test_a_run_leaves_its_figures_for_programs(measured):
    done, document = measured
    assert set(document) == {"at", "machine", "benches"}
    entry = document["benches"]["store"]
    assert set(entry) == {"ok", "seconds", "table", "figures", "skipped"}
    assert done.returncode == (0 if entry["ok"] else 1)
    assert entry["skipped"] == []
    figures = {figure["name"]: figure for figure in entry["figures"]}
    turn = figures["SQLite: turn in a large store"]
    assert set(turn) == {"name", "value", "unit", "reference", "ratio", "spread", "goals", "verdict"}
    assert turn["goals"] == [{"of": "ratio", "most": 1.2}]
    assert turn["ratio"] == pytest.approx(turn["value"] / turn["reference"])
    assert figures["SQLite: not acknowledged at all"]["value"] == 0
    assert figures["SQLite: changes per turn"]["value"] == 6
    assert all(line in done.stdout for line in entry["table"])


@pytest.mark.parametrize(("value", "reference", "ok"), [(10, 5, True), (10, 4, False), (11, 9, False)])
def test_a_figure_is_short_when_it_or_its_ratio_is_beyond_the_goal(value, reference, ok):
    goals = [Goal("a", 10), Goal("a", 2, "ratio"), Goal("not measured", 0)]
    report = Measured([Figure("a", value, "ms", reference), Figure("b", 100, "ms")], goals)
    assert report.ok is ok
    assert ("short" in report.table()) is not ok

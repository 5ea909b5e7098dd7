"""docs/dify.md against what is there: every row once, every file and every test that it names."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "dify.md").read_text()
ROWS = [line.strip("| \n").split(" | ") for line in PAGE.splitlines() if re.match(r"\| S\d+ ", line)]
LINK = re.compile(r"\[([\w.]+)\]\(\.\./(tests/[\w/]+\.py)\)")


def test_every_row_is_there_once_and_in_order():
    assert [row[0] for row in ROWS] == [f"S{number}" for number in range(1, 140)]


def test_the_counts_are_those_of_the_table():
    states = Counter(re.split(r":| \(", row[2])[0] for row in ROWS)
    assert set(states) <= {"works", "client", "not yet"}
    for state, number in states.items():
        assert re.search(rf"^\| {state} \| .* \| {number} \|$", PAGE, re.MULTILINE), (state, number)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_a_row_names_is_there(row):
    for place in re.findall(r"`([\w/.]+)`", row[3]):
        assert (ROOT / place).exists(), place
    tests = LINK.findall(row[4]) if len(row) > 4 else []
    for name, file in tests:
        text = (ROOT / file).read_text()
        assert name == Path(file).name or f"def {name}(" in text, name
    assert tests or row[2].startswith("not yet")
    assert ":" in row[2] or not row[2].startswith("not yet")  # it says what is missing

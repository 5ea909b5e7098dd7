"""The picture of staleness over time: counted right, every line drawn, a clear word where it can't be."""

import asyncio
from itertools import pairwise

import pytest

from bench.pace import plot, run
from bench.pace.limits import LIMITERS, Cell
from bench.pace.rounds import POLICIES
from bench.pace.stage import Answer

pytestmark = pytest.mark.heavy

UPDATE = LIMITERS[0]


@pytest.mark.parametrize(
    ("at", "stale"),
    [
        (0.0, 0.0),  # came this moment
        (0.4, 0.4),  # the first token is not seen yet
        (0.5, 0.0),  # all that came is seen
        (2.4, 1.4),  # the second has been waiting longest
        (2.5, 0.0),
        (3.5, 0.5),
        (4.0, 0.0),
        (9.0, 0.0),
    ],
)
def test_staleness_is_the_age_of_the_oldest_token_that_is_not_seen(at, stale):
    answer = Answer(0, [0.0, 1.0, 2.0, 3.0], seen=[(0.5, 1), (2.5, 3), (2.6, 2), (4.0, 4)])
    assert plot.staleness(answer, at) == pytest.approx(stale)


def test_a_curve_begins_with_the_first_token_and_ends_when_every_text_stands():
    lines = plot.curves(Cell(UPDATE, 2, 3.0, 20.0, 0.15), [1, 2])
    assert set(lines) == set(POLICIES)
    for values in lines.values():
        assert len(values) * plot.STEP > 3.0
        assert values[0] == 0.0
        assert 0.0 < max(values) < 3.0
        assert all(after - before <= plot.STEP + 1e-9 for before, after in pairwise(values))


def test_the_picture_holds_every_line(tmp_path, monkeypatch):
    image = pytest.importorskip("matplotlib.image")
    monkeypatch.setattr(plot, "SECONDS", 3.0)
    file = tmp_path / "staleness.png"
    plot.draw(file, [1])
    pixels = image.imread(file, format="png")
    assert pixels.shape[0] > 600
    for _, colour, _ in plot._LOOKS.values():
        wanted = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        assert (abs(pixels[:, :, :3] - wanted) < 0.01).all(axis=2).sum() > 200
    assert set(plot._LOOKS) == set(POLICIES)


def test_without_the_library_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(plot, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        asyncio.run(run(["--plot", str(tmp_path / "p.png")]))
    assert ended.value.code == 2
    assert "pip install matplotlib" in capsys.readouterr().err


def test_a_folder_that_does_not_exist_is_told_before_anything_is_played(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    with pytest.raises(SystemExit) as ended:
        asyncio.run(run(["--plot", str(tmp_path / "none" / "p.png")]))
    assert ended.value.code == 2
    assert f"there is no folder {tmp_path / 'none'}" in capsys.readouterr().err

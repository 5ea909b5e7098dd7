"""`parley bench streams` with a few streams of a second each: what it counts, and that it counts failures."""

import asyncio
import itertools

import pytest

from bench import streams
from bench.streams.feed import Feed
from bench.streams.lags import Lags
from bench.streams.many import WARM_UP, Options
from bench.streams.reader import main
from bench.streams.rest import CALLS, Platform
from bench.streams.script import text


@pytest.mark.heavy
async def test_a_few_streams_are_read_and_written():
    pytest.importorskip("orjson", reason=streams.MISSING)
    report = await streams.run(("--streams", "5", "--seconds", "1"))
    values = {figure.name: figure.value for figure in report.figures}
    assert [values[name] for name in (streams.REFUSED, streams.BROKEN, streams.WRONG, streams.LIMITED)] == [
        0
    ] * 4
    assert values["edits per answer"] >= 1
    for name in (streams.LAG, streams.CPU):
        figure = next(figure for figure in report.figures if figure.name == name)
        assert figure.value > 0
        assert figure.reference > 0
        assert values[f"{name}, without edits"] > 0
    goals = {goal.figure: goal.most for goal in report.goals}
    assert goals[streams.LAG] == 100
    assert goals[streams.CPU] == 60
    assert goals[streams.RSS] == 40
    assert set(goals) <= {*values, streams.RSS}  # there is no memory figure where there is no /proc


async def test_without_the_yardsticks_parser_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(streams, "find_spec", lambda _name: None)
    report = await streams.run(())
    assert (report.figures, report.skipped) == ([], [streams.MISSING])


class Failing(Feed):
    """Serves the warm-up; then it hangs up on each second connection, and says too little on the others."""

    def __init__(self, numbers):
        super().__init__()
        self._number = next(numbers)

    def connection_made(self, transport):
        super().connection_made(transport)
        if self._number >= WARM_UP and self._number % 2:
            transport.close()

    def _begin(self, events, rate):
        super()._begin(events - (self._number >= WARM_UP), rate)


async def test_streams_that_fail_are_counted(capsys):
    numbers = itertools.count()
    async with await asyncio.get_running_loop().create_server(
        lambda: Failing(numbers), "127.0.0.1"
    ) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        measured = await main(Options(way="read", dify=url, platform="", streams=6, seconds=0.2, rate=20.0))
    assert (measured.refused, measured.broken) == (3, 3)
    assert measured.events == 3 * 4  # one short of five, with the end
    assert capsys.readouterr().err.count("DifyLost") == 3


def test_lags_are_told_by_their_shares():
    lags = Lags()
    for late in range(1, 101):
        lags.note(late / 1000)
    assert lags.share(0.5) == pytest.approx(50, abs=0.2)
    assert lags.share(0.99) == pytest.approx(99, abs=0.2)
    assert lags.longest == 0.1
    lags.note(1e6)
    assert (lags.longest, lags.share(1.0)) == (
        1e6,
        pytest.approx(10_000, abs=0.2),
    )  # it counts to ten seconds


def test_the_platform_refuses_a_sixth_call_in_five_seconds():
    platform = Platform()
    where = "/api/v10/channels/7/messages"
    status, posted, _ = platform.call("POST", where, b'{"content": "a"}')
    assert status == 200
    statuses = [
        platform.call("PATCH", f"{where}/{posted['id']}", b'{"content": "%d"}' % number)
        for number in range(CALLS + 1)
    ]
    assert [status for status, *_ in statuses] == [200] * CALLS + [429]
    assert [headers["X-RateLimit-Remaining"] for *_, headers in statuses[:-1]] == ["4", "3", "2", "1", "0"]
    assert 0 < statuses[-1][1]["retry_after"] <= 5
    told = platform.call("GET", "/api/v10/told", b"")[1]
    assert told == {"posts": 1, "edits": CALLS, "refused": 1, "texts": {"7": str(CALLS - 1)}}


def test_an_answer_is_in_one_message():
    """So that each edit carries all of it: the most that edits can cost."""
    assert len(text(300)) < 1700

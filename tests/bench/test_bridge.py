"""The bench of the whole bot: what counts is counted right, and a short run with real processes."""

import os
import time
from dataclasses import replace

import aiohttp
import pytest

from bench.bridge import run
from bench.bridge.answers import answer, held, is_exact, number_of, question
from bench.bridge.bare_messages import MESSAGES
from bench.bridge.cores import Spent, spent
from bench.bridge.courses import behind, courses
from bench.bridge.figures import figures, goals
from bench.bridge.lags import lags
from bench.bridge.optimum import least
from bench.bridge.places import CHANNEL, DISCORD, DM, KINDS, mixed
from bench.bridge.platforms import Platforms
from bench.bridge.trial import Call, Leg, Played, legs
from bench.bridge.usage import EVERYTHING, UPDATES, Usage, asked_of, edits
from bench.report import Measured

PATCH = "PATCH /channels/{channel_id}/messages/{message_id}"
POST = "POST /channels/{channel_id}/messages"


def call(at, method="chat.update", number=0, pieces=0, channel="c", error=""):
    return Call(at, method, channel, error, number, pieces)


def course(calls, sent, kind=CHANNEL, others=()):
    """A leg with one answer of which every piece was shown."""
    return Leg(dict(enumerate((kind, *others))), {1: 0}, calls), Played(sent={1: sent})


def test_a_text_says_how_much_of_which_answer_it_holds():
    whole = answer(12, 15.0)
    assert whole == answer(number_of(question(12)), 15.0) != answer(13, 15.0)
    assert 20 <= whole.rate <= 50
    assert 10 <= whole.seconds <= 20
    assert len(whole.silences) >= 2
    for count in (1, 5, 6, 9, 36, 160, len(whole.pieces)):
        assert held("".join(whole.pieces[:count])) == (12, count)
    assert held("".join(whole.pieces[7:9])) == (12, 9)
    assert held("An error occurred. Please ask again.") is None


def test_messages_are_the_answer_only_if_nothing_is_missing_doubled_or_added():
    whole = answer(3, 15.0).text
    first, second = whole[:500].rstrip(), whole[500:].strip()
    assert is_exact([whole], whole)
    assert is_exact([first, second], whole)
    assert not is_exact([second, first], whole)
    assert not is_exact([first], whole)
    assert not is_exact([first, second[4:]], whole)
    assert not is_exact([first, first, second], whole)
    assert not is_exact([first, second, "-# stopped"], whole)
    assert not is_exact([whole.replace("**", "", 1)], whole)
    assert not is_exact([], whole)


def test_half_of_the_conversations_are_at_either_platform_and_one_is_tried_everywhere():
    kinds = mixed(20)
    assert [kinds.count(kind) for kind in (DM, CHANNEL, DISCORD)] == [5, 5, 10]
    assert legs(1) == [[DM], [CHANNEL], [DISCORD]]
    assert legs(2) == [[DM, DISCORD]]


def test_a_piece_is_shown_by_the_first_call_that_was_taken_and_holds_it():
    calls = [
        call(1.0, "chat.postMessage", 1, 1),
        call(2.0, number=1, pieces=3, error="429"),
        call(3.0, number=1, pieces=3),
        call(4.0, number=1, pieces=2),
        call(5.0, number=1, pieces=4),
    ]
    [found] = courses(*course(calls, [0.0, 1.0, 2.0, 3.0]))
    assert found.shown == [1.0, 3.0, 3.0, 5.0]
    assert found.stale == pytest.approx((1 + 2 + 1 + 2) / 4)
    assert found.last == 2.0


def test_an_answer_of_which_the_end_was_never_shown_has_no_course():
    assert courses(*course([call(1.0, number=1, pieces=2)], [0.0, 1.0, 2.0])) == []


def test_silences_are_no_time_in_which_an_answer_grows():
    [found] = courses(*course([call(9.0, number=1, pieces=4)], [0.0, 1.0, 5.0, 6.0]))
    assert found.length == 2.0


def test_a_sliding_bucket_gives_each_call_back_by_itself():
    usage = Usage([call(0.0), call(30.0), call(31.0, error="429"), call(40.0, "chat.postMessage")])
    assert [usage.used(UPDATES, at) for at in (0.0, 1.0, 59.0, 60.0, 91.0)] == [0, 1, 2, 1, 0]


def test_a_fixed_bucket_is_empty_when_its_window_is_over():
    usage = Usage([call(at, PATCH) for at in (0.0, 4.0, 4.5, 6.0)])
    assert [usage.used(edits("c"), at) for at in (0.0, 4.2, 4.9, 5.1, 6.1, 11.1)] == [0, 2, 3, 0, 1, 0]
    assert usage.used(edits("other"), 4.9) == 0


def test_all_that_a_bot_asks_of_discord_counts_together():
    usage = Usage(
        [
            call(0.0, PATCH, channel="a"),
            call(0.1, POST, channel="b"),
            call(0.2, "POST /webhooks/{application_id}/{interaction_token}"),
            call(0.3, "chat.update"),
        ]
    )
    assert usage.used(EVERYTHING, 0.5) == 2


def test_a_bucket_is_free_up_to_its_half():
    usage = Usage([call(at, PATCH) for at in (0.0, 1.0, 2.0)])
    assert usage.is_free([edits("c")], 1.5)
    assert not usage.is_free([edits("c")], 2.5)
    assert asked_of(CHANNEL, "c", first=True) == (UPDATES,)
    assert EVERYTHING in asked_of(DISCORD, "c", first=True)


SILENT = [0.0, 0.1, 5.0, 5.1]
SHOWN = [
    call(0.01, "chat.postMessage", 1, 1),
    call(0.5, number=1, pieces=2),
    call(5.02, number=1, pieces=3),
    call(6.0, number=1, pieces=4),
]


def test_the_first_piece_counts_and_one_after_a_silence():
    found = lags(*course(SHOWN, SILENT), limited=True)
    assert [lag.seconds for lag in found] == pytest.approx([0.01, 0.02])
    assert not any(lag.opens for lag in found)


def test_the_lag_is_that_of_the_oldest_piece_that_a_call_brings():
    late = [*SHOWN[:2], call(5.3, number=1, pieces=4)]
    assert [lag.seconds for lag in lags(*course(late, SILENT), limited=True)] == pytest.approx([0.01, 0.3])


def test_what_had_to_wait_for_others_or_for_a_budget_does_not_count():
    shared, played = course(SHOWN, SILENT, others=(CHANNEL,))
    assert len(lags(shared, played, limited=True)) == 1
    busy = sorted([*SHOWN, *(call(1.0 + at / 10) for at in range(30))], key=lambda call: call.at)
    leg, played = course(busy, SILENT)
    assert len(lags(leg, played, limited=True)) == 1
    assert len(lags(leg, played, limited=False)) == 2
    restless = [*SHOWN[:1], call(4.0, number=1, pieces=2), *SHOWN[2:]]
    assert len(lags(*course(restless, SILENT), limited=True)) == 1


def test_a_first_text_counts_only_while_there_is_room_for_its_end():
    def begun_after(others):
        calls = [call(at / 100, "chat.postMessage", 2 + at, 1) for at in range(others)]
        calls += [call(5.0, "chat.postMessage", 1, 1), call(6.0, number=1, pieces=2)]
        calls += [call(9.0, number=2 + at, pieces=2) for at in range(others)]
        leg = Leg(dict.fromkeys(range(60), CHANNEL), {1 + at: at for at in range(others + 1)}, calls)
        sent = {1: [4.9, 5.5]} | {2 + at: [at / 200, 8.9] for at in range(others)}
        found = lags(leg, Played(sent=sent), limited=True)
        return any(lag.seconds == pytest.approx(0.1) for lag in found)

    assert begun_after(8)  # edits of 10 s
    assert not begun_after(9)


def test_a_stream_is_begun_only_where_it_can_be_stopped():
    usage = Usage([call(at, "chat.stopStream") for at in range(4)])
    assert usage.has_room(DM, 6, 5.0)
    assert not usage.has_room(DM, 7, 5.0)
    assert usage.has_room(DISCORD, 100, 5.0)


def test_a_first_answer_at_discord_is_told_apart():
    calls = [call(0.01, POST, 1, 2), call(9.01, POST, 2, 1)]
    leg = Leg({0: DISCORD}, {1: 0, 2: 0}, calls)
    found = lags(leg, Played(sent={1: [0.0, 0.001], 2: [9.0]}), limited=True)
    assert [lag.opens for lag in found] == [True, False]


def evenly(kind, numbers, seconds, rate=10, channel="c"):
    """Answers at once, each shown whole at its end."""
    sent = [at / rate for at in range(int(seconds * rate) + 1)]
    calls = [
        call(seconds, POST, number, len(sent), channel=f"{channel}{number}" if kind == DISCORD else channel)
        for number in numbers
    ]
    leg = Leg(dict.fromkeys(numbers, kind), {number: number for number in numbers}, calls)
    return courses(leg, Played(sent=dict.fromkeys(numbers, sent)))


@pytest.mark.parametrize(
    ("kind", "answers", "seconds", "stale"),
    [
        (CHANNEL, 1, 30, 0.3),  # the closed form of `pace`: 50 calls in 30 s
        (CHANNEL, 1, 90, 0.6),  # 75 calls in 90 s
        (CHANNEL, 100, 15, 7.5),  # less than a call for each: whole, in the end
        (DM, 1, 15, 0.075),
        (DM, 10, 15, 0.75),
        (DM, 40, 15, (1.5 + 3.0) / 2),  # 20 streams share 100 calls, 20 others 50
        (DISCORD, 1, 15, 0.5),
        (DISCORD, 30, 15, 0.5),
    ],
)
def test_the_least_staleness_that_the_budgets_allow(kind, answers, seconds, stale):
    found = least(evenly(kind, range(1, answers + 1), seconds))
    assert found[kind] == pytest.approx([stale] * answers)


def test_what_all_of_discord_may_take_is_shared_second_by_second():
    """A hundred at once have half a call a second each, less what threads and first messages take."""
    found = least(evenly(DISCORD, range(1, 101), 15))[DISCORD]
    assert all(1.0 < stale < 2.0 for stale in found)
    one_after_the_other = evenly(DISCORD, range(1, 51), 15) + [
        replace(course, sent=[at + 15 for at in course.sent], shown=[at + 15 for at in course.shown])
        for course in evenly(DISCORD, range(51, 101), 15)
    ]
    assert all(0.5 <= stale < 0.9 for stale in least(one_after_the_other)[DISCORD])


def test_what_dify_sent_too_late_is_seen():
    planned = answer(1, 1.0)
    sent = [at / planned.rate for at in range(5)]
    assert behind(Played(sent={1: sent}), 1.0) == pytest.approx([0.0] * 4, abs=1e-9)
    sent[-1] += 0.5
    assert max(behind(Played(sent={1: sent}), 1.0)) == pytest.approx(0.5)


def test_what_a_process_spends_is_its_own_time():
    before = spent(os.getpid())
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    used = spent(os.getpid()).since(before)
    assert 0.05 <= used.cpu <= used.elapsed + 0.02
    assert used.waited >= 0
    assert spent(0) is None


def test_every_goal_that_has_a_figure_is_held_to_it():
    def played(faults=(), error=""):
        calls = [*SHOWN[:-1], call(5.9, error=error), *SHOWN[-1:]]
        leg, only = course(calls, SILENT)
        return Played([leg], sent=only.sent, faults=faults, spent=Spent(10.0, 1.0, 0.5))

    def verdicts(bot):
        found = figures(1, bot, played(), 15.0)
        report = Measured(found, goals(1))
        return report, {figure.name.split(": ", 1)[1]: figure for figure in found}

    good, named = verdicts(played())
    assert {goal.figure.split(": ", 1)[1] for goal in goals(1)[:4]} <= set(named)
    assert named["piece to call, budget free, p99"].value == pytest.approx(20)
    assert named["piece to call, budget free, p99"].ratio == pytest.approx(1)
    assert named["CPU per answer"].value == 1.0
    assert named["of its time, waiting for a core"].value == pytest.approx(5)
    assert "refused (429)" in named
    assert good.ok == (named_stale(good) <= 2.5)
    assert verdicts(played(faults=["answer 1"]))[1]["texts that are not exact in the end"].value == 1
    refused, named = verdicts(played(error="429"))
    assert named["refused (429)"].value == named["refused: chat.update"].value == 1
    assert not refused.ok


def named_stale(report):
    [figure] = [figure for figure in report.figures if figure.name.endswith("staleness")]
    return figure.ratio


@pytest.fixture
async def platforms():
    opened = Platforms(list(KINDS), 15.0, muted=True)
    await opened.start()
    yield opened
    await opened.stop()


async def test_the_platforms_note_how_much_each_call_shows_and_what_is_wrong_in_the_end(platforms):
    async with aiohttp.ClientSession() as session:
        places = platforms.addresses["places"]
        messages = [MESSAGES[place["kind"]](session, platforms.addresses, place) for place in places]
        for number, message in enumerate(messages, 1):
            pieces = answer(number, 15.0).pieces
            await message.show("".join(pieces[:3]), final=False)
            await message.show("".join(pieces), final=True)
        rows = platforms.watch.taken()
        for number in (1, 2, 3):
            shown = [row[5] for row in rows if row[4] == number]
            assert (shown[0], shown[-1]) == (3, len(answer(number, 15.0).pieces))
        assert not any(row[3] for row in rows)
        assert platforms.watch.faults([1, 2, 3], 15.0) == []
        assert len(platforms.watch.faults([1, 2, 3, 4], 15.0)) == 1
        await messages[1].show("".join(answer(2, 15.0).pieces[:-1]), final=True)
        await MESSAGES[CHANNEL](session, platforms.addresses, places[1]).show("An error.", final=True)
        faults = platforms.watch.faults([1, 2, 3], 15.0)
    assert sorted(fault.split()[0] for fault in faults) == ["answer", "no"]


@pytest.mark.heavy
@pytest.mark.timeout(180)  # five processes start, two of them one after the other
async def test_a_short_run_with_the_real_bot_brings_every_text_and_is_never_refused():
    report = await run(
        ["--conversations", "1", "--conversations", "2", "--seconds", "0.2", "--answer", "0.5"]
    )
    named = {figure.name: figure for figure in report.figures}
    assert list(report.skipped) == []
    for who, answers in (("1 conversation", 3), ("2 conversations", 2)):
        assert named[f"{who}: answers"].value >= answers
        assert named[f"{who}: texts that are not exact in the end"].value == 0
        assert named[f"{who}: refused (429)"].value == 0
        assert 0 < named[f"{who}: piece to call, budget free, p50"].value < 5000
        assert named[f"{who}: piece to call, budget free, p50"].reference > 0
        assert named[f"{who}, {DISCORD}: staleness"].value > 0
        assert named[f"{who}, {DM}: staleness"].value > 0

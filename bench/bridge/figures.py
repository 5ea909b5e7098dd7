"""What the two came to with one number of conversations, and what is asked of the bot."""

from collections.abc import Iterator, Sequence
from statistics import mean, median

from bench.bridge.courses import Course, behind, courses
from bench.bridge.lags import Lag, lags
from bench.bridge.optimum import least
from bench.bridge.places import KINDS
from bench.bridge.rendering import rendering
from bench.bridge.trial import Played
from bench.bridge.usage import ENDS_WITHIN
from bench.report import Figure, Goal
from bench.store.metering import share

_P50 = "{}: piece to call, budget free, p50"
_P99 = "{}: piece to call, budget free, p99"
_WRONG = "{}: texts that are not exact in the end"
_REFUSED = "{}: refused (429)"
_STALE = "{}, {}: staleness"
_LAST = "{}, {}: last piece to whole text, slowest"
_RENDERING = "{}: rendering, of the CPU per answer"
_AGAINST_OPTIMUM = 2.5  # of `pace`, in its worst cell of several answers at once


def titled(conversations: int) -> str:
    """How a number of conversations is called."""
    return "1 conversation" if conversations == 1 else f"{conversations} conversations"


def goals(conversations: int) -> list[Goal]:
    """What is asked of the bot."""
    who = titled(conversations)
    return [
        Goal(_P50.format(who), 3, "ratio"),
        Goal(_P99.format(who), 10, "ratio"),
        Goal(_WRONG.format(who), 0),
        Goal(_REFUSED.format(who), 0),
        Goal(_RENDERING.format(who), 5),
        *(Goal(_STALE.format(who, kind), _AGAINST_OPTIMUM, "ratio") for kind in KINDS),
        *(Goal(_LAST.format(who, kind), ENDS_WITHIN) for kind in KINDS),
    ]


def figures(conversations: int, bot: Played, bare: Played, answer: float) -> list[Figure]:
    """The bot's figures, beside those of the bare reader or of the offline optimum."""
    who = titled(conversations)
    return [
        *_lags(who, bot, bare),
        Figure(f"{who}: answers", bot.answers, "", bare.answers),
        Figure(_WRONG.format(who), len(bot.faults)),
        Figure(_REFUSED.format(who), bot.refused.total()),
        *(Figure(f"{who}: refused: {method}", times) for method, times in bot.refused.most_common()),
        *_cpu(who, bot, bare),
        *_rendering(who, bot),
        *_by_kind(who, bot),
        *_load(who, bot, bare, answer),
    ]


def _lags(who: str, bot: Played, bare: Played) -> Iterator[Figure]:
    mine, reference = _all_lags(bot, limited=True), _all_lags(bare, limited=False)
    plain = [lag.seconds * 1000 for lag in mine if not lag.opens]
    beside = [lag.seconds * 1000 for lag in reference]
    opening = [lag.seconds * 1000 for lag in mine if lag.opens]
    if plain and beside:
        spread = (min(plain), max(plain))
        yield Figure(_P50.format(who), median(plain), "ms", median(beside), spread)
        yield Figure(_P99.format(who), share(plain, 0.99), "ms", share(beside, 0.99), spread)
        yield Figure(f"{who}: such moments", len(plain), "", len(beside))
    if opening and beside:
        spread = (min(opening), max(opening))
        title = f"{who}: the same where a thread is opened first, p50"
        yield Figure(title, median(opening), "ms", median(beside), spread)


def _all_lags(played: Played, *, limited: bool) -> list[Lag]:
    return [lag for leg in played.legs for lag in lags(leg, played, limited=limited)]


def _cpu(who: str, bot: Played, bare: Played) -> Iterator[Figure]:
    if bot.spent is not None and bare.spent is not None:
        reference = bare.spent.cpu / max(1, bare.answers)
        yield Figure(f"{who}: CPU per answer", bot.spent.cpu / max(1, bot.answers), "s", reference)


def _rendering(who: str, bot: Played) -> Iterator[Figure]:
    shown = [course for leg in bot.legs for course in courses(leg, bot)]
    if bot.spent is not None and shown:
        each = bot.spent.cpu / max(1, bot.answers)
        yield Figure(_RENDERING.format(who), 100 * rendering(shown) / len(shown) / each, "%")


def _by_kind(who: str, bot: Played) -> Iterator[Figure]:
    legs = [courses(leg, bot) for leg in bot.legs]
    best = [least(leg) for leg in legs]
    for kind in KINDS:
        mine = [course for leg in legs for course in leg if course.kind == kind]
        if mine:
            optimum = mean(stale for leg in best for stale in leg[kind])
            stale = [course.stale for course in mine]
            yield Figure(_STALE.format(who, kind), mean(stale), "s", optimum, (min(stale), max(stale)))
            yield from _lasts(who, kind, mine)


def _lasts(who: str, kind: str, mine: Sequence[Course]) -> Iterator[Figure]:
    lasts = [course.last for course in mine]
    spread = (min(lasts), max(lasts))
    yield Figure(f"{who}, {kind}: last piece to whole text, p50", median(lasts), "s", spread=spread)
    yield Figure(_LAST.format(who, kind), max(lasts), "s", spread=spread)


def _load(who: str, bot: Played, bare: Played, answer: float) -> Iterator[Figure]:
    """How much others were in the way, on this side and on the other: then the figures above say little."""
    if bot.spent is not None and bare.spent is not None:
        mine, reader = bot.spent.waited / bot.spent.elapsed, bare.spent.waited / bare.spent.elapsed
        yield Figure(f"{who}: of its time, waiting for a core", mine * 100, "%", reader * 100)
    late, beside = behind(bot, answer), behind(bare, answer)
    if late and beside:
        title = f"{who}: Dify's pieces behind their time, p99"
        yield Figure(title, share(late, 0.99) * 1000, "ms", share(beside, 0.99) * 1000)

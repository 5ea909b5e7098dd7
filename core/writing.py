"""The reply of a turn: where it is written, and what a process before us may have written of it."""

import asyncio
from collections.abc import Iterable, Sequence

from core.continuation import Earlier, Keep
from core.contract import ChatAdapter, RateLimited
from core.lanes import Lanes
from core.messages import Button, MessageRef, Standing, Target
from core.reply import Reply
from core.running import Running
from core.sentences import language
from core.store.ledger import Ledger
from core.store.patience import patiently
from core.store.rows import Turn


def target_of(turn: Turn) -> Target:
    """What a turn's messages answer, and where; each message adds its page to the key."""
    ref = turn.message.ref
    key = f"parley-{ref.platform}:{ref.workspace}:{ref.channel}:{ref.id}"
    return Target(turn.conversation.place, ref, turn.message.author, key)


def language_of(turn: Turn) -> str:
    """The language that its asker is spoken to in."""
    return language(turn.message.text, turn.message.locale)


def reply_to(
    running: Running,
    adapter: ChatAdapter,
    lanes: Lanes,
    ledger: Ledger,
    keep: Keep,
    growing: tuple[Button, ...],
) -> Reply:
    """The reply of a turn, begun or gone on with; `growing`: the buttons under it until it is whole."""
    turn = running.turn
    earlier = None
    if turn.fence > 1:  # a process before us had it, and may have posted what it could not keep any more

        async def find() -> Sequence[MessageRef]:
            return await _standing(turn, adapter, ledger)

        earlier = Earlier(turn.text, find)
    return Reply(
        adapter,
        target_of(turn),
        lanes,
        posted=turn.posts,
        keep=keep,
        guard=running.check,
        earlier=earlier,
        growing=growing,
    )


async def _standing(turn: Turn, adapter: ChatAdapter, ledger: Ledger) -> Sequence[MessageRef]:
    while True:
        try:
            found = await adapter.find(target_of(turn))
        except RateLimited as limited:  # no lane waits for a look
            await asyncio.sleep(limited.retry_after)
        else:
            break
    new = [
        standing
        for standing in found
        if standing.ref not in turn.posts
        and not (standing.page is None and await patiently(lambda ref=standing.ref: ledger.is_known(ref)))  # type: ignore[misc]
    ]
    return merged(turn.posts, new)


def merged(kept: Sequence[MessageRef], found: Iterable[Standing]) -> list[MessageRef]:
    """The messages of an answer, first page first: those kept, and those found beside them, oldest first."""
    pages = dict(enumerate(kept))
    for standing in found:
        page = standing.page
        if page is None or page in pages:
            page = next(number for number in range(len(pages) + 1) if number not in pages)
        pages[page] = standing.ref
    return [pages[page] for page in sorted(pages)]

"""What stands in the chats: messages of both platforms as one kind of thing, and the sets that they form."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.crash.questions import remainder, tokens_in
from simulators.discord import DiscordSimulator
from simulators.discord import Message as DiscordMessage
from simulators.slack import Message as SlackMessage
from simulators.slack import SlackSimulator

_FROM_PEOPLE = (0, 19)  # Discord: plain messages and replies; others are the system's own lines


@dataclass(frozen=True)
class Post:
    """One message of the bot as it stands at the end."""

    key: str  # unique over both platforms
    place: str  # of the conversation
    at: float  # when it was posted, time.monotonic
    text: str
    history: tuple[tuple[float, str], ...]  # every visible state and when it began
    buttons: bool = False
    streaming: bool = False

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words of answers in it."""
        return tokens_in(self.text)

    @property
    def remark(self) -> str:
        """What it says beside the answer."""
        return remainder(self.text)


def slack_place(channel: str, root: str) -> str:
    """The name of a thread."""
    return f"slack/{channel}/{root}"


def discord_place(channel: int) -> str:
    """The name of a thread or a direct message's channel."""
    return f"discord/{channel}"


def of_slack(message: SlackMessage) -> Post:
    """A Slack message; one outside of any thread counts to its channel."""
    root = message.thread_ts or ""
    history = tuple((shown.at, shown.text) for shown in message.history)
    return Post(
        f"slack/{message.channel}/{message.ts}",
        slack_place(message.channel, root),
        history[0][0],
        message.shown,
        history,
        buttons=bool(message.buttons),
        streaming=message.streaming,
    )


def of_discord(message: DiscordMessage) -> Post:
    """A Discord message."""
    history = tuple((version.at, version.content) for version in message.history)
    return Post(
        f"discord/{message.channel.id}/{message.id}",
        discord_place(message.channel.id),
        history[0][0],
        message.content,
        history,
        buttons=bool(message.components),
    )


def standing(slack: SlackSimulator, discord: DiscordSimulator) -> list[Post]:
    """Everything that the bot has written and that is still there, in the order of posting."""
    mine = slack.world.bot_id
    posts = [
        of_slack(message)
        for message in slack.world.log.values()
        if message.bot_id == mine and not message.deleted and message.ephemeral_to is None
    ]
    posts += [
        of_discord(message)
        for channel in discord.world.channels.values()
        for message in channel.messages.values()
        if message.author is discord.world.bot and message.type in _FROM_PEOPLE
    ]
    return sorted(posts, key=lambda post: post.at)


def post_of(message: Any) -> Post:
    """A message of either platform."""
    return of_slack(message) if isinstance(message, SlackMessage) else of_discord(message)


@dataclass(frozen=True)
class Pages:
    """Messages that belong together: from one with an answer's first word to before the next such one."""

    posts: tuple[Post, ...]

    @property
    def tokens(self) -> tuple[str, ...]:
        """All words, page after page."""
        return tuple(token for post in self.posts for token in post.tokens)


def sets_of(posts: Iterable[Post]) -> list[Pages]:
    """The messages with words of one question's answers, as sets of pages."""
    sets: list[list[Post]] = []
    for post in posts:
        if not sets or post.tokens[0].endswith("w0000"):
            sets.append([])
        sets[-1].append(post)
    return [Pages(tuple(pages)) for pages in sets]


def is_whole(pages: Pages, answers: Sequence[tuple[str, ...]]) -> bool:
    """Whether the set holds exactly one of the answers, and nothing else."""
    return pages.tokens in answers and not any(post.remark or post.streaming for post in pages.posts)

"""Slash commands: what was given, and questions asked by one."""

import logging
from collections.abc import Mapping
from typing import Any

from adapters.slack.api import SlackApi, SlackError
from adapters.slack.inbound import Self, facts, field, identity, reading, team_of
from adapters.slack.origin import Origin, of_command, place_at
from adapters.slack.quotes import Quotes
from adapters.slack.sentences import say
from adapters.slack.settings import SlackSettings
from core.contract import Inbox, RateLimited, Uncertain
from core.messages import Addressed, CommandGiven, IncomingMessage, MessageRef

log = logging.getLogger(__name__)

ASK, HELP = "ask", "help"
_INVITE = frozenset({"channel_not_found", "not_in_channel"})


def command_given(
    body: Mapping[str, Any], me: Self, settings: SlackSettings
) -> tuple[CommandGiven, Origin] | None:
    """What a slash command says; None where it is another program's. Raises Malformed."""
    with reading():
        if body.get("command") != f"/{settings.command}":
            return None
        origin = of_command(body, me, settings)
        words = str(body.get("text") or "").split(maxsplit=1)
        name, text = [*words, "", ""][:2]
        if name.lower() == ASK and not text:
            name = HELP
        place, author = origin.place, origin.author
        given = CommandGiven(
            id=field(body, "trigger_id"),
            name=name.lower() or HELP,
            text=text.strip(),
            place=place,
            author=author,
            identity=identity(place, author.id),
            facts=facts(place.channel, author.id, team_of(body, me)),
        )
        return given, origin


class Questions:
    """Asks aloud what somebody asked by a command, so that the answer has a message to stand below."""

    def __init__(self, api: SlackApi, quotes: Quotes, settings: SlackSettings) -> None:
        self._api = api
        self._quotes = quotes
        self._settings = settings

    async def ask(self, given: CommandGiven, me: Self, inbox: Inbox) -> str:
        """Post the question and hand it on. A sentence for the person where that can't be, else "".

        Raises what the inbox raises; then the question does not stand any more.
        """
        try:
            ref = await self._quotes.post(given.place, given.author, given.text, f"command:{given.id}")
        except SlackError as error:
            log.info("a question by command was not posted: %s", error)
            return say("invite" if error.code in _INVITE else "refused", given.locale)
        except (RateLimited, Uncertain) as error:
            log.info("a question by command was not posted: %s", error)
            return say("again", given.locale)
        try:
            await inbox.message(self._message(given, ref, me))
        except BaseException:
            await self._withdraw(ref)
            raise
        return ""

    def _message(self, given: CommandGiven, ref: MessageRef, me: Self) -> IncomingMessage:
        place = place_at(ref.channel, ref.id, me, self._settings)
        return IncomingMessage(
            ref=ref,
            place=place,
            author=given.author,
            text=given.text,
            addressed=Addressed.DIRECT if place.direct else Addressed.MENTION,
            identity=identity(place, given.author.id),
            locale=given.locale,
            facts=given.facts,
        )

    async def _withdraw(self, ref: MessageRef) -> None:
        """Nobody will answer it: the person is told that the command failed, and asks again."""
        try:
            await self._api.post("chat.delete", channel=ref.channel, ts=ref.id)
        except (SlackError, RateLimited, Uncertain) as error:
            log.warning("a question that was not taken in stands on: %s", error)

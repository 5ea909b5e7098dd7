"""`parley forget`: a person's rows are erased, and their conversations at Dify deleted."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby

from bots.assembly import dify_apps
from bots.config import Config
from core.annotating import unannotate
from core.apps import MAX_IDENTITY, App
from core.errors import DifyError, DifyUnreachable
from core.store.database import Database
from core.store.erasure import Begun, Erasure, Part
from core.store.inspection import existing

_PAGE = 100  # Dify lists no more conversations at once
_Work = Callable[[App, Sequence[Part]], Awaitable[None]]
_UNKNOWN_APP = "is not in the configuration any more: add it again with its key"


@dataclass
class Forgotten:
    """What was done, in counts; and what could not be done, by app."""

    known: bool = True  # there was anything of this person
    questions: int = 0
    votes: int = 0
    conversations: int = 0
    deleted: int = 0  # at Dify
    annotations: int = 0  # likewise
    unknown: int = 0  # answers that were annotations, and that Dify has no more
    shared: int = 0  # with others, at Dify
    logged: int = 0  # questions to apps whose log can't be deleted from
    problems: dict[str, str] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)  # conversations that have to wait

    def lines(self) -> list[str]:
        """What was done, to be read; it names nobody."""
        if not self.known:
            return ["nothing is known of this person"]
        questions, reactions = _count(self.questions, "question"), _count(self.votes, "reaction")
        said = [
            f"erased: {questions}, {reactions}, {_count(self.conversations, 'conversation')}",
            f"deleted at Dify: {_count(self.deleted, 'conversation')}",
        ]
        if self.annotations:
            said.append(f"deleted at Dify: {_count(self.annotations, 'annotation')}")
        if self.unknown:
            answers = _count(self.unknown, "answer")
            said.append(f"look at the app's annotations in Dify: {answers} kept there can't be found by text")
        if self.shared:
            said.append(f"left at Dify, because others took part: {_count(self.shared, 'conversation')}")
        if self.logged:
            asked = f"{_count(self.logged, 'question')} to workflow or completion apps"
            said.append(f"left in Dify's log, which its API can't empty: {asked}")
        return said

    def problem_lines(self) -> list[str]:
        """What could not be done, and the mend."""
        return [
            f"app {app or '?'}: {problem}; then repeat this command "
            f"({_count(self.kept[app], 'conversation')} left)"
            for app, problem in self.problems.items()
        ]


async def forget(config: Config, platform: str, person: str) -> Forgotten:
    """Forget a person; works beside a running bot. Raises ParleyError."""
    existing(config.store_url)
    database = await Database.open(config.store_url, exclusive=False)
    apps, servers = dify_apps(config)
    try:
        return await _Forgetting(Erasure(database, platform, person), apps).all()
    finally:
        for app in apps.values():
            await app.dify.aclose()
        for server in servers:
            await server.aclose()
        await database.aclose()


class _Forgetting:
    """Dify first: a row goes when there is nothing left that only it leads to."""

    def __init__(self, erasure: Erasure, apps: Mapping[str, App]) -> None:
        self._erasure = erasure
        self._apps = apps
        self._done = Forgotten()
        self._away: set[str] = set()  # apps that can't be reached: each try takes its time

    async def all(self) -> Forgotten:
        done, parts = self._done, await self._erasure.parts()
        done.votes = await self._erasure.erase_votes()
        done.known = bool(parts or done.votes)
        # Now, so that nothing that is asked in these moments becomes a new conversation at Dify.
        for begun in await self._erasure.withdraw():
            await self._stop(begun)
        for part in parts:
            if not part.alone:
                await self._shared(part)
        for group in _groups(part for part in parts if part.alone):
            await self._own(group)
        return done

    async def _stop(self, begun: Begun) -> None:
        app = self._apps.get(begun.app)
        if app is None:
            return
        user = begun.identity[:MAX_IDENTITY]
        with suppress(DifyError):  # best effort: what it writes goes with its conversation
            mode = await app.dify.detect()
            await app.dify.client.stop(begun.task_id, user, mode=mode)

    async def _shared(self, part: Part) -> None:
        done, problem = self._done, ""
        if await self._erasure.marked(part):
            problem = await self._tried([part], self._unannotate)
        if problem:
            self._keep(part.app, problem, 1)
            return
        done.questions += await self._erasure.erase(part)
        done.shared += bool(part.dify_id)

    async def _own(self, group: Sequence[Part]) -> None:
        done, name = self._done, group[0].app
        problem = await self._tried(group, self._delete_all)
        if problem:
            self._keep(name, problem, len(group))
            return
        erased = [await self._erasure.erase(part) for part in group]
        done.questions += sum(erased)
        done.conversations += len(erased)
        app = self._apps.get(name)
        done.logged += sum(erased) if app is not None and not app.dify.converses else 0

    def _keep(self, app: str, problem: str, conversations: int) -> None:
        self._done.problems[app] = problem
        self._done.kept[app] = self._done.kept.get(app, 0) + conversations

    async def _tried(self, group: Sequence[Part], work: _Work) -> str:
        """Do something at Dify about a group's conversations; why it can't be done, "" where it was."""
        name = group[0].app
        if name in self._away:
            return self._done.problems[name]
        app = self._apps.get(name)
        if app is None:
            return _UNKNOWN_APP if any(part.dify_id for part in group) else ""
        try:
            await app.dify.detect()
            if app.dify.converses:
                await work(app, group)
        except DifyError as error:
            if isinstance(error, DifyUnreachable):
                self._away.add(name)
            return error.advice.hint
        return ""

    async def _delete_all(self, app: App, group: Sequence[Part]) -> None:
        """Those that we know, and where nobody else's are under the identity, those too that were left."""
        await self._unannotate(app, group)  # first: the texts are found in the conversations
        client, user = app.dify.client, group[0].identity[:MAX_IDENTITY]
        gone: set[str] = set()
        wanted = {part.dify_id for part in group if part.dify_id}
        while True:
            for conversation in wanted:
                await client.delete_conversation(conversation, user)
                self._done.deleted += 1
            gone |= wanted
            if not any(part.personal for part in group):
                return
            wanted = {each.id for each in await client.conversations(user, limit=_PAGE)} - gone
            if not wanted:
                return

    async def _unannotate(self, app: App, group: Sequence[Part]) -> None:
        """Delete the annotations that were made of their questions here."""
        for part in group:
            marked = await self._erasure.marked(part)
            gone, unknown = await unannotate(app.dify, marked, part.identity, part.dify_id)
            self._done.annotations += gone
            self._done.unknown += unknown


def _groups(parts: Iterable[Part]) -> list[list[Part]]:
    """The conversations that Dify has under one identity, together."""

    def key(part: Part) -> tuple[str, str]:
        return part.app, part.identity

    return [list(group) for _, group in groupby(sorted(parts, key=key), key)]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

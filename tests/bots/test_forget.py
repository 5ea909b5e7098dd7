"""`parley forget`, over a real Dify simulator, beside a bot that has the store open."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import select, update

from bots import forgetting
from bots.assembly import dify_apps
from bots.config import parse
from bots.forgetting import forget
from bots.running import running_bot
from core.dify.client import Question
from core.errors import Superseded
from core.messages import Addressed, IncomingMessage, MessageRef, Person, Place
from core.store.database import Database
from core.store.erasure import Erasure
from core.store.ledger import Ledger
from core.store.ratings import Ratings
from core.store.store import Store
from core.store.tables import conversations, posts, turns, votes
from simulators.dify import DifySimulator
from simulators.dify.script import Answer, Gate
from simulators.slack import SlackSimulator
from tests.postgres import eventually, value

ROOT = Path(__file__).parents[2]
FORM = ({"paragraph": {"variable": "question", "label": "Question", "required": True}},)
SECRET = "nobody else should read this"


class Office:
    """People who have asked things: rows as the bot leaves them, conversations as Dify has them."""

    def __init__(self, dify, url, folder):
        self.dify, self.url, self.folder = dify, url, folder
        self.names = 0

    async def open(self):
        self.database = await Database.open(self.url)  # what a running bot holds
        self.store, self.ledger = Store(self.database), Ledger(self.database)
        self.apps, self.servers = dify_apps(self.config())
        return self

    async def aclose(self):
        for server in self.servers:
            await server.aclose()
        await self.database.aclose()

    def config(self, **keys):
        return parse(
            {
                "dify": {"base_url": self.dify.base_url},
                "apps": {
                    name: {"api_key": key} for name, key in (keys or {"support": "app-support"}).items()
                },
                "routes": [{"app": next(iter(keys), "support")}],
                "slack": {"bot_token": "xoxb-1", "app_token": "xapp-1"},
                "store": {"url": self.url},
            },
            self.folder / "config.yaml",
        )

    def forget(self, person="alice", platform="slack", **keys):
        return forget(self.config(**keys), platform, person)

    async def accepted(
        self, person, thread="t", *, direct=False, app="support", platform="slack", identity="", text=SECRET
    ):
        """A question; its turn, taken up by the bot."""
        self.names += 1
        place = Place(platform, "W", f"D-{person}" if direct else "C", thread, direct=direct)
        identity = identity or (f"{platform}:W:{person}" if direct else f"{platform}:W:C:{thread}")
        ref = MessageRef(platform, "W", place.channel, f"q{self.names}")
        asked = IncomingMessage(ref, place, Person(person), text, Addressed.MENTION, identity)

        async def enlist(*_):
            """Nobody runs it."""

        taken = await self.store.accept(asked, app, enlist, command=text in {"stop", "new"})
        turn = await self.ledger.claim(taken.turn)
        await self.ledger.add_post(turn, 0, MessageRef(platform, "W", place.channel, f"a{turn.id}"))
        return turn

    async def asked(self, person, thread="t", **more):
        """A question that Dify has answered."""
        turn = await self.accepted(person, thread, **more)
        ids = await self.at_dify(turn.conversation.identity, turn.conversation.dify_id)
        await self.ledger.note_ids(turn, task_id="", run_id="", asked_at=1.0, **ids)
        await self.ledger.close(turn, "complete")
        return turn

    async def at_dify(self, user, conversation_id=""):
        client = self.apps["support"].dify.client
        async with client.ask(Question(SECRET, user, conversation_id=conversation_id), run=False) as events:
            seen = [event async for event in events]
        return {
            "conversation_id": next(event.conversation_id for event in seen if event.conversation_id),
            "message_id": next(event.message_id for event in seen if event.message_id),
        }

    async def rows(self, *columns):
        async with self.database.begin() as connection:
            return [tuple(row) for row in await connection.execute(select(*columns).order_by(columns[0]))]

    async def authors(self):
        return [author for (author,) in await self.rows(turns.c.author)]

    async def threads(self):
        return dict(await self.rows(conversations.c.thread, conversations.c.dify_id))

    def users(self):
        """Who has conversations at Dify."""
        return sorted(item.user for item in self.dify.apps["app-support"].conversations.values())


@pytest.fixture(params=["embedded_url", "postgres"])
def url(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def embedded_url(tmp_path):
    return f"sqlite:///{tmp_path}/parley.db"


@pytest.fixture
async def dify():
    async with DifySimulator() as simulator:
        simulator.add_app("app-support")
        yield simulator


@pytest.fixture
async def office(dify, url, tmp_path):
    office = await Office(dify, url, tmp_path).open()
    yield office
    await office.aclose()


@pytest.fixture
async def desk(dify, embedded_url, tmp_path):
    """An office whose store is SQLite: for what does not depend on it."""
    office = await Office(dify, embedded_url, tmp_path).open()
    yield office
    await office.aclose()


async def test_what_a_person_alone_took_part_in_goes_here_and_at_dify(office):
    await office.asked("alice", "mine")
    await office.asked("alice", "mine")
    await office.asked("alice", "dm-1", direct=True)
    await office.asked("alice", "dm-2", direct=True)
    await office.asked("bob", "his")
    await office.asked("bob", "dm", direct=True)
    done = await office.forget()
    assert done.lines() == [
        "erased: 4 questions, 0 reactions, 3 conversations",
        "deleted at Dify: 3 conversations",
    ]
    assert done.problem_lines() == []
    assert await office.authors() == ["bob", "bob"]
    assert set(await office.threads()) == {"his", "dm"}
    assert office.users() == ["slack:W:C:his", "slack:W:bob"]
    assert len(await office.rows(posts.c.turn)) == 2
    calls = office.dify.journal.named("DELETE /conversations/{conversation_id}")
    assert {call.args["user"] for call in calls} == {"slack:W:C:mine", "slack:W:alice"}


async def test_a_conversation_with_others_stays_at_dify_and_the_count_is_said(office):
    await office.asked("alice", "ours")
    await office.asked("bob", "ours")
    await office.asked("alice", "mine")
    before = (await office.threads())["ours"]
    done = await office.forget()
    assert done.lines() == [
        "erased: 2 questions, 0 reactions, 1 conversation",
        "deleted at Dify: 1 conversation",
        "left at Dify, because others took part: 1 conversation",
    ]
    assert await office.authors() == ["bob"]
    assert await office.threads() == {"ours": before}
    assert office.users() == ["slack:W:C:ours"]


async def test_who_only_said_stop_or_new_did_not_take_part(office):
    await office.asked("alice", "mine")
    stop = await office.accepted("bob", "mine", text="stop")
    await office.ledger.close(stop, "command")
    done = await office.forget()
    assert (done.shared, done.deleted) == (0, 1)
    assert await office.authors() == ["bob"]
    assert await office.threads() == {"mine": ""}


async def test_what_a_person_left_behind_with_new_goes_too(office):
    first = await office.asked("alice", "dm", direct=True)
    await office.ledger.forget_memory(first)
    await office.asked("alice", "dm", direct=True)
    assert len(office.users()) == 2
    done = await office.forget()
    assert (done.deleted, done.conversations) == (2, 1)
    assert office.users() == []


async def test_however_many_there_are(desk, monkeypatch):
    monkeypatch.setattr(forgetting, "_PAGE", 2)
    await desk.asked("alice", "dm", direct=True)
    for _ in range(5):
        await desk.at_dify("slack:W:alice")
    assert (await desk.forget()).deleted == 6
    assert desk.users() == []


async def test_direct_messages_are_found_when_every_question_is_old_and_gone(office):
    turn = await office.asked("alice", "dm", direct=True)
    await office.asked("malice", "dm-2", direct=True)
    await office.asked("ALICE", "dm-3", direct=True)
    await office.database.write(
        lambda connection: connection.execute(turns.delete().where(turns.c.id == turn.id))
    )
    done = await office.forget()
    assert (done.known, done.deleted, done.conversations) == (True, 1, 1)
    assert office.users() == ["slack:W:ALICE", "slack:W:malice"]


async def test_where_a_channel_is_one_user_the_others_conversations_stay(office):
    await office.asked("alice", "q1", identity="slack:C")
    await office.asked("bob", "q2", identity="slack:C")
    done = await office.forget()
    assert (done.deleted, done.shared) == (1, 0)
    assert office.users() == ["slack:C"]
    assert (await office.threads())["q2"] == next(iter(office.dify.apps["app-support"].conversations))


async def test_the_same_id_elsewhere_is_another_person(desk):
    await desk.asked("alice", "here")
    other = await desk.asked("alice", "there", platform="discord")
    await desk.asked("alice", "dm", platform="discord", direct=True)
    post = MessageRef("discord", "W", "C", "a")
    await Ratings(desk.database).vote(other.id, post, "alice", "+1", "like")
    done = await desk.forget()
    assert (done.questions, done.votes) == (1, 0)
    assert set(await desk.threads()) == {"there", "dm"}


async def test_reactions_go_and_dify_is_to_be_told_what_is_left(office):
    turn = await office.asked("bob", "his")
    other = await office.asked("bob", "other")
    ratings = Ratings(office.database)
    for answer in (turn, other):
        post = MessageRef("slack", "W", "C", f"a{answer.id}")
        for person in ("alice", "bob")[: 2 if answer is turn else 1]:
            await ratings.vote(answer.id, post, person, "+1", "like")
            await ratings.told(answer.id, "like", (await ratings.standing(answer.id))[1])
    assert await ratings.due() == []
    done = await office.forget()
    assert done.lines()[0] == "erased: 0 questions, 2 reactions, 0 conversations"
    assert await office.rows(votes.c.person) == [("bob",)]
    assert sorted(await ratings.due()) == [turn.id, other.id]
    assert await office.authors() == ["bob", "bob"]


async def test_reactions_of_others_go_with_the_answers(office):
    turn = await office.asked("alice", "mine")
    await Ratings(office.database).vote(turn.id, MessageRef("slack", "W", "C", "a"), "bob", "+1", "like")
    assert (await office.forget()).votes == 0
    assert await office.rows(votes.c.person) == []


async def test_nobody_is_nobody(desk):
    await desk.asked("bob")
    done = await desk.forget()
    assert done.lines() == ["nothing is known of this person"]
    assert done.problems == {}
    assert await desk.authors() == ["bob"]


async def test_while_dify_is_away_the_rows_stay_to_try_again(office):
    await office.asked("alice", "mine")
    await office.asked("alice", "dm", direct=True)
    await office.asked("alice", "ours")
    await office.asked("bob", "ours")
    waiting = await office.accepted("alice", "mine")
    port = int(office.dify.origin.rpartition(":")[2])
    await office.dify.stop()
    done = await office.forget()
    assert done.lines()[:2] == [
        "erased: 1 question, 0 reactions, 0 conversations",
        "deleted at Dify: 0 conversations",
    ]
    [problem] = done.problem_lines()
    assert problem.startswith("app support: no connection to Dify")
    assert problem.endswith("then repeat this command (2 conversations left)")
    assert await office.authors() == ["alice", "alice", "alice", "bob"]
    assert (await office.rows(turns.c.id, turns.c.question, turns.c.state))[-1] == (
        waiting.id,
        None,
        "closed",
    )
    await office.dify.start(port)
    done = await office.forget()
    assert (done.questions, done.deleted, done.problems) == (3, 2, {})
    assert await office.authors() == ["bob"]


async def test_a_key_that_dify_refuses_is_said(desk):
    await desk.asked("alice")
    done = await desk.forget(support="app-wrong")
    [problem] = done.problem_lines()
    assert problem.startswith("app support: Dify refuses the API key: check apps.*.api_key; then repeat")
    assert await desk.authors() == ["alice"]


async def test_an_app_that_is_not_configured_any_more_is_said_and_the_others_are_done(desk):
    await desk.asked("alice", "old")
    await desk.database.write(
        lambda connection: connection.execute(update(conversations).values(app="retired"))
    )
    await desk.asked("alice", "mine")
    done = await desk.forget()
    [problem] = done.problem_lines()
    assert problem.startswith("app retired: is not in the configuration any more: add it again with its key")
    assert set(await desk.threads()) == {"old"}
    assert (await desk.forget(support="app-support", retired="app-support")).problems == {}
    assert await desk.threads() == {}


async def test_a_question_that_no_route_took_is_only_a_row(desk):
    turn = await desk.accepted("alice", app="")
    await desk.ledger.close(turn, "failed")
    done = await desk.forget()
    assert (done.questions, done.conversations, done.deleted, done.problems) == (1, 1, 0, {})
    assert await desk.threads() == {}


async def test_what_dify_keeps_in_a_log_is_said_to_stay(desk):
    desk.dify.add_app("app-flow", mode="workflow", input_form=FORM)
    turn = await desk.accepted("alice", app="reports")
    await desk.ledger.close(turn, "complete")
    done = await desk.forget(support="app-support", reports="app-flow")
    assert done.lines()[2:] == [
        "left in Dify's log, which its API can't empty: 1 question to workflow or completion apps"
    ]
    assert await desk.threads() == {}


async def test_a_question_in_progress_is_withdrawn_from_who_answers_it(office):
    turn = await office.accepted("alice", "mine")
    await office.ledger.note_sending(turn)
    done = await office.forget()
    assert (done.questions, done.conversations) == (1, 1)
    with pytest.raises(Superseded):
        await office.ledger.note_text(turn, SECRET)
    assert await office.ledger.claim(turn.id) is None


async def test_no_words_are_left_even_before_dify_has_answered(office):
    turn = await office.accepted("alice", "mine")
    erasure = Erasure(office.database, "slack", "alice")
    await erasure.parts()
    await erasure.withdraw()
    assert await office.rows(turns.c.id, turns.c.question, turns.c.text) == [(turn.id, None, None)]
    with pytest.raises(Superseded):
        await office.ledger.note_text(turn, SECRET)


async def test_what_is_asked_meanwhile_is_not_forgotten(office):
    await office.asked("alice", "mine")
    erasure = Erasure(office.database, "slack", "alice")
    [part] = await erasure.parts()
    later = await office.accepted("alice", "mine")
    await erasure.withdraw()
    assert await erasure.erase(part) == 1
    await office.ledger.note_text(later, "still answered")
    assert await office.threads() == {"mine": ""}
    assert len(await office.authors()) == 1


async def test_the_memory_of_what_is_asked_meanwhile_stays(office):
    await office.asked("alice", "mine")
    erasure = Erasure(office.database, "slack", "alice")
    [part] = await erasure.parts()
    later = await office.accepted("alice", "mine")
    await office.ledger.note_ids(
        later, task_id="", message_id="m", run_id="", conversation_id="new", asked_at=1.0
    )
    await erasure.erase(part)
    assert await office.threads() == {"mine": "new"}


async def test_what_a_replica_takes_at_this_moment_is_not_lost(dify, postgres, tmp_path):
    office = await Office(dify, postgres, tmp_path).open()
    await office.asked("alice", "mine")
    async with await psycopg.AsyncConnection.connect(postgres) as other:
        await other.execute(
            "INSERT INTO turns (conversation, platform, workspace, channel, message, author, identity, state,"
            " outcome, task_id, message_id, run_id, rating_due, rating, queued_at)"
            " SELECT conversation, platform, workspace, channel, 'new', 'bob', identity, 'queued', '', '',"
            " '', '', false, '', extract(epoch from now()) FROM turns"
        )
        forgotten = asyncio.create_task(office.forget())
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
        await eventually(lambda: value(postgres, waiting))
    await forgotten
    assert await office.authors() == ["bob"]
    assert await office.threads() == {"mine": ""}
    await office.aclose()


async def test_a_running_bot_forgets_and_begins_afresh(dify, url, tmp_path):
    async with SlackSimulator() as slack:
        alice = slack.add_user("alice")
        config = slack_config(dify, slack, url, tmp_path)
        async with running_bot(config) as address:
            await ready(address)
            first = slack.post(slack.dm(alice), alice, "remember me")
            await dify.ended(1)
            await slack.journal.wait(lambda: "You said" in shown(slack, first))
            done = await forget(config, "slack", alice.id)
            assert (done.questions, done.deleted) == (1, 1)
            again = slack.post(slack.dm(alice), alice, "who am I?", thread_ts=first.ts)
            await slack.journal.wait(lambda: "who am I?" in shown(slack, again))
        asked = dify.journal.named("POST /chat-messages")
        assert [call.args.get("conversation_id") or "" for call in asked] == ["", ""]


async def test_a_running_bot_gives_up_an_answer_and_goes_on_with_others(dify, url, tmp_path):
    gate = Gate()
    dify.reply(Answer(["The beginning. ", "The end."], gate=gate))
    async with SlackSimulator() as slack:
        alice, bob = slack.add_user("alice"), slack.add_user("bob")
        config = slack_config(dify, slack, url, tmp_path)
        async with running_bot(config) as address:
            await ready(address)
            slack.post(slack.dm(alice), alice, SECRET)
            await dify.started(1)
            gate.allow()
            await slack.journal.wait(lambda: "The beginning." in all_shown(slack, slack.dm(alice)))
            assert (await forget(config, "slack", alice.id)).questions == 1
            [stop] = dify.journal.named("POST /chat-messages/{task_id}/stop")
            assert (stop.args["user"].endswith(alice.id), stop.status) == (True, 200)
            gate.finish()
            asked = slack.post(slack.dm(bob), bob, "and me?")
            await slack.journal.wait(lambda: "You said: and me?" in shown(slack, asked))
        assert "The end." not in all_shown(slack, slack.dm(alice))
        database = await Database.open(config.store_url)
        async with database.begin() as connection:
            assert [row.author for row in await connection.execute(select(turns.c.author))] == [bob.id]
        await database.aclose()


async def ready(address):
    async with asyncio.timeout(10), httpx.AsyncClient(base_url=f"http://{address}") as client:
        while True:
            if (await client.get("/readyz")).json()["ready"]:
                return
            await asyncio.sleep(0.01)  # asking again is the only way from outside


def slack_config(dify, slack, url, folder):
    return parse(
        {
            "dify": {"base_url": dify.base_url},
            "apps": {"support": {"api_key": "app-support"}},
            "routes": [{"app": "support"}],
            "slack": {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url},
            "store": {"url": url},
            "server": {"listen": "127.0.0.1:0", "grace": 1},
        },
        folder / "config.yaml",
    )


def all_shown(slack, channel):
    return " ".join(m.shown for m in slack.world.messages(channel) if m.bot_id)


def shown(slack, question):
    root = question.thread_ts or question.ts
    mine = [m.shown for m in slack.world.messages(question.channel) if m.bot_id and m.thread_ts == root]
    return mine[-1] if mine else ""


# ---- the command ----


def parley(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "bots", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def written(office):
    (office.folder / "config.yaml").write_text(
        f"dify: {{base_url: '{office.dify.base_url}'}}\n"
        "apps: {support: {api_key: app-support}}\nroutes: [{app: support}]\n"
        f"slack: {{bot_token: xoxb-1, app_token: xapp-1}}\nstore: {{url: '{office.url}'}}\n"
    )


@pytest.mark.parametrize("user", ["alice", "slack:", "irc:alice", ":alice", ""])
def test_a_user_that_is_none_is_wrong_usage_with_an_example(tmp_path, user):
    done = parley("forget", "--user", user, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "must be PLATFORM:ID, such as slack:U024BE7LH" in done.stderr


def test_without_a_user_it_is_wrong_usage(tmp_path):
    assert parley("forget", cwd=tmp_path).returncode == 2


async def test_the_command_says_counts_and_nothing_else(desk):
    written(desk)
    await desk.asked("alice", "mine")
    done = await asyncio.to_thread(parley, "forget", "--user", "slack:alice", cwd=desk.folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "erased: 1 question, 0 reactions, 1 conversation",
        "deleted at Dify: 1 conversation",
    ]
    done = await asyncio.to_thread(parley, "forget", "--user", "slack:alice", cwd=desk.folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing is known of this person\n", "")


async def test_what_could_not_be_done_is_exit_code_1(desk):
    written(desk)
    await desk.asked("alice", "mine")
    await desk.dify.stop()
    done = await asyncio.to_thread(parley, "forget", "--user", "slack:alice", cwd=desk.folder)
    assert done.returncode == 1
    [problem] = done.stderr.splitlines()
    assert problem.startswith("parley: app support: no connection to Dify")


async def test_a_store_that_is_not_there_is_not_made(desk):
    written(desk)
    text = (desk.folder / "config.yaml").read_text().replace("parley.db", "nowhere.db")
    (desk.folder / "config.yaml").write_text(text)
    done = await asyncio.to_thread(parley, "forget", "--user", "slack:alice", cwd=desk.folder)
    assert done.returncode == 1
    assert "there is no store at" in done.stderr
    assert not (desk.folder / "nowhere.db").exists()

"""A store on a database of its own, of either kind, and messages to put into it."""

import pytest

from core.messages import Addressed, IncomingFile, IncomingMessage, MessageRef, Person, Place
from core.store.database import Database
from core.store.ledger import Ledger
from core.store.ratings import Ratings
from core.store.store import Store

WORDS = "the secret words of Ann"


def message(name="q1", *, text=WORDS, author="ann", thread="t", channel="c", platform="chat", reply_to=""):
    """A question; names are ids."""
    return IncomingMessage(
        ref=MessageRef(platform, "w", channel, name),
        place=Place(platform, "w", channel, thread),
        author=Person(author, "Ann Example"),
        text=text,
        addressed=Addressed.MENTION,
        identity=f"{platform}:w:{channel}:{thread}",
        files=(IncomingFile("f", "plan.pdf", "application/pdf", 7, "https://files/f"),),
        reply_to=reply_to,
        locale="ja-JP",
        facts={"channels": frozenset({channel}), "users": frozenset({author})},
    )


def post(name="a1"):
    """A message of ours in the channel of `message`."""
    return MessageRef("chat", "w", "c", name)


async def enlist(*_):
    """No queue: the turn's row is all."""


async def asked(store, name="q1", app="helpdesk", **more):
    """Accept a message; None where it is known."""
    return await store.accept(message(name, **more), app, enlist)


async def fetch(database, query):
    """The rows of a query."""
    async with database.begin() as connection:
        return (await connection.exec_driver_sql(query)).all()


async def row_of(database, turn):
    """The row of a turn."""
    async with database.begin() as connection:
        found = await connection.exec_driver_sql(f"SELECT * FROM turns WHERE id = {turn}")
        return dict(found.mappings().one())


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/parley.db"
    return request.getfixturevalue("postgres")


@pytest.fixture
async def database(url):
    database = await Database.open(url)
    yield database
    await database.aclose()


@pytest.fixture
def store(database):
    return Store(database)


@pytest.fixture
def ledger(database):
    return Ledger(database)


@pytest.fixture
def ratings(database):
    return Ratings(database)

"""A store on a file of its own, and messages to put into it."""

import pytest

from core.messages import Addressed, IncomingFile, IncomingMessage, MessageRef, Person, Place
from core.store.database import Database
from core.store.store import Store

WORDS = "the secret words of Ann"


def message(name="q1", *, text=WORDS, author="ann", thread="t", reply_to=""):
    """A question; names are ids."""
    return IncomingMessage(
        ref=MessageRef("chat", "w", "c", name),
        place=Place("chat", "w", "c", thread),
        author=Person(author, "Ann Example"),
        text=text,
        addressed=Addressed.MENTION,
        identity=f"chat:w:c:{thread}",
        files=(IncomingFile("f", "plan.pdf", "application/pdf", 7, "https://files/f"),),
        reply_to=reply_to,
        locale="ja-JP",
        facts={"channels": frozenset({"c"}), "users": frozenset({author})},
    )


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/parley.db"


@pytest.fixture
async def database(url):
    database = await Database.open(url)
    yield database
    await database.aclose()


@pytest.fixture
def store(database):
    return Store(database)

"""The schema: what the migrations make is what the tables say, forward only."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from core.errors import StoreTooNew
from core.messages import MessageRef
from core.store import schema
from core.store.database import Database
from core.store.indexes import metadata
from core.store.ledger import Ledger
from core.store.ratings import Ratings
from core.store.rows import State, Vote, question
from core.store.store import Store
from tests.core.store.conftest import asked, enlist, fetch, message, post
from tests.postgres import rows, value


def config_of(connection=None):
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config


async def test_the_migrations_make_exactly_the_tables(database):
    def differences(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, metadata)
        return [change for change in found if "procrastinate" not in str(change)]

    async with database.begin() as connection:
        assert await connection.run_sync(differences) == []


def test_head_is_the_newest_revision():
    assert ScriptDirectory.from_config(config_of()).get_heads() == [schema.HEAD]


async def test_a_schema_of_a_newer_program_is_left_alone_and_may_be_tried_again(url):
    await (await Database.open(url)).aclose()
    await set_version(url, "9999")
    with pytest.raises(StoreTooNew) as caught:
        await Database.open(url)
    assert "newer" in str(caught.value)
    assert await set_version(url, schema.HEAD) == "9999"
    await (await Database.open(url)).aclose()


async def set_version(url, version):
    """Returns what it was before."""
    if url.startswith("postgresql:"):
        before = await value(url, "SELECT version_num FROM alembic_version")
        await rows(url, "UPDATE alembic_version SET version_num = %s", version)
        return before
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    [(before,)] = connection.execute("SELECT version_num FROM alembic_version")
    connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.commit()
    connection.close()
    return before


# ---- SQLite ----


@pytest.fixture
def file(tmp_path):
    return tmp_path / "parley.db"


async def test_constraints_and_indexes_are_the_same_too(file):
    """compare_metadata sees no primary keys, no ON DELETE and no WHERE: so SQLite itself is asked as well."""
    await (await Database.open(f"sqlite:///{file}")).aclose()
    made = create_engine(f"sqlite:///{file}.tables")
    metadata.create_all(made)
    made.dispose()
    assert shape(file) == shape(f"{file}.tables")


def shape(file):
    """Columns, keys and indexes of every table, as SQLite itself reports them."""
    connection = sqlite3.connect(file)
    names = "SELECT name FROM sqlite_master WHERE type='table' AND name != 'alembic_version' ORDER BY name"
    found = {}
    for (table,) in connection.execute(names).fetchall():
        columns = sorted(row[1:] for row in connection.execute(f"PRAGMA table_info({table})"))
        foreign = sorted(row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({table})"))
        indexes = sorted(
            (unique, columns_of(connection, name), *(where_of(connection, name) if origin == "c" else ()))
            for _, name, unique, origin, _ in connection.execute(f"PRAGMA index_list({table})")
        )
        found[table] = ([(name, kind, null, key) for name, kind, null, _, key in columns], foreign, indexes)
    connection.close()
    return found


def columns_of(connection, index):
    return tuple(row[2] for row in connection.execute(f"PRAGMA index_info('{index}')"))


def where_of(connection, index):
    [(sql,)] = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,))
    return index, sql.partition(" WHERE ")[2]


@pytest.fixture
def first(file):
    """A store as the first version made it, with two turns: one open, one closed and rated."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        command.upgrade(config_of(connection), "0001")
    engine.dispose()
    connection = sqlite3.connect(file)
    talk = (7, "chat", "w", "c", "t", 0, "helpdesk", "chat:w:c:t", "conv", 1, 2)
    connection.execute(f"INSERT INTO conversations VALUES {talk}")
    place, ids = (7, "chat", "w", "c"), ("", "m", "r")
    asking = question().dump_json(message("open")).decode()
    for turn in (
        (8, *place, "closed", "ann", "chat:w:c:t", "closed", "complete", "null", *ids, 1, "like", 3, 4, 5),
        (9, *place, "open", "ann", "chat:w:c:t", "running", "", asking, *ids, 0, "", 3, 4, None),
    ):
        connection.execute(f"INSERT INTO turns VALUES ({','.join('?' * len(turn))})", turn)
    connection.execute("INSERT INTO posts VALUES ('chat','w','c','a8',8,0), ('chat','w','c','a9',9,0)")
    connection.execute("INSERT INTO votes VALUES (8,'a8','bob','👍','like',6)")
    connection.execute("INSERT INTO notes VALUES ('key','kept')")
    connection.commit()
    connection.close()
    return f"sqlite:///{file}"


@pytest.fixture
async def grown(first):
    database = await Database.open(first)
    yield database
    await database.aclose()


async def test_a_store_of_the_first_version_keeps_its_turns_and_notes(grown):
    store, ledger = Store(grown), Ledger(grown)
    assert await store.get("key") == "kept"
    assert [(waiting.turn, waiting.line) for waiting in await store.open_turns()] == [(9, 7)]
    turn = await ledger.claim(9)
    assert turn.message == message("open")
    assert (turn.state, turn.message_id, turn.fence, turn.text) == (State.RUNNING, "m", 1, "")
    assert turn.conversation.dify_id == "conv"
    assert await asked(store, "closed") is None


async def test_a_store_of_the_first_version_keeps_its_messages_and_votes(grown):
    assert (await Ledger(grown).claim(9)).posts == (post("a9"),)
    assert await Ratings(grown).answer_at(post("a8")) == 8
    assert (await Ratings(grown).standing(8))[1] == [Vote("bob", "like", 6)]
    assert await Ratings(grown).due() == [8]


async def test_a_store_of_the_first_version_goes_on_working(grown, file, tmp_path):
    store, ledger = Store(grown), Ledger(grown)
    new = await asked(store, "next")
    assert new.line == 7
    turn = await ledger.claim(new.turn)
    await ledger.add_post(turn, 0, MessageRef("chat", "w", "c", "a10"))
    await ledger.park(turn, "lost", "half")
    assert (await store.ask_again(post("a10"), enlist)).turn == turn.id
    assert (await fetch(grown, "PRAGMA foreign_key_check")) == []
    fresh = await Database.open(f"sqlite:///{tmp_path}/fresh.db")
    await fresh.aclose()
    assert shape(file) == shape(tmp_path / "fresh.db")


# ---- PostgreSQL ----


async def test_several_processes_may_migrate_an_empty_database_at_once(empty_postgres):
    opened = await asyncio.gather(*(Database.open(empty_postgres) for _ in range(3)))
    for database in opened:
        await database.aclose()
    assert await rows(empty_postgres, "SELECT version_num FROM alembic_version") == [(schema.HEAD,)]


async def test_the_replicas_queue_is_there_with_the_pinned_version_of_its_library(postgres):
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 (0.3 s to import)

    functions = "SELECT count(*) FROM pg_proc WHERE proname LIKE 'procrastinate%%'"
    assert await value(postgres, functions) == SchemaManager.get_schema().count(
        "CREATE FUNCTION procrastinate"
    )

"""The schema: what the migrations make is what the tables say, forward only."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.errors import StoreTooNew
from core.store import schema
from core.store.database import Database
from core.store.tables import metadata


async def test_the_migrations_make_exactly_the_tables(database):
    def differences(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata)

    async with database.begin() as connection:
        assert await connection.run_sync(differences) == []


async def test_constraints_and_indexes_are_the_same_too(database, tmp_path):
    """compare_metadata sees no primary keys, no ON DELETE and no CHECK: so the SQL is compared as well."""
    from sqlalchemy import create_engine  # noqa: PLC0415

    made = create_engine(f"sqlite:///{tmp_path}/tables.db")
    metadata.create_all(made)
    made.dispose()
    assert shape(tmp_path / "parley.db") == shape(tmp_path / "tables.db")


def shape(file):
    """Columns, keys and indexes of every table, as SQLite itself reports them."""
    connection = sqlite3.connect(file)
    names = "SELECT name FROM sqlite_master WHERE type='table' AND name != 'alembic_version' ORDER BY name"
    found = {}
    for (table,) in connection.execute(names).fetchall():
        columns = [row[1:] for row in connection.execute(f"PRAGMA table_info({table})")]
        foreign = sorted(row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({table})"))
        indexes = sorted(
            (
                unique,
                origin,
                tuple(row[2] for row in connection.execute(f"PRAGMA index_info('{name}')")),
                name if origin == "c" else "",
            )
            for _, name, unique, origin, _ in connection.execute(f"PRAGMA index_list({table})")
        )
        found[table] = ([(name, kind, null, key) for name, kind, null, _, key in columns], foreign, indexes)
    connection.close()
    return found


def test_head_is_the_newest_revision():
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


async def test_a_schema_of_a_newer_program_is_left_alone(url, tmp_path):
    await (await Database.open(url)).aclose()
    with sqlite3.connect(tmp_path / "parley.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreTooNew) as caught:
        await Database.open(url)
    assert "newer" in str(caught.value)
    connection = sqlite3.connect(tmp_path / "parley.db")
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    connection.close()


async def test_a_refused_start_gives_the_lock_back(url, tmp_path):
    await (await Database.open(url)).aclose()
    file = tmp_path / "parley.db"
    for version in ("9999", schema.HEAD):
        connection = sqlite3.connect(file)
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        connection.commit()
        connection.close()
        if version == schema.HEAD:
            await (await Database.open(url)).aclose()
        else:
            with pytest.raises(StoreTooNew):
                await Database.open(url)

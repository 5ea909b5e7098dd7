"""Of SQLAlchemy only what a store needs is loaded, and whoever asks for the rest still finds it."""

import json
import subprocess
import sys

import pytest

ALL = """
import json, sys
import core.store.ledger, core.store.ratings, core.store.retention, core.store.store
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
"""


def said_by(code):
    """What a new interpreter prints, as JSON."""
    done = subprocess.run([sys.executable, "-c", ALL + code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("backend", "stays_out"), [("sqlite", "sqlalchemy.dialects.postgresql"), ("postgresql", "alembic")]
)
def test_neither_the_orm_nor_another_database_is_loaded(backend, stays_out):
    loaded = said_by(f"import core.store.{backend}\nprint(json.dumps(list(sys.modules)))")
    assert "sqlalchemy.ext.asyncio.engine" in loaded
    assert [name for name in loaded if name.startswith(("sqlalchemy.orm", stays_out))] == []


def test_who_asks_for_sessions_finds_them_and_the_same_connections():
    code = """
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
import sqlalchemy.ext.asyncio as package
same = package.AsyncConnection is AsyncConnection and package.AsyncSession is AsyncSession
print(json.dumps([same, AsyncSession.__name__, hasattr(package, "nothing"), "sqlalchemy.orm" in sys.modules]))
"""
    assert said_by(code) == [True, "AsyncSession", False, True]


def test_what_is_loaded_already_stays_as_it_is():
    code = """
package = sys.modules["sqlalchemy.ext.asyncio"]
from core.store.lean import load
load()
print(json.dumps(sys.modules["sqlalchemy.ext.asyncio"] is package))
"""
    assert said_by(code) is True

"""PostgreSQL through psycopg: for several replicas."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

CONNECT_SECONDS = 10
# A replica that is paused in the middle of a transaction must not keep rows from the others; one whose
# machine is gone must not either (the server then waits for TCP).
_SERVER_SETTINGS = (
    "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=5s "
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3"
)
CONNECT_ARGS: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "options": _SERVER_SETTINGS,
    "application_name": "parley",
    "tcp_user_timeout": 10_000,
}


def connect(url: str, *, exclusive: bool) -> tuple[AsyncEngine, AsyncEngine, Callable[[], None]]:
    """Engines to read and to write with, and what is to be called at the end: nothing is locked."""
    del exclusive
    address = make_url(url).set(drivername="postgresql+psycopg")
    return _engine(address, connections=3), _engine(address, connections=1), _nothing


def conninfo(url: str) -> str:
    """The URL as psycopg takes it by itself."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def driver_of(connection: AsyncConnection) -> Any:
    """Psycopg's own connection, for a library that adds something to our transaction."""
    return (await connection.get_raw_connection()).driver_connection


async def finds(connection: AsyncConnection, statement: str, **values: Any) -> bool:
    """Whether a query of another library's tables finds a row; `:name` stands for a value."""
    return (await connection.execute(text(statement), values)).first() is not None


async def is_first(connection: AsyncConnection, number: int) -> bool:
    """Hold one of the server's advisory locks until the end of the transaction, unless somebody has it."""
    return bool(await connection.scalar(select(func.pg_try_advisory_xact_lock(number))))


def _engine(url: URL, *, connections: int) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,  # after the server was restarted, every pooled connection is a dead one
        hide_parameters=True,  # a statement's values are people's words: in no error, in no log
        connect_args=CONNECT_ARGS,
    )


def _nothing() -> None:
    """There is no lock to give back."""

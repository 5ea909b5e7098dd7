"""Bringing the schema up to date, forward only; Alembic is loaded only when a migration is due."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from core.errors import Advice, StoreTooNew

HEAD = "0003"  # the newest revision in migrations/versions; a test holds it
_LOCK = 0x7061726C6579  # "parley": any number, the same in every version
_TOO_NEW = "the database was made by a newer version of this program: run that version, or restore a backup"


def migrate(connection: Connection) -> None:
    """Bring the schema to HEAD. Raises StoreTooNew where it is beyond what this program knows."""
    if _current(connection) == HEAD:
        return
    if connection.dialect.name == "postgresql":  # several replicas may start at once; SQLite has one writer
        for limit in ("statement_timeout", "lock_timeout"):  # an index over millions of rows takes its time
            connection.execute(text(f"SET LOCAL {limit} = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    current = _current(connection)
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise StoreTooNew(Advice("internal", _TOO_NEW))
    _upgrade(connection)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 (60 ms of import, needed once per schema change)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

"""Bringing the schema up to date, forward only; Alembic is loaded only when a migration is due."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from core.errors import Advice, StoreTooNew

HEAD = "0001"  # the newest revision in migrations/versions; a test holds it
_TOO_NEW = "the database was made by a newer version of this program: run that version, or restore a backup"


def migrate(connection: Connection) -> None:
    """Bring the schema to HEAD. Raises StoreTooNew where it is beyond what this program knows."""
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

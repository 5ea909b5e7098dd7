"""What tests of every folder may ask for."""

from tests.postgres import (  # noqa: F401 (fixtures)
    empty_postgres,
    postgres,
    postgres_migrated,
    postgres_server,
)

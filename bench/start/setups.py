"""The set-ups that are started, the libraries that each cannot do without, and what it should leave alone."""

from collections.abc import Iterable
from dataclasses import dataclass

_LIBRARIES = {  # what anybody's bot for the platform imports
    "slack": ("slack_bolt.async_app", "slack_bolt.adapter.socket_mode.aiohttp"),
    "discord": ("discord",),
}
# For Dify, with what httpx loads at its first request; for what Dify says; and for the store.
_COMMON = ("httpx", "httpcore", "anyio._backends._asyncio", "pydantic", "aiosqlite")
_OF_PLATFORM = {
    "slack": ("slack_bolt", "slack_sdk", "adapters.slack.adapter"),
    "discord": ("discord", "adapters.discord.adapter"),
}
_OF_STORE = {"sqlite": ("aiosqlite",), "postgres": ("psycopg", "psycopg_pool", "procrastinate")}
_OF_MIGRATIONS = ("alembic", "sqlalchemy.orm")  # and of their library both databases' dialects
_NOT_OF_STORE = {"sqlite": ("sqlalchemy.dialects.postgresql",), "postgres": ()}
_NEVER = ("bench", "simulators", "pytest", "mypy")


@dataclass(frozen=True)
class Setup:
    """One configuration of `parley run`."""

    name: str
    platforms: tuple[str, ...]
    store: str = "sqlite"

    @property
    def libraries(self) -> tuple[str, ...]:
        """The reference: the platforms' own libraries, and what asks Dify and keeps rows."""
        return (*_COMMON, *(name for platform in self.platforms for name in _LIBRARIES[platform]))

    def astray(self, modules: Iterable[str], *, migrated: bool) -> list[str]:
        """Those of the modules that this set-up has no use for; `migrated`: the store was up to date."""
        unwanted = [*_NEVER, *((*_OF_MIGRATIONS, *_NOT_OF_STORE[self.store]) if migrated else ())]
        for platform, names in _OF_PLATFORM.items():
            unwanted += names if platform not in self.platforms else ()
        for store, names in _OF_STORE.items():
            unwanted += names if store != self.store else ()
        return [
            name for name in modules if any(name == root or name.startswith(f"{root}.") for root in unwanted)
        ]


SLACK = Setup("Slack only", ("slack",))
DISCORD = Setup("Discord only", ("discord",))
BOTH = Setup("both", ("slack", "discord"))
ON_POSTGRES = Setup("both on PostgreSQL", ("slack", "discord"), "postgres")
SETUPS = (SLACK, DISCORD, BOTH, ON_POSTGRES)

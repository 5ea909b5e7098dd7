"""A fresh database per run: a file, or a database of a PostgreSQL server that is dropped at the end."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ANSWER_SECONDS = 20.0


class NoServer(RuntimeError):  # noqa: N818 - a reason to skip, not a fault
    """There is no PostgreSQL server to make a database on. The text says why."""


@asynccontextmanager
async def store(setup: str, server: str, folder: Path) -> AsyncIterator[str]:
    """The `store.url` of a new, empty store; gone afterwards. Raises NoServer."""
    if not setup.startswith("postgres"):
        yield f"sqlite:///{folder / 'parley.db'}"
        return
    name = f"parley_crash_{os.urandom(4).hex()}"
    await _sql(server, f"CREATE DATABASE {name}")
    try:
        parts = urlsplit(server)
        yield urlunsplit(parts._replace(path=f"/{name}"))
        with contextlib.suppress(NoServer):  # beside the logs, which are kept where something went wrong
            url = urlunsplit(parts._replace(path=f"/{name}"))
            await _run("pg_dump", "--inserts", "--file", str(folder / "store.sql"), url)
    finally:
        with contextlib.suppress(NoServer):
            await _sql(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _sql(server: str, statement: str) -> None:
    """One statement by psql: the harness shares nothing with the product, not even its driver."""
    await _run("psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--command", statement, server)


async def _run(name: str, *arguments: str) -> None:
    program = shutil.which(name)
    if program is None:
        raise NoServer(f"{name} is not installed")
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            _, said = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise NoServer(f"no answer from the PostgreSQL server in {ANSWER_SECONDS:g} s") from None
    if process.returncode:
        raise NoServer(said.decode(errors="replace").strip().splitlines()[0])

"""What tests of every folder may ask for."""

import asyncio
import gc
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import certifi
import pytest

from core.store.database import Database
from tests.postgres import (  # noqa: F401 (fixtures)
    empty_postgres,
    postgres,
    postgres_migrated,
    postgres_server,
)


@pytest.fixture(scope="session", autouse=True)
def _one_authority(tmp_path_factory):
    """No test speaks TLS: each client reads one certificate authority, not 140 of them in 50 ms."""
    first = re.search(
        r"-----BEGIN.*?-----END CERTIFICATE-----\n", Path(certifi.where()).read_text(), re.DOTALL
    )
    file = tmp_path_factory.mktemp("tls") / "authority.pem"
    file.write_text(first[0])
    before, os.environ["SSL_CERT_FILE"] = os.environ.get("SSL_CERT_FILE"), str(file)
    yield
    if before is None:
        del os.environ["SSL_CERT_FILE"]
    else:
        os.environ["SSL_CERT_FILE"] = before


@pytest.fixture(scope="session")
def new_store(tmp_path_factory):
    """Puts a new SQLite store where it is told to: to make one takes 0.15 s, to copy it no time."""
    made = tmp_path_factory.mktemp("store") / "new.db"

    async def migrate():
        await (await Database.open(f"sqlite:///{made}")).aclose()

    with ThreadPoolExecutor(1) as beside:  # the tests' own loop stays what it is
        beside.submit(asyncio.run, migrate()).result()
    return lambda path: shutil.copyfile(made, path)


def pytest_collection_finish():
    """Thousands of collected tests stay as they are: the garbage collector need not look at them anew."""
    gc.collect()
    gc.freeze()

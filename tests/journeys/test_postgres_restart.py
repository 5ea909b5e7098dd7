"""A PostgreSQL of our own is restarted under load: the bot goes on, and every question has one answer."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from shared import asked

pytestmark = pytest.mark.faults

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
QUESTIONS = 12


class Cluster:
    """A server that can be stopped as by a crash. PostgreSQL refuses to be run by root."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"

    def run(self, program, *arguments):
        command = [str(PROGRAMS[-1].with_name(program)), "-D", str(self.folder / "data"), *arguments]
        as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run([*as_owner, *command], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def start(self):
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self.run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    async def restart(self):
        """Stopped without a good-bye to anybody, and up again."""
        await asyncio.to_thread(self.run, "pg_ctl", "-w", "-m", "immediate", "stop")
        await asyncio.to_thread(self.start)


@pytest.fixture(scope="module")
def cluster():
    if not PROGRAMS or (os.geteuid() == 0 and shutil.which("runuser") is None):
        pytest.skip("PostgreSQL's server programs are not installed here")
    folder = Path(tempfile.mkdtemp(prefix="parley-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Cluster(folder, port)
    made.run("initdb", "-U", "postgres", "-A", "trust", "--no-sync")
    made.start()
    yield made
    made.run("pg_ctl", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@asynccontextmanager
async def two_bots(world, url):
    async with world.bot(store__url=url), world.bot(store__url=url):
        yield


def answers_of(chat, questions):
    return [[chat.text(message) for message in chat.in_thread(question)] for question in questions]


async def test_a_restart_of_the_database_under_load_loses_nothing(world, chat, dify, cluster):
    dify.pace = 20.0
    expected = [[f"You said: question {number} (turn 1 of this conversation)"] for number in range(QUESTIONS)]
    async with two_bots(world, cluster.url):
        questions = [chat.mention(chat.alice, f"question {number}") for number in range(QUESTIONS // 2)]
        await dify.journal.wait(lambda: len(asked(dify)) >= 3)
        restarting = asyncio.create_task(cluster.restart())
        questions += [
            chat.mention(chat.bob, f"question {number}") for number in range(QUESTIONS // 2, QUESTIONS)
        ]
        await restarting
        await chat.journal.wait(lambda: answers_of(chat, questions) == expected, within=45)
    assert len(asked(dify)) == QUESTIONS

"""The bot's processes: started as anybody starts them, killed, paused, and found by their connections."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Iterable
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 30.0
LOOK_SECONDS = 0.05
_LISTENING = re.compile(rb"listening on (http://\S+)")


class BotFailed(RuntimeError):  # noqa: N818 - it is a finding, not a mistake of ours
    """A bot did not start, or ended without being told to. The text says what it said last."""


class Bot:
    """One slot of the set-up, in which one process after the other runs."""

    def __init__(self, name: str, config: Path, logs: Path) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self.paused = False
        self.told: list[signal.Signals] = []  # to end: the signals that the running process got
        self.starts = 0
        self.start_seconds: list[float] = []  # until /readyz says yes
        self._config = config
        self._logs = logs
        self._process: Process | None = None
        self._ending = asyncio.Event()

    @property
    def log(self) -> Path:
        """What the running process says on stderr."""
        return self._logs / f"{self.name}-{self.starts:03d}.log"

    @property
    def pid(self) -> int:
        """Of the process; 0 where none runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else 0

    @property
    def serves(self) -> bool:
        """It has started and was neither killed nor paused since."""
        return self.ready.is_set() and not self.paused

    async def start(self) -> None:
        """Start a process and wait until it is ready. Raises BotFailed."""
        self.starts += 1
        self.told, self.paused = [], False
        self._ending.clear()
        began = time.monotonic()
        command = (sys.executable, "-m", "bots", "run", "--config", str(self._config))
        with self.log.open("wb") as stderr:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=stderr, stderr=stderr, cwd=ROOT
            )
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._until_ready(self._process)
        except TimeoutError:
            late = f"{self.name} was not ready within {START_SECONDS:g} s"
            raise BotFailed(f"{late}: {self.last_words()}") from None
        self.start_seconds.append(time.monotonic() - began)
        self.ready.set()

    async def _until_ready(self, process: Process) -> None:
        async with aiohttp.ClientSession() as session:
            while process.returncode is None:
                found = _LISTENING.search(self.log.read_bytes())
                with contextlib.suppress(aiohttp.ClientError):
                    if found and await _says_ready(session, found[1].decode()):
                        return
                await asyncio.sleep(LOOK_SECONDS)  # asking again is the only way from outside
        raise BotFailed(f"{self.name} ended with {process.returncode}: {self.last_words()}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal now; a process that is told to end counts as gone from here on."""
        pid = self.pid
        if not pid:
            return
        if number not in (signal.SIGSTOP, signal.SIGCONT):
            self.ready.clear()
            self.told.append(number)
            self._ending.set()
        self.paused = number == signal.SIGSTOP or (self.paused and number != signal.SIGCONT)
        with contextlib.suppress(ProcessLookupError):  # it has ended this moment
            os.kill(pid, number)

    async def ended(self) -> int:
        """Wait for the process to end; its exit code. Raises BotFailed where it was told to and does not."""
        process = self._process
        if process is None:
            return 0
        over, told = asyncio.create_task(process.wait()), asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait({over, told}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({over}, timeout=STOP_SECONDS)
            if not over.done():
                raise BotFailed(f"{self.name} did not end within {STOP_SECONDS:g} s: {self.last_words()}")
            return over.result()
        finally:
            self.ready.clear()
            over.cancel()
            told.cancel()

    async def destroy(self) -> None:
        """Leave nothing behind, whatever state the process is in."""
        if self.pid and self._process is not None:
            self._process.kill()
            await self._process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " | ".join(lines[-3:])


async def _says_ready(session: aiohttp.ClientSession, address: str) -> bool:
    async with session.get(f"{address}/readyz") as reply:
        return reply.status == 200


def owner(port: int, bots: Iterable[Bot]) -> Bot | None:
    """The bot whose process holds the connection from this local port (Linux: /proc/net/tcp)."""
    inode = _inode(port) if port else ""
    for bot in bots:
        if inode and bot.pid and f"socket:[{inode}]" in _files(bot.pid):
            return bot
    return None


def _inode(port: int) -> str:
    wanted = f"0100007F:{port:04X}"
    with contextlib.suppress(OSError):
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines():
            fields = line.split()
            if fields[1] == wanted and fields[9] != "0":  # those that wait for their end have none
                return fields[9]
    return ""


def _files(pid: int) -> set[str]:
    found = set()
    folder = Path(f"/proc/{pid}/fd")
    with contextlib.suppress(OSError):
        for entry in os.listdir(folder):  # noqa: PTH208 - a thousand times, and no Path is needed
            with contextlib.suppress(OSError):
                found.add(os.readlink(f"{folder}/{entry}"))  # noqa: PTH115
    return found

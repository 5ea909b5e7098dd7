"""What it costs to import modules, in an interpreter that has done nothing else."""

import asyncio
import compileall
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass

from bench.crash.processes import ROOT

_SECONDS = 60.0
_SCRIPT = """
import gc, json, sys, time
from importlib import import_module

names, failed = json.load(sys.stdin), []
if "uncollected" in sys.argv:
    gc.disable()
began = time.process_time()
for name in names:
    try:
        import_module(name)
    except Exception:
        failed.append(name)
cpu = time.process_time() - began
with open("/proc/self/status") as status:
    rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
print(json.dumps({"cpu": cpu, "rss": rss / 1024, "failed": failed}))
"""


@dataclass(frozen=True)
class Price:
    """Of one import of everything."""

    cpu: float  # seconds, of the imports alone
    rss: float  # MiB, of the whole process
    failed: tuple[str, ...] = ()  # could not be imported by their names


def compile_ours() -> None:
    """Have the bytecode of our modules up to date, as that of installed libraries is."""
    for package in ("core", "adapters", "bots"):
        compileall.compile_dir(ROOT / package, quiet=2)


async def price(names: Sequence[str], *, collected: bool = True) -> Price:
    """Import these, in this order; `collected`: with Python's garbage collector on. Linux only: /proc."""
    command = (sys.executable, "-W", "ignore", "-c", _SCRIPT, *(() if collected else ("uncollected",)))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT)
    try:
        async with asyncio.timeout(_SECONDS):
            said, _ = await process.communicate(json.dumps(names).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    values = json.loads(said)
    return Price(values["cpu"], values["rss"], tuple(values["failed"]))

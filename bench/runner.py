"""Runs the benchmarks that are asked for, one after the other, and says what came out.

A benchmark is a module of this package with `async def run(arguments) -> Report`, which usually gives back
`Measured(figures, GOALS)` with a list of goals of its own. Its name in NAMES is all that is needed besides.

The file of `--json`: {"at", "machine": {"python", "system", "cpus"}, "benches": {NAME: {"ok", "seconds",
"table": [line]}}}; of those that say Measured also "skipped": [reason] and "figures": [{"name", "value",
"unit", "reference", "ratio", "spread": [least, most], "goals": [{"of": "value" or "ratio", "most"}],
"verdict": "ok", "short" or null}]. What was not measured is null.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.report import Measured, Report

NAMES = ("pace", "bridge", "streams", "read", "render", "start", "store", "crash")

Run = Callable[[Sequence[str]], Coroutine[Any, Any, Report]]


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks. Exit codes: 0 all good, 1 something is short, 2 wrong usage."""
    parser = _parser()
    options, further = parser.parse_known_args(arguments)
    if not options.names and {"-h", "--help"} & set(further):
        parser.print_help()
        return 0
    problem = _problem(options.names, further)
    if problem:
        print(f"parley bench: {problem}", file=sys.stderr)
        return 2
    entries = {name: _measure(name, further) for name in options.names or NAMES}
    if options.json:
        options.json.write_text(json.dumps(_document(entries), indent=2) + "\n", encoding="utf-8")
    return 0 if all(entry["ok"] for entry in entries.values()) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parley bench",
        description="The benchmarks, side by side with a reference in the same run, as ratios.",
        epilog="A benchmark may have options of its own: parley bench NAME --help",
        add_help=False,  # with a name, it is the benchmark's
        allow_abbrev=False,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here too")
    return parser


def _problem(names: Sequence[str], further: Sequence[str]) -> str:
    if further and len(names) != 1:
        return f"{further[0]} is an option of one benchmark: name just that one"
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        return f"there is no benchmark {unknown[0]!r}: use {', '.join(NAMES)}"
    return ""


def _measure(name: str, arguments: Sequence[str]) -> dict[str, Any]:
    run: Run = import_module(f"bench.{name}").run
    began = time.monotonic()
    report = asyncio.run(run(arguments))
    seconds = time.monotonic() - began
    print(f"== {name}: {'ok' if report.ok else 'short'} ({seconds:.0f} s)\n{report.table()}\n", flush=True)
    further = report.to_json() if isinstance(report, Measured) else {}
    return {"ok": report.ok, "seconds": seconds, "table": report.table().splitlines(), **further}


def _document(entries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    machine = {"python": platform.python_version(), "system": platform.platform(), "cpus": os.cpu_count()}
    return {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": machine, "benches": entries}

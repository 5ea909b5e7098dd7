"""The crash test: real bot processes against the simulators, killed at every moment that can be named."""

from collections.abc import Sequence

from bench.crash.options import Options, parse
from bench.crash.report import Report
from bench.crash.trial import run_setup

__all__ = ["Options", "Report", "run", "run_options"]


async def run(arguments: Sequence[str] = ()) -> Report:
    """Run the crash test as a command line asks for it; SystemExit for wrong options."""
    return await run_options(parse(arguments))


async def run_options(options: Options) -> Report:
    """Run the set-ups one after the other."""
    return Report([await run_setup(setup, options) for setup in options.setups])

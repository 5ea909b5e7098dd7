"""`python -m bench.crash`: the crash test by itself."""

import asyncio
import sys

from bench.crash import run

if __name__ == "__main__":
    report = asyncio.run(run(sys.argv[1:]))
    print(report.table())
    sys.exit(0 if report.ok else 1)

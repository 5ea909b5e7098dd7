"""What a process got of the processor, and how long it waited for its turn there (Linux: proc(5))."""

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Spent:
    """Seconds."""

    elapsed: float
    cpu: float
    waited: float  # it could have run, and others did

    def since(self, before: "Spent") -> "Spent":
        """What was spent after that."""
        return Spent(self.elapsed - before.elapsed, self.cpu - before.cpu, self.waited - before.waited)


def spent(pid: int) -> Spent | None:
    """What a process has spent up to now; None where that can't be told."""
    process = Path(f"/proc/{pid}")
    try:
        fields = (process / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        waited = int((process / "schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except OSError:
        return None
    ticks = int(fields[11]) + int(fields[12])  # in the process and in the kernel for it
    return Spent(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), waited)

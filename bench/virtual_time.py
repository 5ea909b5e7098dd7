"""An event loop whose clock jumps to the next timer: nothing sleeps, and time is exact."""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
# Seconds: as in life, no round of the loop takes no time at all (else a timer of 1e-17 s spins).
_CREEP = 1e-9


class _Jump(selectors.BaseSelector):
    """A selector that never waits: where the loop would sleep, the clock moves instead."""

    def __init__(self) -> None:
        self.now = 0.0
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing is left that could ever happen: somebody waits for ever")
        self.now += _CREEP if ready else max(_CREEP, timeout or 0.0)
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Use it for code that only talks to fakes in this process: there is no real I/O to wait for."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Seconds since the loop began."""
        return self._jump.now


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it to its end in virtual time; its result."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coroutine)

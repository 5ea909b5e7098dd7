"""An event loop for tests whose clock jumps to the next timer: nothing sleeps, and time is exact."""

import asyncio
import selectors

_CREEP = (
    1e-9  # seconds: as in life, no round of the loop takes no time at all (else a timer of 1e-17 s spins)
)


class _Jump(selectors.BaseSelector):
    """A selector that never waits: where the loop would sleep, the clock moves instead."""

    def __init__(self):
        self.now = 0.0
        self._real = selectors.DefaultSelector()

    def select(self, timeout=None):
        ready = self._real.select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing is left that could ever happen: the test waits for ever")
        self.now += _CREEP if ready else max(_CREEP, timeout)
        return ready

    def register(self, fileobj, events, data=None):
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj):
        return self._real.unregister(fileobj)

    def modify(self, fileobj, events, data=None):
        return self._real.modify(fileobj, events, data)

    def get_map(self):
        return self._real.get_map()

    def close(self):
        self._real.close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Use it for code that only talks to fakes in this process: there is no real I/O to wait for."""

    def __init__(self):
        self._jump = _Jump()
        super().__init__(self._jump)
        self._clock_resolution = 1e-9

    def time(self):
        return self._jump.now


def run(coroutine):
    """Run it to its end in virtual time; its result."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coroutine)

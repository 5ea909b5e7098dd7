"""Dify, in a process of its own: its answers come at their pace, and it knows when it sent which piece."""

from collections.abc import Iterator
from typing import Any

from bench.bridge.answers import SILENCE, THINKING, answer, number_of
from bench.bridge.sides import main, serve
from simulators.dify import DifySimulator
from simulators.dify.script import Answer as Script
from simulators.dify.script import Silence, Step
from simulators.dify.state import Run

KEY = "app-bench"


class Dify:
    """One simulated server after the other."""

    def __init__(self) -> None:
        self._server: DifySimulator | None = None

    async def obey(self, order: dict[str, Any]) -> Any:
        """Open a new server (closes the last one), or say when what was sent."""
        match order["do"]:
            case "open":
                return await self._open(order["answer"])
            case "sent":
                return self._sent()
        raise ValueError(order["do"])

    async def _open(self, seconds: float) -> dict[str, str]:
        if self._server is not None:
            await self._server.stop()
        self._server = server = DifySimulator()
        server.script = lambda run: _script(run, seconds)
        await server.start()
        server.add_app(KEY, mode="chat", name="Support", suggestions=None)
        return {"url": server.base_url, "key": KEY}

    def _sent(self) -> dict[str, Any]:
        """By the question's number: time.monotonic of each piece; of several runs the last one's."""
        assert self._server is not None
        return {str(number_of(run.query)): run.sent for run in self._server.runs}


def _script(run: Run, seconds: float) -> Script:
    planned = answer(number_of(run.query), seconds)

    def steps() -> Iterator[Step]:
        yield Silence(seconds=THINKING)
        for at, piece in enumerate(planned.pieces):
            if at in planned.silences:
                yield Silence(seconds=SILENCE)
            yield piece

    return Script(steps(), pace=planned.rate)


if __name__ == "__main__":
    main(lambda: serve(Dify().obey))

"""The simulated Dify as the page shows it: its answers with their ratings, counts, the latest requests."""

import time
from typing import Any

from simulators.dify import DifySimulator
from simulators.dify.state import Run
from simulators.page.pulse import Pulse

LATEST_ANSWERS = 20
LATEST_REQUESTS = 30


def view(dify: DifySimulator) -> dict[str, Any]:
    """Everything of the Dify panel."""
    runs = list(enumerate(dify.runs, 1))[-LATEST_ANSWERS:]
    calls = list(enumerate(dify.journal.calls, 1))[-LATEST_REQUESTS:]
    stops = sum(call.method.endswith("/stop") for call in dify.journal.calls)
    shown: dict[str, Any] = {f"answer/{number:06d}": _answer(run, number) for number, run in runs}
    for number, call in calls:
        row = {"number": number, "method": call.method, "status": call.status, "error": call.error}
        shown[f"request/{number:06d}"] = row
    shown["dify"] = {"streams": dify.open_streams, "stops": stops, "answers": len(dify.runs)}
    return shown


def _answer(run: Run, number: int) -> dict[str, Any]:
    rated = run.message.feedback if run.message else None
    return {
        "number": number,
        "question": run.query,
        "turn": run.turn,
        "user": run.user,
        "state": run.status,
        "pieces": run.pieces,
        "rating": rated["rating"] if rated else None,
    }


def pulse(dify: DifySimulator | None) -> Pulse:
    """What is being answered now; a real Dify (None) is not watched."""
    if dify is None:
        return Pulse(time.monotonic(), None)
    return Pulse(time.monotonic(), {run.query: _end(run) for run in dify.runs})


def _end(run: Run) -> float | None:
    """When it ended; a run that waits for a person's decision writes nothing."""
    if run.status == "paused":
        return 0.0
    return run.started + run.seconds if run.ended.is_set() else None

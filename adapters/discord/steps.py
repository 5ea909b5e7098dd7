"""What an app does on its way, as one line of small print."""

from collections.abc import Sequence

from adapters.discord.wording import escaped
from core.messages import Step

MOST = 3  # of those that run
LONGEST = 150  # characters of the line
SEPARATOR = " · "
_SIGNS = {"running": "✗", "done": "✓", "failed": "✗"}  # of a final line: what still ran was cut off


def line(steps: Sequence[Step], *, final: bool, alone: bool) -> str:
    """What runs now, or in the end what was done; empty where there is nothing to say.

    `alone`: there is no text yet, so that what was done is better than nothing.
    """
    running = [f"{escaped(step.title)}…" for step in steps if step.state == "running"]
    if running and not final:
        return _fitting("-# ⏳ ", running[-MOST:])
    if not steps or not (final or alone):
        return ""
    return _fitting("-# ", _signed(steps))


def _signed(steps: Sequence[Step]) -> list[str]:
    """Each title, with a sign where it is another than that of the step before."""
    signs = [_SIGNS[step.state] for step in steps]
    before = ["", *signs]
    return [
        f"{sign} {escaped(step.title)}" if sign != last else escaped(step.title)
        for step, sign, last in zip(steps, signs, before, strict=False)
    ]


def _fitting(start: str, parts: Sequence[str]) -> str:
    """As many parts as there is room for; how many more there are."""
    shown = start + parts[0][: LONGEST - len(start) - 10].rstrip("\\")
    for at, part in enumerate(parts[1:], start=1):
        left = f"{SEPARATOR}+{len(parts) - at}"
        last = at == len(parts) - 1
        if len(shown) + len(SEPARATOR) + len(part) + (0 if last else len(left)) > LONGEST:
            return shown + left
        shown += SEPARATOR + part
    return shown

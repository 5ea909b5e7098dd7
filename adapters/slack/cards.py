"""What an app does on its way to an answer: task cards of a stream, one small line of an edited message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adapters.slack.markdown import defuse
from core.messages import Draft, Step

# A stream holds 10.6 to 12 kB of text and cards together; how cards count, nobody says: few, and short.
_OWN = 8  # steps with a card of their own; all later ones share one
_TITLE_BYTES = 100
_SHARED = "more"
_NAMED = 3  # steps that the small line names

Status = Literal["in_progress", "complete", "error"]
_STATUS: dict[str, Status] = {"running": "in_progress", "done": "complete", "failed": "error"}

Chunk = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Card:
    title: str
    status: Status


class Cards:
    """The task cards of one stream: which ones it surely has, and what is news. Slack: chat.appendStream."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}  # by Step.key
        self._told: dict[str, _Card] = {}  # by the card's id

    def news(self, draft: Draft) -> list[Chunk]:
        """The chunks that make the cards look like the draft; a final draft leaves none of them running."""
        wanted = self._wanted(draft.steps)
        if draft.final:
            wanted = {id_: _ended(card) for id_, card in (self._told | wanted).items()}
        return [
            {"type": "task_update", "id": id_, "title": card.title, "status": card.status}
            for id_, card in wanted.items()
            if self._told.get(id_) != card
        ]

    def told(self, chunks: Sequence[Chunk]) -> None:
        """The stream has taken these."""
        for chunk in chunks:
            self._told[chunk["id"]] = _Card(chunk["title"], chunk["status"])

    def _wanted(self, steps: Sequence[Step]) -> dict[str, _Card]:
        cards, shared = {}, []
        for step in steps:
            id_ = self._ids.get(step.key) or self._new_id(step.key)
            if id_ == _SHARED:
                shared.append(step)
            else:
                cards[id_] = _Card(_title(step.title), _STATUS[step.state])
        if shared:
            cards[_SHARED] = _together(shared)
        return cards

    def _new_id(self, key: str) -> str:
        """Not the key: what is long in it would count as well."""
        self._ids[key] = f"s{len(self._ids) + 1}" if len(self._ids) < _OWN else _SHARED
        return self._ids[key]


def trace(draft: Draft) -> str:
    """The steps in one line of plain text: those that run now, else what was done; "" without any."""
    running = [step.title for step in draft.steps if step.state == "running"]
    if running and not draft.final:
        return f"⏳ {' · '.join(running[-_NAMED:])}…"
    failed = [step.title for step in draft.steps if step.state == "failed"]
    done = [step.title for step in draft.steps if step.state != "failed"]
    return "  ".join(_few(mark, titles) for mark, titles in (("✓", done), ("✗", failed)) if titles)


def _few(mark: str, titles: Sequence[str]) -> str:
    different = list(dict.fromkeys(titles))
    more = [f"+{len(different) - _NAMED}"] if len(different) > _NAMED else []
    return f"{mark} {' · '.join([*different[:_NAMED], *more])}"


def _together(steps: Sequence[Step]) -> _Card:
    """The newest of the steps that run, else of all, and how many there are besides."""
    newest = [step for step in steps if step.state == "running"] or steps
    others = f" (+{len(steps) - 1})" if len(steps) > 1 else ""
    return _Card(_title(newest[-1].title, others), _STATUS[newest[-1].state])


def _ended(card: _Card) -> _Card:
    return _Card(card.title, "complete") if card.status == "in_progress" else card


def _title(text: str, end: str = "") -> str:
    """Slack refuses a card without a title."""
    safe = defuse(" ".join(text.split())) or "…"
    room = _TITLE_BYTES - len(end)
    encoded = safe.encode(errors="replace")
    if len(encoded) > room:
        safe = encoded[: room - 3].decode(errors="ignore") + "…"
    return safe + end

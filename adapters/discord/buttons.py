"""Buttons as Discord's message components (Discord: components/reference#button)."""

from collections.abc import Sequence
from typing import Any

from adapters.discord import labels
from core.messages import Button, MessageRef

PER_ROW, MOST = 5, 25  # buttons of an action row, and of a message
LABEL_LENGTH = 80
ACTION_ROW, BUTTON, SECONDARY = 1, 2, 2

Component = dict[str, Any]


def rows(buttons: Sequence[Button], about: MessageRef | None = None) -> list[Component]:
    """The action rows that show the buttons in their order; none for no buttons.

    `about` is the message that a press is about, where that is another than the one with the buttons.
    """
    shown = [_component(button, about) for button in buttons[:MOST]]
    starts = range(0, len(shown), PER_ROW)
    return [{"type": ACTION_ROW, "components": shown[at : at + PER_ROW]} for at in starts]


def _component(button: Button, about: MessageRef | None) -> Component:
    label = button.label[:LABEL_LENGTH]
    return {
        "type": BUTTON,
        "style": SECONDARY,
        "label": label,
        "custom_id": labels.custom_id(button.key, about),
    }


def same(shown: Sequence[Component], wanted: Sequence[Component]) -> bool:
    """Whether Discord shows the buttons that are wanted; it adds fields of its own."""
    return _told(shown) == _told(wanted)


def _told(components: Sequence[Component]) -> list[tuple[Any, Any]]:
    return [(each.get("custom_id"), each.get("label")) for row in components for each in row["components"]]

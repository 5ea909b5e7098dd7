"""Buttons as Discord's message components, and their custom ids (Discord: components/reference#button)."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.messages import Button

OURS = "parley:"  # begins the custom ids of our buttons: they are pressed long after we have forgotten them
PER_ROW, MOST = 5, 25  # buttons of an action row, and of a message
LABEL_LENGTH = 80
ACTION_ROW, BUTTON, SECONDARY = 1, 2, 2

Component = dict[str, Any]


def rows(buttons: Sequence[Button]) -> list[Component]:
    """The action rows that show the buttons in their order; none for no buttons."""
    shown = [_component(button) for button in buttons[:MOST]]
    starts = range(0, len(shown), PER_ROW)
    return [{"type": ACTION_ROW, "components": shown[at : at + PER_ROW]} for at in starts]


def _component(button: Button) -> Component:
    label = button.label[:LABEL_LENGTH]
    return {"type": BUTTON, "style": SECONDARY, "label": label, "custom_id": f"{OURS}{button.key}"}


def key_of(data: Mapping[str, Any]) -> str | None:
    """The Button.key that the `data` of an interaction names; None where the button is none of ours."""
    custom_id = data.get("custom_id", "")
    if data.get("component_type") != BUTTON or not custom_id.startswith(OURS):
        return None
    return str(custom_id.removeprefix(OURS))


def same(shown: Sequence[Component], wanted: Sequence[Component]) -> bool:
    """Whether Discord shows the buttons that are wanted; it adds fields of its own."""
    return _told(shown) == _told(wanted)


def _told(components: Sequence[Component]) -> list[tuple[Any, Any]]:
    return [(each.get("custom_id"), each.get("label")) for row in components for each in row["components"]]

"""Emoji by any of their names, compared as one: ":+1:", "thumbsup", "👍" and "👍🏽" are the same."""

import re
from collections.abc import Iterable, Mapping

import emoji as names

_MODIFIERS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")  # variation selectors, skin tones
_MORE_NAMES = {"octagonal_sign": "🛑"}  # names in use (emoji-data) that the library does not know


def canonical(emoji: str) -> str:
    """One spelling for an emoji: the character without skin tone, or a custom emoji's name as it is."""
    name = emoji.strip(":").split("::", 1)[0]
    character = _MORE_NAMES.get(name) or names.emojize(f":{name}:", language="alias")
    return _MODIFIERS.sub("", name if character == f":{name}:" else character)


def meanings(sets: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """What each emoji means, for a table of meaning → emoji."""
    return {canonical(emoji): meaning for meaning, emojis in sets.items() for emoji in emojis}

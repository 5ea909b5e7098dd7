"""What Discord accepts as an application command (interactions/application-commands)."""

import re
from typing import Any

from simulators.discord.errors import invalid, too_long

CHAT_INPUT = 1
NAME_LIMIT, DESCRIPTION_LIMIT, OPTIONS_LIMIT = 32, 100, 25
_NAME = re.compile(r"[-_'\w]{1,32}")
# as in the chapter "Locales" of the reference
_LOCALES = (
    "id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th "
    "zh-CN ja zh-TW ko"
)


def check(command: dict[str, Any], path: str) -> None:
    """Raises Refusal 50035 for the first thing that Discord would not take."""
    name = command.get("name") or ""
    if not 1 <= len(name) <= NAME_LIMIT:
        raise too_long(f"{path}.name", NAME_LIMIT)
    if command.get("type", CHAT_INPUT) != CHAT_INPUT:
        return
    _check_named(command, path)
    options = command.get("options") or []
    if len(options) > OPTIONS_LIMIT:
        raise too_long(f"{path}.options", OPTIONS_LIMIT)
    for number, option in enumerate(options):
        _check_named(option, f"{path}.options.{number}")
    needed = [bool(option.get("required")) for option in options]
    if needed != sorted(needed, reverse=True):
        text = "Required options must be placed before non-required options"
        raise invalid(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)


def _check_named(what: dict[str, Any], path: str) -> None:
    name = what.get("name") or ""
    if not _NAME.fullmatch(name) or name != name.lower():
        raise invalid(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    texts = {"": what.get("description") or "", **(what.get("description_localizations") or {})}
    for locale, text in texts.items():
        if locale and locale not in _LOCALES.split():
            raise invalid(f"{path}.description_localizations", "DICT_TYPE_KEY_INVALID", f"{locale} is none")
        if not 1 <= len(text) <= DESCRIPTION_LIMIT:
            raise invalid(f"{path}.description", "BASE_TYPE_BAD_LENGTH", "Must have 1 to 100 characters.")

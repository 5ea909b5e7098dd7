"""Custom ids of our buttons and forms: which one it is, and which message it is about.

They are used long after we have forgotten them, so that all stands in them (Discord: at most 100 characters).
"""

import string

from adapters.discord.inbound import ref
from core.messages import MessageRef

OURS = "parley:"
LONGEST = 100
_DIGITS = string.digits + string.ascii_letters


def custom_id(key: str, about: MessageRef | None = None) -> str:
    """The custom id for a key of at most 64 characters; with a message, 95 characters at most."""
    if about is None:
        return f"{OURS}{key}"[:LONGEST]
    return f"{OURS}{key}~{_short(int(about.channel))}~{_short(int(about.id))}"[:LONGEST]


def read(given: str, guild: str) -> tuple[str, MessageRef | None] | None:
    """The key, and the message that it is about where that is said; None where the id is none of ours."""
    if not given.startswith(OURS):
        return None
    key, *where = given.removeprefix(OURS).split("~")
    if len(where) != 2 or not all(each.isascii() and each.isalnum() for each in where):
        return key, None
    channel, message = map(_long, where)
    return key, ref(guild, channel, message)


def _short(number: int) -> str:
    """A snowflake in 62 digits: 11 instead of 20 characters."""
    shown = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        shown = _DIGITS[digit] + shown
    return shown or "0"


def _long(shown: str) -> int:
    number = 0
    for digit in shown:
        number = number * len(_DIGITS) + _DIGITS.index(digit)
    return number

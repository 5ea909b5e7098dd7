"""Releases of Dify, compared by their numbers. Pure.

Every reply tells its server's in X-Version, also an error, also a web page that Dify itself answers with.
"""

import re


def version_of(text: str) -> tuple[int, ...]:
    """The numbers of a version ("1.16.1-rc1" → (1, 16, 1)); newest where there are none."""
    numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(number) for number in numbers.groups("0")) if numbers else (999,)

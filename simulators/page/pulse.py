"""Whether an answer is still being written, which no platform says of an edited message; pure."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

QUIET_SECONDS = 4.0  # without a change for so long, nobody is writing
_MENTION = re.compile(r"<@!?\w+>")


@dataclass(frozen=True)
class Pulse:
    """What Dify is doing now."""

    now: float  # time.monotonic
    runs: (
        Mapping[str, float | None] | None
    )  # query → when its run ended (None: it goes on); None: a real Dify

    def writes(self, question: str, changed: float) -> bool:
        """Whether the answer to this question, changed last then, is likely to change again.

        A real Dify is not watched, so that only the time tells.
        """
        recent = self.now - changed < QUIET_SECONDS
        if self.runs is None:
            return recent
        asked = plain(question)
        ends = [end for query, end in self.runs.items() if asked and plain(query).endswith(asked)]
        return None in ends or (recent and any(end is not None and changed < end for end in ends))


def plain(text: str) -> str:
    """A message without mentions, entities and the kind of blanks, to compare it with a query."""
    return " ".join(html.unescape(_MENTION.sub(" ", text)).split())

"""A stream's connection cut at an exact place, whatever is being answered."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cut:
    """After so many events (pings count) and `offset` bytes more; a negative one cuts the last event short.

    A `clean` cut ends the HTTP reply as a proxy may do, otherwise the TCP connection is aborted.
    """

    events: int
    offset: int = 0
    clean: bool = False

    def part(self, index: int, data: bytes) -> bytes | None:
        """What is still sent of the event with this number (from 0) before the cut; None: no cut here."""
        if self.offset > 0 or self.events == 0:
            return data[: self.offset] if index == self.events else None
        return data[: len(data) + self.offset] if index + 1 == self.events else None

"""The log as JSON, one object per line; a module of its own: who wants text does not load the library."""

import time
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from core.log_context import facts

_NAMES = {"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "error"}
# In this order and nothing else: what libraries attach to their lines is not in the text either.
_FIELDS = (
    *("time", "level", "logger", "message"),
    *("turn", "trace", "app", "platform"),  # of the turn that is at work: see core.log_context
    *("outcome", "seconds", "tokens"),  # of a turn that is over: see core.tally
    "error",  # an exception's trace
)


class JsonLines(JsonFormatter):
    """Formats lines; their time is UTC with milliseconds, as RFC 3339 has it."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__(("asctime", "levelname", "name", "message"), rename_fields=_NAMES)
        self.converter = time.gmtime

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Called by the library with all that it found."""
        known = {**log_data, **facts()}
        return {name: known[name] for name in _FIELDS if name in known}

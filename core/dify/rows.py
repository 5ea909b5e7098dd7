"""What all typed replies of Dify have in common: further fields stay, odd ones are as if they were missing.

Versions differ in what they send (strings for objects, null for "", dates in three spellings), so one odd
field must not cost the whole row. Pure.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator
from pydantic_core.core_schema import ValidationInfo

R = TypeVar("R", bound=BaseModel)


class Row(BaseModel):
    """A JSON object of Dify. A field that is not what it should be has its default."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)  # many are never read in a run

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_default(cls, value: Any, handler: Callable[[Any], Any], info: ValidationInfo) -> Any:
        try:
            return handler(value)
        except ValidationError:
            return cls.model_fields[str(info.field_name)].get_default(call_default_factory=True)


def seconds(when: object) -> float:
    """Epoch seconds of a time as Dify writes it; 0 for none.

    A number, "Sat, 21 Nov 2026 01:30:25 -0000" (runs of 0.15), "2026-11-21T01:30:25" (feedback, end users).
    """
    try:
        if isinstance(when, int | float):
            return float(when) if math.isfinite(when) and not isinstance(when, bool) else 0.0
        return _moment(str(when))
    except (ValueError, OverflowError):
        return 0.0


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def parsed(value: object) -> object:
    """The value of a JSON text; anything else as it is, None where the text is no JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _only(kind: type) -> BeforeValidator:
    return BeforeValidator(
        lambda items: [item for item in items if isinstance(item, kind)] if isinstance(items, list) else []
    )


Seconds = Annotated[float, BeforeValidator(seconds)]
Object = Annotated[dict[str, Any], BeforeValidator(parsed)]  # a JSON object, or (0.15) its text
Text = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")]
Texts = Annotated[tuple[str, ...], _only(str)]  # a list, of which what is no text is left out
OBJECTS = _only(dict)  # of a list of rows: what is no object is left out


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows of a list, in the order of the reply."""

    rows: tuple[R, ...]
    has_more: bool = False
    limit: int = 0  # how many rows it might have; 0 where Dify does not say


def row_in(body: object, kind: type[R]) -> R:
    """The row that a body is; an empty one where it is something else."""
    return kind.model_validate(body if isinstance(body, dict) else {})


def rows_in(items: object, kind: type[R]) -> tuple[R, ...]:
    """The rows of a list; what is no object is left out."""
    found = items if isinstance(items, list) else []
    return tuple(kind.model_validate(item) for item in found if isinstance(item, dict))


def page_in(body: object, kind: type[R]) -> Page[R]:
    """The rows of a page `{"data": […], "has_more": …}`; what has no id is left out."""
    page = body if isinstance(body, dict) else {}
    found = rows_in(page.get("data"), kind)
    limit = page.get("limit")
    return Page(
        tuple(row for row in found if getattr(row, "id", None)),
        page.get("has_more") is True,
        limit if type(limit) is int else 0,
    )

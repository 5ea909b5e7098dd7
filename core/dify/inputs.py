"""What an app's form gets: a person's values, the configuration's, its own, checked as Dify does. Pure.

Source: Dify api/core/app/apps/base_app_generator.py (`_validate_inputs`; strict since 1.0, on every turn).
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.dify.about import FormField
from core.dify.file_types import extension_of, type_of
from core.dify.remote_files import (
    REMOTE,
    addresses,
    is_address,
    is_remote,
    only_links,
    remote_file,
    takes_links,
)

TEXTS = frozenset(("text-input", "paragraph"))
FILES = frozenset(("file", "file-list"))
FILLED_BY_DIFY = frozenset(("external_data_tool",))  # by a call of its own: takes no value
_YES, _NO = frozenset(("true", "1", "yes", "on")), frozenset(("false", "0", "no", "off"))
KEPT_FILE = "incoming_file"  # marks a file that is kept to be uploaded with the next question
_NO_FILE = (int, float, list, tuple)
_MOST_FILES = 10  # Dify's own limit, where a list of files has none


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value can't be taken: a sentence (a key of core.sentences) and its values."""

    sentence: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileVariable:
    """A variable of the form that takes files."""

    variable: str
    many: bool  # its value is a list
    most: int  # so many files at once
    required: bool = False
    types: tuple[str, ...] = ()  # image, document, audio, video, custom; none means any
    extensions: tuple[str, ...] = ()  # of "custom": without the dot, in small letters
    methods: tuple[str, ...] = ()  # local_file, remote_url; none means any

    def takes(self, name: str, mime: str = "") -> bool:
        """Whether a file is of a type that it takes."""
        if not self.types or type_of(name, mime) in set(self.types) - {"custom"}:
            return True
        return "custom" in self.types and (not self.extensions or extension_of(name) in self.extensions)


def asked(form: Iterable[FormField], query_input: str | None = None) -> tuple[FormField, ...]:
    """The fields that a person can be asked for: not the hidden ones, and not the question's own."""
    return tuple(
        field
        for field in form
        if not field.hide and field.type not in FILLED_BY_DIFY and field.variable != query_input
    )


def merged(
    form: Sequence[FormField],
    configured: Mapping[str, Any],
    remembered: Mapping[str, Any],
    *,
    query_input: str | None = None,
    with_files: bool = False,
) -> tuple[dict[str, Any], list[FormField]]:
    """What is sent for the form, typed, and the required fields that have no value.

    What a person filled in beats the configuration, that beats the form's default; what Dify would not take
    counts as not there. `query_input` is the question's variable; `with_files`: the message brings files,
    which the variables for files may get.
    """
    inputs: dict[str, Any] = {}
    missing: list[FormField] = []
    for one in form:
        if one.variable == query_input or one.type in FILLED_BY_DIFY:
            continue
        value = _first(one, [configured] if one.hide else [remembered, configured])
        if value is not None:
            inputs[one.variable] = value
        waits = one.required and not one.hide and value in (None, "")  # an object may be {}
        if waits and not (with_files and one.type in FILES):
            missing.append(one)
    return inputs, missing


def problems(form: Iterable[FormField], values: Mapping[str, Any]) -> dict[str, Problem]:
    """What is wrong with values that somebody gave, by variable; what the form does not have is not seen."""
    found = {one.variable: problem(one, values.get(one.variable)) for one in form}
    return {variable: wrong for variable, wrong in found.items() if wrong is not None}


def problem(one: FormField, value: Any) -> Problem | None:
    """What is wrong with a value for a field; None where Dify takes it."""
    if is_empty(value):
        return Problem("input_required") if one.required and one.type not in FILLED_BY_DIFY else None
    if one.type == "file" and isinstance(value, list | tuple) and len(value) > 1:
        return Problem("input_too_many_files", {"limit": "1", "length": str(len(value))})
    usable = typed(one, value)
    if usable is None and one.type in FILES:
        return _no_file(one, value)
    if usable is None:
        kinds = {"number": "input_no_number", "select": "input_no_option"}
        options = {"options": ", ".join(one.options)} if one.type == "select" else {}
        return Problem(kinds.get(one.type, "input_not_accepted"), options)
    most = _most(one)
    if most is not None and len(usable) > most:
        sentence = "input_too_many_files" if one.type in FILES else "input_too_long"
        return Problem(sentence, {"limit": str(most), "length": str(len(usable))})
    return None


def typed(one: FormField, value: Any) -> Any:
    """The value as Dify wants it; None where it can't be one. Lengths are not looked at."""
    if one.type == "select":
        return str(value) if str(value) in one.options else None
    if one.type in FILES:
        return _one_file(one, value) if one.type == "file" else _files(one, value)
    convert: Callable[[Any], Any] = _TYPED.get(one.type, _text)
    return convert(value)


def file_variables(form: Iterable[FormField], most: int = _MOST_FILES) -> tuple[FileVariable, ...]:
    """The variables that can take a message's files, in the form's order; `most` is the server's limit."""
    return tuple(
        FileVariable(
            variable=one.variable,
            many=one.type == "file-list",
            most=min(one.max_length or most, most) if one.type == "file-list" else 1,
            required=one.required,
            types=one.allowed_file_types,
            extensions=tuple(name.lower().lstrip(".") for name in one.allowed_file_extensions),
            methods=one.allowed_file_upload_methods,
        )
        for one in form
        if one.type in FILES
    )


def _first(one: FormField, sources: Sequence[Mapping[str, Any]]) -> Any:
    for values in sources:
        if one.variable not in values or problem(one, values[one.variable]) is not None:
            continue
        given = values[one.variable]
        if not is_empty(given):
            return typed(one, given)
        return "" if one.type in TEXTS else None  # somebody emptied it: the default must not come back
    usable = not is_empty(one.default) and problem(one, one.default) is None
    return typed(one, one.default) if usable else None


def _most(one: FormField) -> int | None:
    counted = one.type in TEXTS or one.type == "file-list"
    return (one.max_length or None) if counted else None


def is_empty(value: Any) -> bool:
    """Whether a value is none at all."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ((), [], {})


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
        whole = not isinstance(value, float) and "." not in str(value) and "e" not in str(value).lower()
        return int(value) if whole and math.isfinite(number) else (number if math.isfinite(number) else None)
    except (TypeError, ValueError, OverflowError):
        return None


def _yes_or_no(value: Any) -> bool | None:
    said = str(value).strip().lower()
    return said in _YES if said in _YES | _NO else None


def _object(value: Any) -> dict[str, Any] | None:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _one_file(one: FormField, value: Any) -> Any:
    return _file(one, value[0] if isinstance(value, list | tuple) and len(value) == 1 else value)


def _file(one: FormField, value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, dict) and is_remote(value)):
        return remote_file(one, value)
    if isinstance(value, dict):
        return value if KEPT_FILE in value or value.get("transfer_method", REMOTE) != REMOTE else None
    return None if isinstance(value, _NO_FILE) else value


def _files(one: FormField, value: Any) -> list[Any] | None:
    items = value.split() if isinstance(value, str) else [value] if isinstance(value, dict) else value
    if not isinstance(items, list | tuple):
        return None
    found = [_file(one, item) for item in items]
    return None if any(item is None for item in found) else found


def _no_file(one: FormField, value: Any) -> Problem:
    links = addresses(value)
    if takes_links(one) and links and all(map(is_address, links)):
        types = [*one.allowed_file_types, *one.allowed_file_extensions]
        return Problem("file_type_refused", {"types": ", ".join(types)})
    return Problem("input_no_link" if only_links(one) else "input_no_file")


_TYPED: Mapping[str, Callable[[Any], Any]] = {
    "number": _number,
    "checkbox": _yes_or_no,
    "json_object": _object,
}

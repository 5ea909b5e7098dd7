"""An app's input form as a platform asks it, page by page, and what people fill in. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from core.dify.about import FormField
from core.dify.inputs import KEPT_FILE
from core.dify.remote_files import addresses, only_links
from core.messages import Field, FieldValue, IncomingFile
from core.sentences import say

Kind = Literal["text", "paragraph", "number", "select", "checkbox", "file", "files"]
_KINDS: Mapping[str, Kind] = {
    "paragraph": "paragraph",
    "json_object": "paragraph",
    "number": "number",
    "select": "select",
    "checkbox": "checkbox",
    "file": "file",
    "file-list": "files",
}


def pages(fields: Sequence[FormField], size: int) -> list[tuple[FormField, ...]]:
    """The fields in so many forms of at most `size`."""
    return [tuple(fields[at : at + size]) for at in range(0, len(fields), size)]


def field_of(one: FormField, known: Mapping[str, Any], lang: str = "en") -> Field:
    """One variable of the app as a platform asks it; `known`: what is filled in by now."""
    kind = _KINDS.get(one.type, "text")
    value = known.get(one.variable, one.default)
    if only_links(one):
        return _link_field(one, value, lang)
    return Field(
        key=one.variable,
        label=one.label or one.variable,
        kind=kind,
        required=one.required,
        options=tuple(one.options),
        value=_shown(value, kind),
        max_length=one.max_length,
        extensions=tuple(name.lstrip(".").lower() for name in one.allowed_file_extensions),
    )


def _link_field(one: FormField, value: Any, lang: str) -> Field:
    """Files that the app fetches itself: where they are is written down."""
    many = one.type == "file-list"
    label = say("form_links" if many else "form_link", lang, label=one.label or one.variable)
    kind: Kind = "paragraph" if many else "text"
    return Field(one.variable, label, kind, required=one.required, value="\n".join(addresses(value)))


def _shown(value: Any, kind: Kind) -> str | bool:
    if kind == "checkbox":
        return value is True or str(value).lower() in {"true", "1"}
    if kind in {"file", "files"} or value is None or isinstance(value, dict | list | bool):
        return ""
    return str(value)


def kept(value: FieldValue) -> Any:
    """A value in a form that the store keeps; files are to be uploaded with the next question."""
    if isinstance(value, tuple):
        return [_kept_file(item) if isinstance(item, IncomingFile) else item for item in value]
    return value


def _kept_file(file: IncomingFile) -> dict[str, Any]:
    facts = {"id": file.id, "name": file.name, "mime_type": file.mime_type, "size": file.size}
    return {KEPT_FILE: {**facts, "url": file.url}}


def files_in(value: Any) -> list[IncomingFile]:
    """The files of a kept value that wait to be uploaded."""
    items = value if isinstance(value, list) else [value]
    return [IncomingFile(**item[KEPT_FILE]) for item in items if isinstance(item, dict) and KEPT_FILE in item]

"""Files that Dify fetches itself: their addresses, and the value of a form's variable made of them. Pure.

Source: Dify api/factories/file_factory.py (`_build_from_remote_url`, 0.15 to 1.16): the last part of the
path, or what a HEAD of the address says, tells the type; a workflow refuses one that was declared otherwise.
"""

from collections.abc import Iterable, Mapping
from typing import Any, get_args
from urllib.parse import unquote, urlsplit

from core.dify.about import FormField
from core.dify.file_types import EXTENSIONS, UNSTRUCTURED, FileInput, FileType, extension_of, type_of

REMOTE, LOCAL = "remote_url", "local_file"
_TYPES: tuple[FileType, ...] = get_args(FileType)
_KNOWN = UNSTRUCTURED.union(*EXTENSIONS.values())


def name_in(url: str) -> str:
    """The name of the file that an address leads to: the last part of its path; "" without one."""
    try:
        return unquote(urlsplit(url).path).rpartition("/")[2]
    except ValueError:
        return ""


def is_address(text: str) -> bool:
    """Whether this is one complete address (http, https), without a name and a password."""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return whole and "@" not in parts.netloc and not any(mark.isspace() for mark in text)


def names_type(name: str, extensions: Iterable[str] = ()) -> bool:
    """Whether a name's ending says what the file is; `extensions` are those that an app names itself."""
    return extension_of(name) in _KNOWN.union(_plain(extensions)) if "." in name else False


def takes_links(one: FormField) -> bool:
    """Whether a variable for files takes addresses."""
    return not one.allowed_file_upload_methods or REMOTE in one.allowed_file_upload_methods


def only_links(one: FormField) -> bool:
    """Whether a variable for files takes nothing but addresses."""
    methods = one.allowed_file_upload_methods
    return one.type in {"file", "file-list"} and REMOTE in methods and LOCAL not in methods


def addresses(value: Any) -> list[str]:
    """The addresses in a value that a person or the configuration gave; what is none is given as it is."""
    if isinstance(value, str):
        return value.split()
    if isinstance(value, Mapping):
        return [value["url"]] if isinstance(value.get("url"), str) else []
    return [url for item in value for url in addresses(item)] if isinstance(value, list | tuple) else []


def remote_file(one: FormField, value: str | Mapping[str, Any]) -> FileInput | None:
    """A file for a variable, of its address or of Dify's object for it; None where it can't be one."""
    url = value if isinstance(value, str) else value.get("url")
    if not isinstance(url, str) or not takes_links(one) or not is_address(url.strip()):
        return None
    said = None if isinstance(value, str) else value.get("type")
    kind = _type_for(one, name_in(url)) if said is None else _declared(one, said)
    return None if kind is None else FileInput.remote(url.strip(), kind)


def is_remote(value: Any) -> bool:
    """Whether this is a file that Dify fetches, as it is sent or as it is kept."""
    if isinstance(value, FileInput):
        return value.transfer_method == REMOTE
    return isinstance(value, Mapping) and value.get("transfer_method", REMOTE) == REMOTE and "url" in value


def _declared(one: FormField, said: object) -> FileType | None:
    """What the configuration says itself; Dify goes by that."""
    fits = not one.allowed_file_types or said in {*one.allowed_file_types, "custom"}
    return next((kind for kind in _TYPES if fits and kind == said), None)


def _type_for(one: FormField, name: str) -> FileType | None:
    types, extension, kind = one.allowed_file_types, extension_of(name), type_of(name)
    if kind != "custom" and (not types or kind in types):
        return kind
    if extension in _plain(one.allowed_file_extensions) and (not types or "custom" in types):
        return "custom"
    if extension in UNSTRUCTURED and "document" in types:
        return "document"
    return _only(types) if kind == "custom" and extension not in UNSTRUCTURED else None


def _only(types: tuple[str, ...]) -> FileType | None:
    """An address may say nothing of what it leads to; then the one type that is taken is meant."""
    return next((kind for kind in EXTENSIONS if types == (kind,)), None)


def _plain(extensions: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower().lstrip(".") for name in extensions)

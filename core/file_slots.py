"""Where the files of a message go in a question, and which of them an app does not take. Pure.

Source: Dify api/factories/file_factory.py and base_app_generator.py (0.15 to 1.16): the declared type has to
be among the allowed ones, "custom" goes by extension; a workflow compares it with what it detects itself.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.dify.about import MEGABYTE, FileUpload, Parameters, SizeLimits
from core.dify.file_types import UNSTRUCTURED, FileInput, FileType, extension_of, size_kind, type_of
from core.dify.inputs import FileVariable, file_variables, is_empty
from core.dify.questions import Question
from core.dify.remote_files import LOCAL, REMOTE, name_in, names_type
from core.file_names import shown_name
from core.footers import Footer
from core.links import links_in
from core.messages import IncomingFile

MESSAGE = ""  # the variable of a slot for the files of the message itself
_MOST_NAMES = 5  # in one sentence
_VAGUE = frozenset(("dify_failed", "model_failed", "not_accepted"))  # sentences that give no reason


@dataclass(frozen=True, slots=True)
class Seat:
    """A file, the slot that it goes into, and the type that it is declared as."""

    file: IncomingFile
    slot: FileVariable
    type: FileType
    linked: bool = False  # Dify fetches it from its address; nothing is uploaded


@dataclass(frozen=True, slots=True)
class Plan:
    """Which files are passed on, and what has to be said about the others."""

    seats: tuple[Seat, ...]
    notes: tuple[Footer, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What an app takes: its slots, the sizes, and whether it detects types itself (workflows).

    `links`: those in the text of a question are passed on as files.
    """

    slots: tuple[FileVariable, ...]
    limits: SizeLimits
    strict: bool = False
    links: bool = False


def rules(
    parameters: Parameters, inputs: Mapping[str, Any], *, chats: bool, strict: bool, links: bool = False
) -> Rules:
    """What an app takes with a message, where its form has these values already.

    The empty variables are filled before those that have a value; of a chat that takes the files of a message
    beside its form, only those that must have one.
    """
    limits = parameters.system_parameters
    variables = form_slots(parameters)
    empty = [slot for slot in variables if is_empty(inputs.get(slot.variable))]
    own = _own(parameters.file_upload, limits)
    any_of_them = empty or list(variables)
    filled = [slot for slot in empty if slot.required] if chats and own else any_of_them
    return Rules((*filled, *own), limits, strict, links)


def form_slots(parameters: Parameters) -> tuple[FileVariable, ...]:
    """The variables of the form that people may fill with files."""
    most = parameters.system_parameters.workflow_file_upload_limit
    return file_variables((one for one in parameters.form if not one.hide), most)


def planned(
    files: Iterable[IncomingFile], take: Rules, kinds: Mapping[str, str], links: Iterable[IncomingFile] = ()
) -> Plan:
    """Give each file its slot, in their order, and then each link; `kinds`: the types in words."""
    seats: list[Seat] = []
    notes: list[Footer] = []
    cut = 0
    for file, method in (*((file, LOCAL) for file in files), *((link, REMOTE) for link in links)):
        fitting = _fitting(file, take, method)
        limit = take.limits.bytes_of(size_kind(file.name))
        if not fitting:
            notes.append(refused(file, take, kinds))
        elif file.size > limit:
            notes.append(too_large(file, limit))
        elif (free := next((fit for fit in fitting if _has_room(fit[0], seats)), None)) is not None:
            seats.append(Seat(file, *free, linked=method == REMOTE))
        else:
            cut += 1
    if cut:
        notes.append(Footer("files_cut", {"count": str(cut), "limit": str(sum(s.most for s in take.slots))}))
    return Plan(tuple(seats), tuple(notes))


def links_for(text: str, take: Rules, own_hosts: Collection[str]) -> list[IncomingFile]:
    """The links in a text that the app takes as files; `own_hosts` as in core.links."""
    extensions = [name for slot in take.slots for name in slot.extensions]

    def takes(name: str) -> bool:
        link = IncomingFile("", name, "", -1, "")
        return names_type(name, extensions) and bool(_fitting(link, take, REMOTE))

    found = links_in(text, takes, own_hosts)
    return [IncomingFile(url, name_in(url), "", -1, url) for url in found]


def takes_links(parameters: Parameters, *, chats: bool) -> bool:
    """Whether an app takes links as files at all."""
    return any(_allows(slot, REMOTE) for slot in rules(parameters, {}, chats=chats, strict=False).slots)


def declared(slot: FileVariable, file: IncomingFile, *, strict: bool, method: str = LOCAL) -> FileType | None:
    """The type under which a slot takes a file; None: not at all, or not in this way (as an upload)."""
    if not _allows(slot, method):
        return None
    kind = type_of(file.name, file.mime_type)
    if not slot.types or kind in set(slot.types) - {"custom"}:
        return kind
    if slot.takes(file.name, file.mime_type):
        return "custom"
    # which of the two it is depends on the server; only a workflow minds
    unsure = extension_of(file.name) in UNSTRUCTURED and "document" in slot.types
    return "document" if unsure and not strict else None


def values(seated: Sequence[tuple[Seat, FileInput]]) -> tuple[tuple[FileInput, ...], dict[str, Any]]:
    """The files of the message itself, and the values of the form's variables."""
    own = tuple(given for seat, given in seated if seat.slot.variable == MESSAGE)
    inputs: dict[str, Any] = {}
    for seat, given in seated:
        if seat.slot.variable != MESSAGE and seat.slot.many:
            inputs.setdefault(seat.slot.variable, []).append(given)
        elif seat.slot.variable != MESSAGE:
            inputs[seat.slot.variable] = given
    return own, inputs


def refused(file: IncomingFile, take: Rules, kinds: Mapping[str, str]) -> Footer:
    """What to say of a file that no slot takes."""
    if not take.slots:
        return Footer("files_off", {})
    slots = [slot for slot in take.slots if _allows(slot, LOCAL)]
    if not slots:
        return Footer("file_as_link" if take.links else "uploads_off", {"name": shown_name(file.name)})
    types = [kinds.get(kind, kind) for slot in slots for kind in slot.types if kind != "custom"]
    endings = [f".{end}" for slot in slots if "custom" in slot.types for end in slot.extensions]
    listed = ", ".join(dict.fromkeys([*types, *endings]))
    return Footer("file_type", {"name": shown_name(file.name), "types": listed})


def too_large(file: IncomingFile, limit: int) -> Footer:
    """What to say of a file with more bytes than the limit."""
    return Footer("file_size", {"name": shown_name(file.name), "limit": f"{limit / MEGABYTE:g}"})


def doubts(question: Question) -> list[Footer]:
    """What may explain that a question fails: files that Dify has to fetch. It often says nothing of them."""
    values = (value if isinstance(value, list) else [value] for value in question.inputs.values())
    files = (item for items in (question.files, *values) for item in items if isinstance(item, FileInput))
    urls = [file.url for file in files if file.url is not None]
    # never the address itself: it may be an inner one, or be signed
    names = dict.fromkeys(shown_name(name) for name in map(name_in, urls) if name.strip("."))
    note = Footer("link_in_doubt", {"name": _listed([*names])}, only_with=_VAGUE)
    return [note] if names else []


def gathered(notes: Iterable[Footer]) -> list[Footer]:
    """The same sentence about several files is said once, with their names."""
    names: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for note in notes:
        others = tuple((key, value) for key, value in note.values.items() if key != "name")
        names.setdefault((note.sentence, others), []).extend(
            [note.values["name"]] if "name" in note.values else []
        )
    return [
        Footer(sentence, {**dict(others), **({"name": _listed(listed)} if listed else {})})
        for (sentence, others), listed in names.items()
    ]


def _listed(names: Sequence[str]) -> str:
    more = [f"+{len(names) - _MOST_NAMES}"] if len(names) > _MOST_NAMES else []
    return ", ".join([*names[:_MOST_NAMES], *more])


def _own(upload: FileUpload, limits: SizeLimits) -> tuple[FileVariable, ...]:
    if not (upload.enabled or upload.image.enabled):
        return ()
    slot = FileVariable(
        variable=MESSAGE,
        many=True,
        most=upload.number_limits or upload.image.number_limits or limits.workflow_file_upload_limit,
        types=upload.allowed_file_types if upload.enabled else ("image",),
        extensions=tuple(name.lower().lstrip(".") for name in upload.allowed_file_extensions),
        methods=upload.allowed_file_upload_methods if upload.enabled else upload.image.transfer_methods,
    )
    return (slot,)


def _fitting(file: IncomingFile, take: Rules, method: str) -> list[tuple[FileVariable, FileType]]:
    kinds = ((slot, declared(slot, file, strict=take.strict, method=method)) for slot in take.slots)
    return [(slot, kind) for slot, kind in kinds if kind is not None]


def _allows(slot: FileVariable, method: str) -> bool:
    return not slot.methods or method in slot.methods


def _has_room(slot: FileVariable, seats: Sequence[Seat]) -> bool:
    return sum(seat.slot == slot for seat in seats) < slot.most

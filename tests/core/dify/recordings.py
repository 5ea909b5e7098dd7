"""The exchanges recorded from real Dify servers, and what must come of them by facts of their own.

The facts are the request (the stand-in model was told in it what to say: `[[n=6 fail=drop at=3]]`), how the
connection ended, what the server kept of it (GET /messages), and dify-live.md section 2. None of our code.
"""

import itertools
import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).parents[4] / "shared" / "reference" / "dify-transcripts"
MISSING = "the recordings of real Dify servers are not on this machine"
WORDS = [
    *("The", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog"),
    *("while", "seven", "wizards", "quietly", "box", "near", "the", "frozen", "river"),
]
FLOWS = {"advanced-chat", "workflow"}


def words(number):
    """So many words of the stand-in model, which begins again at their end."""
    return "".join(f"{word} " for word in itertools.islice(itertools.cycle(WORDS), number))


@dataclass(frozen=True)
class Recording:
    """One exchange."""

    path: Path

    @property
    def version(self):
        return self.path.parent.name

    @property
    def name(self):
        return self.path.stem

    def __str__(self):
        return f"{self.version}/{self.path.name}"

    @property
    def old(self):
        return self.version < "1"

    @cached_property
    def meta(self):
        return json.loads(self.path.with_suffix(".meta.json").read_text())

    @property
    def streamed(self):
        return self.path.suffix == ".sse"

    @property
    def shared(self):
        """Of two bodies under one name (0.15.8 only) the facts are those of the one that is no stream."""
        return self.streamed and self.path.with_suffix(".json").exists()

    @cached_property
    def body(self):
        return self.path.read_bytes()

    @cached_property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def status(self):
        return 200 if self.shared else self.meta["status"]

    @property
    def headers(self):
        kept = {"Content-Type", "X-Version", "X-Env", "Cache-Control"}
        found = dict(self.meta["response_headers"])
        if self.shared:
            found["Content-Type"] = "text/event-stream; charset=utf-8"
        return {name: value for name, value in found.items() if name in kept}

    @property
    def sizes(self):
        sizes = [] if self.shared else list(self.meta["http_chunk_sizes"])
        rest = len(self.body) - sum(sizes)
        return [*sizes, rest] if rest > 0 else sizes

    @property
    def broken(self):
        return not self.shared and (self.meta["client_cut"] or not self.meta["terminated_cleanly"])

    @property
    def method(self):
        return self.meta["request"]["method"]

    @property
    def url(self):
        return self.meta["request"]["path"].split("/v1", 1)[-1]

    @property
    def endpoint(self):
        return urlsplit(self.url).path

    @property
    def query(self):
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}

    @property
    def asked(self):
        body = self.meta["request"].get("body")
        return body if isinstance(body, dict) else {}

    @property
    def kind(self):
        """What kind of app was asked."""
        app = self.meta["app"] or "chat"
        kinds = {"agent": "agent-chat", "chatflow": "advanced-chat", "completion": "completion"}
        return next((kind for prefix, kind in kinds.items() if app.startswith(prefix)), None) or (
            "workflow" if app == "workflow" else "chat"
        )

    @property
    def text(self):
        """What was asked."""
        inputs = self.asked.get("inputs") or {}
        return self.asked.get("query") or inputs.get("query") or inputs.get("text") or ""

    @property
    def told(self):
        """What the stand-in model was told to do."""
        found = re.search(r"\[\[(.*?)\]\]", self.text)
        return dict(part.split("=") for part in found[1].split()) if found else {}


def every():
    """All recordings, streams first."""
    names = [path for path in ROOT.glob("*/*") if not path.name.endswith(".meta.json")]
    return [Recording(path) for path in sorted(names, key=lambda path: (path.suffix != ".sse", path))]


@cache
def kept_answers():
    """What the servers kept: message id → row, from every recorded GET /messages."""
    rows = {}
    for recording in every():
        if recording.endpoint == "/messages" and recording.json:
            rows |= {row["id"]: row for row in recording.json.get("data") or [] if row.get("answer")}
    return rows


@cache
def stopped_tasks():
    """Which tasks the recorded stops named: (version, app, user) → task id."""
    found = {}
    for recording in every():
        if stop := re.fullmatch(r"/.*/([0-9a-f-]{36})/stop", recording.endpoint):
            who = recording.version, recording.meta["app"], recording.asked.get("user")
            if not stop[1].startswith("00000000"):  # a task that nobody has
                found[who] = stop[1]
    return found


def outcome(recording):
    """How the answer ended, by dify-live.md section 2 and the facts of the exchange."""
    name, fail = recording.name, recording.told.get("fail")
    wrong = {"chat_with_remote_image", "err_workflow_missing_input", "err_workflow_required"}
    if recording.broken or name == "noworker_chatflow":
        return "complete" if name.startswith("hitl") else "lost"  # those were left after their end
    if name == "hitl2_start":
        return "paused"
    if name.startswith("stop_"):
        return _stopped(recording)
    if fail and recording.meta["app"] == "chatflow-fallback":
        return "complete" if not recording.old or fail in {"empty", "drop"} else "failed"
    return "failed" if name in wrong or fail not in {None, "empty"} else "complete"


def _stopped(recording):
    obeyed = not recording.old if "other_user" in recording.name else True
    return "stopped" if recording.kind in FLOWS and obeyed else "complete"


def error(recording):
    """Code and status of the `error` event, (None, None) where there is none."""
    if outcome(recording) != "failed":
        return None, None
    if recording.name == "chat_with_remote_image":
        return "internal_server_error", 500
    if recording.kind in FLOWS:
        return ("invalid_param", 400) if recording.old and recording.kind == "advanced-chat" else (None, None)
    if recording.told["fail"] == "429" and not recording.old:
        return "rate_limit_error", 429
    return "completion_request_error", 400


REPLACED = {
    "moderation_input": "Your input is blocked.",
    "moderation_output_replace": "The answer was withheld by moderation.",
    "moderation_output_midstream": "The answer was withheld by moderation.",
}


def is_text(recording, text):
    """Whether a text is what the facts say."""
    name, told = recording.name, recording.told
    by_name = _BY_NAME.get(name) or next(
        (rule for start, rule in _BY_START.items() if name.startswith(start)), None
    )
    if name in REPLACED:
        return text == REPLACED[name]
    if outcome(recording) in {"lost", "stopped"} or name.startswith("stop_"):
        return _is_part(recording, text)
    if "fail" in told:
        return _is_failed(recording, text)
    return (by_name or _BY_MODE.get(told.get("mode")) or _is_said)(recording, text)


def _is_said(recording, text):
    said = words(int(recording.told.get("n", 12)))
    if recording.meta["app"] == "chatflow":
        return text.startswith(f"Answer: {said}\n(previous was: ")
    return text == (f"{said}\n{recording.text}" if recording.kind == "workflow" else said)


def _is_part(recording, text):
    """Whole words from the beginning; of what others tried to stop, all."""
    number = int(recording.told.get("n", 0))
    whole = words(number) if number else words(200)
    if "other_user" in recording.name:
        return text == whole
    if recording.url.startswith("/workflow/"):  # listened to from somewhere in the middle
        return text.strip() in words(200)
    return whole.startswith(text) and (not text or text.endswith(" ")) and (not number or text != whole)


def _is_failed(recording, text):
    told = recording.told
    if recording.meta["app"] == "chatflow-fallback" and told["fail"] != "empty":
        return text == "" if recording.old else text.startswith("Fallback: ")
    return text == (words(int(told["at"])) if told["fail"] == "drop" else "")


def _is_echo(recording, text):
    # 1.16.1 puts the picture before the question; the chatflow adds what was asked before
    return re.search(rf"turns=\d+ sys=True last='.*{re.escape(recording.text)}'", text, re.DOTALL)


_BY_MODE = {
    "echo": _is_echo,
    "md": lambda _, text: text.startswith("# Title\n\nSome **bold** and *italic* text, `inline code`"),
    "think": lambda recording, text: text.startswith("<details" if recording.old else "<think>"),
}
_BY_NAME = {
    "agent_react_stream": lambda _, text: text == " I need the time.\n\n I know. \nIt is late.",
    "chat_with_remote_image": lambda _, text: text == "",
    "hitl2_start": lambda _, text: text == "",
    "idle_300s_reattach": lambda _, text: text == words(4),
    "reattach_late": lambda _, text: text and words(90).endswith(text),
}
_BY_START = {
    "err_workflow": lambda _, text: text == "",
    "hitl2": lambda _, text: text == "Approved with note: ok!",
}

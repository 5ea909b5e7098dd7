"""Events of Dify made wrong in every way that seeded chance finds: bytes, JSON values, order, framing."""

import copy
import json
import random
from functools import cache

from core.dify.events import KNOWN
from tests.core.dify.recordings import ROOT

IDS = {"task_id": "t-1", "message_id": "m-1", "conversation_id": "c-1", "workflow_run_id": "r-1"}
FORM = {
    "form_id": "f",
    "form_token": "k",
    "form_content": "Sure?\n\n{{#$output.note#}}",
    "inputs": [{"output_variable_name": "note", "type": "paragraph", "default": {"value": "x"}}],
    "actions": [{"id": "yes", "title": "Yes", "button_style": "primary"}],
    "resolved_default_values": {"note": "y"},
    "expiration_time": 1_795_229_583,
}
FILE = {"id": "f", "type": "image", "url": "/files/f.png?sign=x", "dify_model_identity": "__dify__file__"}
DATA = {
    "id": "n-1",
    "title": "LLM",
    "status": "succeeded",
    "index": 1,
    "text": "chunk ",
    "reasoning": "hm",
    "label": "step",
    "outputs": {"answer": "Grüße 👋", "files": [FILE], "n": 3},
    "error": None,
    "elapsed_time": 0.5,
    "reasons": [{"TYPE": "human_input_required", **FORM}],
    **FORM,
}
OWN = {
    "answer": "Grüße 👋 日本語 ",
    "id": "m-1",
    "metadata": {
        "usage": {"total_tokens": 7, "total_price": "0.1"},
        "retriever_resources": [{"position": 1}],
    },
    "files": [FILE],
    "url": "/files/f.png",
    "type": "image",
    "belongs_to": "assistant",
    "position": 1,
    "thought": "hm",
    "tool": "clock",
    "audio": "SUQz",
    "code": "completion_request_error",
    "status": 400,
    "message": "x",
    "data": DATA,
}
SMALL = 4096  # bytes: what is larger is taken from the recordings, but not chewed
STRANGE = [
    *(None, True, 0, -1, 2**63, 10**400, 1e308, 0.1),
    *("", "x", "\x00", "\ud800", "data: x\n\n", "😀" * 9, "a" * 999, "message", "workflow_finished", "1e999"),
    *([], [[]], {}, {"": None}, [None, 1, "x", {}], {"answer": "x"}, {"a": {"b": {"c": []}}}),
]
BITS = [
    *(b"\n", b"\r", b"\n\n", b"\r\n\r\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf"),
    *(b'"', b"\\", b"\\u", b"{", b"}", b"[" * 60, b",", b":", b"null", b"-", b"1e999", b"NaN"),
    *(b"data: ", b"data", b"event: ping\n\n", b"id: 1\n", b": x\n"),
]


@cache
def samples():
    """Small events, each of another shape: of every known name, and of the recordings where they are."""
    made = [json.dumps({"event": name, **IDS, **OWN}).encode() for name in KNOWN]
    bare = [json.dumps({"event": name}).encode() for name in KNOWN]
    found = {}
    for path in sorted(ROOT.glob("*/*.sse")):
        for block in path.read_bytes().split(b"\n\n"):
            if block.startswith(b"data: {") and len(block) <= SMALL:
                event = json.loads(block[6:])
                found.setdefault((path.parent.name, event["event"], *sorted(event)), block[6:])
    return made + bare + list(found.values())


def stream(seed, length=20):
    """A body of so many events, most of them wrong; the same for the same seed."""
    chance = random.Random(seed)
    blocks = [_block(chance) for _ in range(length)]
    if chance.random() < 0.2:
        chance.shuffle(blocks)
    body = b"".join(blocks)
    for _ in range(chance.choice((0, 0, 1, 4))):
        body = _chewed(chance, body)
    return body


def pieces(seed, body):
    """The body cut at random places; now and then at every byte."""
    chance = random.Random(seed)
    size = chance.choice((16, 99, 99, 999, 999, 65_536)) if seed % 50 else 1
    at, found = 0, []
    while at < len(body):
        end = at + int(chance.random() * size) + 1
        found.append(body[at:end])
        at = end
    return found


def _block(chance):
    data = chance.choice(samples())
    kind = chance.random()
    if kind < 0.05:
        return b"event: ping\n\n"
    if kind < 0.6:
        data = _other_values(chance, data)
    if kind > 0.5:
        for _ in range(chance.choice((0, 1, 1, 3))):
            data = _chewed(chance, data)
    end = chance.choice((b"\n\n", b"\n\n", b"\n\n", b"\r\n\r\n", b"\r\r", b"\n"))
    return b"data: " + data + end


def _other_values(chance, data):
    event = json.loads(data)
    for _ in range(chance.choice((1, 1, 2, 5))):
        _other_value(chance, event)
    try:
        return json.dumps(event, ensure_ascii=chance.random() < 0.5).encode()
    except UnicodeEncodeError:  # a lone surrogate has only an escape
        return json.dumps(event).encode()


def _other_value(chance, value):
    """Change something somewhere inside."""
    while isinstance(value, dict | list) and value:
        key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
        inner = value[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.7:
            value = inner
            continue
        if key == "event" and chance.random() < 0.7:
            value[key] = chance.choice(list(KNOWN))
        elif isinstance(value, dict) and chance.random() < 0.2:
            del value[key]
        else:
            value[key] = copy.deepcopy(chance.choice(STRANGE))
        return


def _chewed(chance, data):
    at = chance.randint(0, len(data))
    end = min(len(data), at + chance.choice((1, 1, 2, 8, 64)))
    match chance.randint(0, 4):
        case 0:
            return data[:at] + data[end:]
        case 1:
            return data[:at] + chance.choice(BITS) + data[at:]
        case 2:
            return data[:at] + data[at:end] * 2 + data[end:]
        case 3:
            return data[:at] + bytes([chance.randint(0, 255)]) + data[end:]
        case _:
            return data[:at] if chance.random() < 0.2 else data[:at] + chance.choice(BITS) + data[end:]

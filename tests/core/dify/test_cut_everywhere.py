"""Every kind of stream cut behind every single byte: never an exception, never text that Dify did not say."""

from pathlib import Path

import httpx
import pytest

from core.answer import Answer, Outcome
from core.dify.events import parse
from core.dify.questions import Question, ask_body, ask_path
from core.dify.sse import PING, EventSplitter
from simulators.dify import DifySimulator
from simulators.dify.script import Annotation, Fail, File, Node, Pause, Raw, Reasoning, Replace, Silence, Tool
from tests.core.dify.streams import plain, text_of, verdict_of

RECORDINGS = Path(__file__).parents[4] / "shared" / "reference" / "dify-transcripts"
LARGEST = 100_000  # bytes; the one recording above it is a single long query
RECORDED = [path for path in sorted(RECORDINGS.glob("*/*.sse")) if path.stat().st_size < LARGEST]

SAID = ["Grüße, ", "日本語 ", "👍🏽\n\n", "data: x\r\n\r\n", "end"]
SCRIPTS = {  # name -> (mode, script)
    "chat": ("chat", SAID),
    "chat fails": ("chat", [*SAID, Fail()]),
    "chat is moderated": ("chat", [*SAID, Replace("withheld")]),
    "chat with a file": ("chat", ["see ", File(b"PNG!"), "there"]),
    "chat with pings and rubbish": ("chat", ["a ", Silence(pings=2), Raw(b": hm\n\ndata: {oops\n\n"), "b"]),
    "agent": ("agent-chat", ["Let me see. ", Tool("clock"), *SAID]),
    "new agent": ("agent", ["Let me see. ", Tool("clock"), *SAID]),
    "chatflow": ("advanced-chat", [Node("Search", "tool"), *SAID]),
    "chatflow fails": ("advanced-chat", [*SAID, Fail()]),
    "chatflow thinks": ("advanced-chat", [Reasoning("hm"), Reasoning("", final=True), *SAID]),
    "chatflow pauses": ("advanced-chat", [*SAID, Pause()]),
    "chatflow is annotated": ("advanced-chat", [Annotation("from the FAQ")]),
    "completion": ("completion", SAID),
    "workflow": ("workflow", [Node("Search", "tool"), *SAID]),
    "workflow fails": ("workflow", [*SAID, Fail()]),
    "workflow is silent": ("workflow", []),
}
NEW_ONLY = {"new agent", "chatflow thinks", "chatflow pauses"}
MADE = [
    (version, name)
    for version in ("0.15.8", "1.16.1")
    for name in SCRIPTS
    if version > "1" or name not in NEW_ONLY
]


async def made(version, name):
    """The bytes of a whole stream of the simulator."""
    mode, script = SCRIPTS[name]
    async with DifySimulator(version=version) as dify, httpx.AsyncClient(base_url=dify.base_url) as client:
        dify.add_app("app-x", mode=mode)
        dify.reply(script)
        body = ask_body(Question("hello", "ann"), mode)
        response = await client.post(ask_path(mode), json=body, headers={"Authorization": "Bearer app-x"})
        assert response.status_code == 200
        return response.content


def fold_byte_by_byte(body):
    """The answer as it stands after each byte, and how many events were whole by then."""
    splitter, answer, whole = EventSplitter(), Answer(), 0
    for at in range(len(body)):
        for data in splitter.feed(body[at : at + 1]):
            if data != PING:
                answer.take(parse(data))
        whole += body[max(0, at - 1) : at + 1] == b"\n\n"
        yield at, whole, answer


def check_every_cut(body):
    """After each byte the answer is what another reader makes of the events that were whole by then."""
    events, whole = 0, text_of(plain(body))
    text, outcome, redrawn = "", Outcome.LOST, False
    for at, ends, answer in fold_byte_by_byte(body):
        if ends > events:
            events, so_far = ends, plain(body[: at + 1])
            text, outcome = text_of(so_far), Outcome(verdict_of(so_far))
            redrawn = redrawn or not whole.startswith(text)
        assert (answer.text, answer.outcome) == (text, outcome), at
    assert events
    assert redrawn is bool(answer.redraws)


@pytest.mark.parametrize(("version", "name"), MADE)
async def test_a_stream_of_the_simulator(version, name):
    check_every_cut(await made(version, name))


@pytest.mark.parametrize(("version", "name"), MADE)
async def test_a_stream_read_in_one_piece_up_to_a_cut_beside_an_event(version, name):
    body = await made(version, name)
    borders = [at + 2 for at in range(len(body)) if body[at : at + 2] == b"\n\n"]
    for cut in sorted({border + beside for border in borders for beside in (-2, -1, 0, 1)}):
        answer, splitter = Answer(), EventSplitter()
        for data in splitter.feed(body[:cut]):
            if data != PING:
                answer.take(parse(data))
        events = plain(body[:cut])
        assert (answer.text, answer.outcome) == (text_of(events), Outcome(verdict_of(events))), cut


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_stream(path):
    check_every_cut(path.read_bytes())


def test_the_last_byte_of_an_event_makes_it_count():
    body = b'data: {"event":"message","answer":"Hi"}\n\ndata: {"event":"message_end"}\n\n'
    states = [(answer.text, answer.outcome) for _, _, answer in fold_byte_by_byte(body)]
    first = body.index(b"\n\n") + 1
    assert set(states[:first]) == {("", Outcome.LOST)}
    assert set(states[first:-1]) == {("Hi", Outcome.LOST)}
    assert states[-1] == ("Hi", Outcome.COMPLETE)

"""Every recorded exchange with real Dify servers, replayed over sockets through the client and the fold.

What must come of a recording is said by recordings.py, from facts that are not ours.
"""

import pytest

from core.answer import Answer, Outcome
from core.dify.client import DifyClient, Question
from core.dify.events import HumanInput, Malformed, MessageEnd, Unknown, WorkflowFinished, WorkflowPaused
from core.dify.server import DifyServer, StreamLimits
from core.errors import DifyLost
from tests.core.dify.recordings import (
    FLOWS,
    MISSING,
    ROOT,
    error,
    every,
    is_text,
    kept_answers,
    outcome,
    stopped_tasks,
)
from tests.core.dify.replay import Replay, Reply
from tests.core.dify.streams import plain

if not ROOT.is_dir():
    pytest.skip(MISSING, allow_module_level=True)

STREAMS = [recording for recording in every() if recording.streamed]


DONE = {}


@pytest.fixture
def replayed():
    """What our client makes of a recorded stream: answer, events, whether it was lost, the release."""

    async def replay(recording):
        if recording not in DONE:
            DONE[recording] = await play(recording)
        return DONE[recording]

    return replay


async def play(recording):
    reply = Reply(200, recording.body, recording.headers, recording.sizes, not recording.broken)
    async with Replay(reply) as dify:
        server = DifyServer(dify.base_url, StreamLimits())
        client = DifyClient(server, "app-key")
        try:
            answer, events, lost = await read(listening(client, recording))
        finally:
            await server.aclose()
    assert (dify.asked[0].method, dify.asked[0].path) == (recording.method, f"/v1{recording.endpoint}")
    return answer, events, lost, client.server_version


def listening(client, recording):
    """The same request as was recorded."""
    if recording.method == "GET":
        given = recording.query
        return client.attach(
            recording.endpoint.split("/")[2],
            given["user"],
            snapshot=given.get("include_state_snapshot") == "true",
            past_pauses=given.get("continue_on_pause") == "true",
        )
    asked = recording.asked
    question = Question(
        recording.text,
        str(asked.get("user", "u")),
        conversation_id=asked.get("conversation_id") or "",
        inputs=asked.get("inputs") or {},
    )
    return client.ask(question, run=recording.kind in FLOWS, mode=recording.kind)


async def read(stream):
    answer, seen, lost = Answer(), [], False
    try:
        async with stream as events:
            async for event in events:
                seen.append(event)
                answer.take(event)
    except DifyLost:
        lost = True
    return answer, seen, lost


def test_there_are_recordings_of_both_releases():
    assert {recording.version for recording in STREAMS} == {"0.15.8", "1.16.1"}
    assert len(STREAMS) >= 225


@pytest.mark.parametrize("recording", [pytest.param(recording, id=str(recording)) for recording in STREAMS])
async def test_a_stream_gives_its_text_its_end_and_its_error(replayed, recording):
    answer, events, lost, version = await replayed(recording)
    assert lost == recording.broken
    assert not any(isinstance(event, Malformed | Unknown) for event in events)
    assert answer.outcome is Outcome(outcome(recording))
    assert (answer.error_code, answer.error_status) == error(recording)
    assert is_text(recording, answer.text), answer.text
    assert answer.files == ()  # no app of these made any
    assert version == recording.version


@pytest.mark.parametrize("recording", STREAMS, ids=str)
async def test_a_stream_gives_the_ids_that_the_servers_know_it_by(replayed, recording):
    answer, _, _, _ = await replayed(recording)
    silent = recording.name == "noworker_chatflow" or recording.name.startswith("err_workflow")
    conversation = recording.asked.get("conversation_id")
    if conversation and not silent:
        assert answer.conversation_id == conversation
    assert bool(answer.conversation_id) == (
        recording.kind not in {"workflow", "completion"} and with_message(recording)
    )
    assert bool(answer.message_id) == (recording.kind != "workflow" and with_message(recording))
    if recording.method == "GET":
        assert answer.run_id in {recording.endpoint.split("/")[2], ""}
    else:
        assert bool(answer.run_id) == (recording.kind in FLOWS and recording.name != "noworker_chatflow")
    # an `error` names no task: what failed before its first word has none
    assert bool(answer.task_id) or silent or outcome(recording) == "failed"
    if row := kept_answers().get(answer.message_id):
        assert answer.conversation_id == row["conversation_id"]
        assert row["query"] == (recording.text or row["query"])


def with_message(recording):
    """Whether the stream names a message and its conversation at all."""
    bare = {"noworker_chatflow", "idle_300s_reattach"}
    return recording.name not in bare and not recording.name.startswith("err_workflow")


STOPPED = [recording for recording in STREAMS if recording.name.startswith("stop_")]


@pytest.mark.parametrize("recording", STOPPED, ids=str)
async def test_the_task_is_the_one_that_the_recorded_stop_named(replayed, recording):
    answer, _, _, _ = await replayed(recording)
    user = "intruder" if "other_user" in recording.name else "u1"
    task = stopped_tasks()[recording.version, recording.meta["app"], user]
    assert answer.task_id == task


def message_id(recording):
    """By a reader that is not ours."""
    return next((event["message_id"] for event in plain(recording.body) if event.get("message_id")), None)


KEPT_OTHERWISE = {"agent_react_stream", "stop_agent"}  # dify-live.md 3.10 and 3.5
KEPT = [
    recording
    for recording in STREAMS
    if outcome(recording) in {"complete", "stopped"}
    and message_id(recording) in kept_answers()
    and recording.name not in KEPT_OTHERWISE
]


@pytest.mark.parametrize("recording", KEPT, ids=str)
async def test_the_text_is_the_one_that_the_server_kept(replayed, recording):
    answer, events, _, _ = await replayed(recording)
    row = kept_answers()[answer.message_id]
    whole = recording.method == "POST"  # who listens again misses what was said meanwhile
    assert (row["answer"].strip() == answer.text.strip()) if whole else row["answer"].endswith(answer.text)
    ends = [event for event in events if isinstance(event, MessageEnd)]
    assert all(end.told.usage.currency == "USD" for end in ends)


@pytest.mark.parametrize("recording", [each for each in STREAMS if each.kind in FLOWS], ids=str)
async def test_the_finish_of_a_run_says_how_it_went(replayed, recording):
    _, events, _, _ = await replayed(recording)
    finished = [event.data for event in events if isinstance(event, WorkflowFinished)]
    expected = outcome(recording)
    assert len(finished) == (expected not in {"lost", "paused"})
    for data in finished:
        good = {"complete": {"succeeded", "partial-succeeded"}}.get(expected, {expected})
        assert data.status in good
        assert data.elapsed_time >= 0
        assert data.total_steps >= 0
        assert data.made == ()


ENDED = [each for each in STREAMS if outcome(each) == "complete" and not each.name.startswith("stop_")]


@pytest.mark.parametrize("recording", [each for each in ENDED if each.kind == "agent-chat"], ids=str)
async def test_a_text_that_the_server_kept_otherwise_is_known_to_hold_thoughts(replayed, recording):
    answer, _, _, _ = await replayed(recording)
    tools = b'"observation": "{' in recording.body or b'"observation":"{' in recording.body
    assert answer.thinks_aloud is (tools or recording.name in KEPT_OTHERWISE)


def test_enough_answers_were_kept():
    assert len(KEPT) > 25


async def test_the_recorded_form_is_read_whole(replayed):
    [recording] = [each for each in STREAMS if each.name == "hitl2_start"]
    _, events, _, _ = await replayed(recording)
    [asked] = [event.form for event in events if isinstance(event, HumanInput)]
    [paused] = [event.pause for event in events if isinstance(event, WorkflowPaused)]
    assert asked.text == f"Please **approve** this:\n\n{'The quick brown fox jumps over'}"
    assert [action.id for action in asked.buttons] == ["approve", "reject"]
    assert asked.defaults == {"note": ""}
    assert [form.form_token for form in paused.forms] == [asked.form_token]
    submitted = {each.endpoint.rsplit("/", 1)[1] for each in every() if "/form/" in each.endpoint}
    assert asked.form_token in submitted

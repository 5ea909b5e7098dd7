"""The simulator's streams against those recorded from real Dify servers: order, keys, pings, headers."""

import asyncio
import json
from pathlib import Path

import pytest

from simulators.dify import DifySimulator
from simulators.dify.script import Answer, Fail, Gate, Node, Pause, Tool, pieces

RECORDINGS = Path(__file__).parents[4] / "shared" / "reference" / "dify-transcripts"
TEXT = "The quick brown fox jumps over "

# recording -> (mode, script)
ENDINGS = {
    "chat_stream_turn1": ("chat", TEXT),
    "llmfail_chat_429": ("chat", [Fail.rate_limited()]),
    "llmfail_chat_drop": ("chat", [*pieces(TEXT)[:3], Fail()]),
    "llmfail_chat_empty": ("chat", []),
    "agent_stream": ("agent-chat", [Tool("current_time"), *pieces(TEXT)]),
    "agent_stream_notool": ("agent-chat", TEXT),
    "llmfail_agent_drop": ("agent-chat", [Tool("current_time"), *pieces(TEXT)[:3], Fail()]),
    "llmfail_completion_429_streaming": ("completion", [Fail.rate_limited()]),
    "completion_stream": ("completion", TEXT),
    "workflow_stream": ("workflow", TEXT),
    "llmfail_workflow_429_streaming": ("workflow", [Node(), Fail()]),
    "llmfail_chatflow-stream_429": ("advanced-chat", [Node(), Fail()]),
    "llmfail_chatflow-stream_drop": ("advanced-chat", [*pieces(TEXT)[:3], Fail()]),
    "ping_chatflow": ("advanced-chat", TEXT),
    "llmfail_chatflow-stream_empty": ("advanced-chat", []),
}
STOPPED = {
    "stop_chat": "chat",
    "stop_agent": "agent-chat",
    "stop_chatflow-stream": "advanced-chat",
    "stop_workflow": "workflow",
}


def recorded(version, name):
    """The recorded body and what is known about its exchange."""
    folder = RECORDINGS / version
    if not folder.is_dir():
        pytest.skip("the recordings of real Dify servers are not on this machine")
    return (folder / f"{name}.sse").read_text(), json.loads((folder / f"{name}.meta.json").read_text())


def keys(payload):
    """All key names of an event, also those of its `data` and `metadata`."""
    names = set(payload)
    for part in ("data", "metadata"):
        if isinstance(payload.get(part), dict):
            names |= {f"{part}.{key}" for key in payload[part]}
    return names


def shape(text, drop=("assign",)):
    """Event names in order with repeats collapsed, and the keys on each.

    Nodes that only the recorded app had are left out, as are the pings of a silence (the first stays).
    """
    rows = []
    for block in text.split("\n\n"):
        if not block:
            continue
        if block == "event: ping":
            row = ("ping", frozenset())
            if rows:
                continue
        else:
            payload = json.loads(block.removeprefix("data: "))
            if isinstance(payload.get("data"), dict) and payload["data"].get("node_id") in drop:
                continue
            row = (payload["event"], frozenset(keys(payload)))
        if not rows or rows[-1] != row:
            rows.append(row)
    return rows


async def body_of(speaker):
    """The raw text and headers of one whole stream."""
    async with speaker.stream() as listening:
        text = (await listening.response.aread()).decode()
        return text, listening.response.headers


@pytest.mark.parametrize("name", ENDINGS)
async def test_a_run_that_ends_by_itself_has_the_recorded_shape(either, caller, name):
    text, _ = recorded(either.version, name)
    mode, script = ENDINGS[name]
    either.reply(script)
    ours, _ = await body_of(await caller(either, mode))
    assert shape(ours) == shape(text)


@pytest.mark.parametrize("name", STOPPED)
async def test_a_stopped_run_has_the_recorded_shape(either, caller, name):
    text, _ = recorded(either.version, name)
    gate = Gate()
    either.reply(Answer(pieces(TEXT), gate=gate))
    speaker = await caller(either, STOPPED[name])
    reading = asyncio.create_task(body_of(speaker))
    run = await either.started()
    gate.allow(3)
    await gate.passed(3)
    assert (await speaker.stop(run.task_id)).json() == {"result": "success"}
    ours, _ = await reading
    assert shape(ours) == shape(text)
    assert run.status == "stopped"


async def test_a_paused_and_resumed_chatflow_has_the_recorded_shape(dify, caller):
    start, _ = recorded("1.16.1", "hitl2_start")
    rest, _ = recorded("1.16.1", "hitl2_events_plain")
    dify.reply([Node(), Pause(), "Approved with note: ", "ok!"])
    speaker = await caller(dify, "advanced-chat")
    ours, _ = await body_of(speaker)
    assert shape(ours) == shape(start)
    run = dify.runs[0]
    async with speaker.attach(run.id) as listening:
        reading = asyncio.create_task(listening.response.aread())
        path = f"/form/human_input/{run.form.token}"
        assert (await speaker.post(path, inputs={"note": "ok!"}, action="approve")).json() == {}
        ours = (await reading).decode()
    # the recorded app names its answer node otherwise: only its id differs, which shape() does not compare
    assert named(ours) == named(rest)


def named(text):
    return [(name, sorted(names)) for name, names in shape(text)]


async def test_the_snapshot_of_a_paused_chatflow_has_the_recorded_shape(dify, caller):
    text, _ = recorded("1.16.1", "hitl2_events_cop_snap")
    dify.reply([Node(), Pause(), "never sent"])
    speaker = await caller(dify, "advanced-chat")
    await body_of(speaker)
    async with speaker.attach(dify.runs[0].id, include_state_snapshot="true") as listening:
        ours = (await listening.response.aread()).decode()
    until_pause = [row for row, _ in shape(text)].index("workflow_paused") + 1
    assert shape(ours) == shape(text)[:until_pause]


async def test_a_finished_run_is_reported_as_recorded(dify, caller):
    text, _ = recorded("1.16.1", "idle_300s_reattach")
    speaker = await caller(dify, "advanced-chat")
    await body_of(speaker)
    async with speaker.attach(dify.runs[0].id) as listening:
        ours = (await listening.response.aread()).decode()
    assert shape(ours) == shape(text)
    assert ours.startswith('data: {"event": "workflow_finished", ')


async def test_bad_inputs_of_a_flow_are_refused_as_recorded(either, caller):
    text, meta = recorded(either.version, "err_workflow_missing_input") if either.version > "1" else ("", {})
    form = [{"paragraph": {"variable": "text", "required": True}}]
    speaker = await caller(either, "workflow", input_form=form)
    async with speaker.stream(inputs={}) as listening:
        ours = (await listening.response.aread()).decode()
    if either.version > "1":
        assert meta["status"] == listening.status == 200
        assert shape(ours) == shape(text)
        assert "text is required in input form" in ours
    else:
        assert listening.status == 400
        assert json.loads(ours)["message"] == "text is required in input form"


@pytest.mark.parametrize("name", ["chat_stream_turn1", "ping_chatflow"])
async def test_stream_headers_are_the_recorded_ones(either, caller, name):
    _, meta = recorded(either.version, name)
    _, headers = await body_of(await caller(either, ENDINGS[name][0]))
    theirs = {key.lower(): value for key, value in meta["response_headers"]}
    volatile = {"date", "connection", "keep-alive"}
    assert {key: value for key, value in headers.items() if key not in volatile} == {
        key: value for key, value in theirs.items() if key not in volatile
    }


@pytest.mark.parametrize("name", ["err_badkey", "err_404_route", "feedback_like", "conversation_delete"])
async def test_reply_headers_are_the_recorded_ones(either, caller, name):
    _, meta = recorded_json(either.version, name)
    speaker = await caller(either)
    await speaker.ask()
    conversation = next(iter(speaker.app.conversations))
    message = next(iter(speaker.app.messages))
    calls = {
        "err_badkey": lambda: speaker.client.post("/chat-messages", headers={"Authorization": "Bearer no"}),
        "err_404_route": lambda: speaker.get("/nope"),
        "feedback_like": lambda: speaker.post(f"/messages/{message}/feedbacks", rating="like"),
        "conversation_delete": lambda: speaker.send("DELETE", f"/conversations/{conversation}"),
    }
    response = await calls[name]()
    volatile = {"date", "connection", "keep-alive"}
    theirs = {key.lower(): value for key, value in meta["response_headers"]}
    assert response.status_code == meta["status"]
    assert {key: value for key, value in response.headers.items() if key not in volatile} == {
        key: value for key, value in theirs.items() if key not in volatile
    }


def recorded_json(version, name):
    folder = RECORDINGS / version
    if not folder.is_dir():
        pytest.skip("the recordings of real Dify servers are not on this machine")
    body = folder / f"{name}.json"
    text = body.read_text() if body.exists() else ""
    return text, json.loads((folder / f"{name}.meta.json").read_text())


@pytest.mark.parametrize("kind", ["chat", "chatflow", "completion", "workflow"])
async def test_blocking_replies_have_the_recorded_keys(either, caller, kind):
    text, meta = recorded_json(either.version, f"{kind}_blocking")
    modes = {"chatflow": "advanced-chat"}
    speaker = await caller(either, modes.get(kind, kind))
    response = await speaker.block()
    assert response.headers["content-type"] == dict(meta["response_headers"])["Content-Type"]
    assert keys(response.json()) == keys(json.loads(text))


REPORTS = ("messages", "messages_agent", "workflow_run_detail", "workflow_logs", "info_chat")


@pytest.mark.parametrize("name", REPORTS)
async def test_reports_have_the_recorded_keys(either, caller, name):
    text, _ = recorded_json(either.version, name)
    mode = {"messages_agent": "agent-chat"}.get(name, "workflow" if name.startswith("workflow") else "chat")
    speaker = await caller(either, mode)
    await speaker.ask()
    conversation = next(iter(speaker.app.conversations), "")
    paths = {
        "workflow_run_detail": f"/workflows/run/{either.runs[0].id}",
        "workflow_logs": "/workflows/logs",
        "info_chat": "/info",
    }
    response = await speaker.get(paths.get(name, "/messages"), conversation_id=conversation)
    assert deep(response.json()) == deep(json.loads(text))


def deep(value):
    """The keys of objects, of the objects in them, and of the first row of lists."""
    if isinstance(value, list):
        return [deep(value[0])] if value else []
    if isinstance(value, dict):
        free = {"tool_labels", "outputs"}  # whatever the app put there
        return {key: None if key in free else deep(inner) for key, inner in value.items()}
    return None


async def test_simulators_of_other_releases_are_refused():
    simulator = DifySimulator(version="0.15.8")
    with pytest.raises(ValueError, match="no app mode 'agent'"):
        simulator.add_app("app-x", mode="agent")

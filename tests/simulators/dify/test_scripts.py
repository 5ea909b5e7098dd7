"""What scripts can make a run do."""

import json
import time

import httpx
import pytest

from simulators.dify.script import (
    Annotation,
    Answer,
    Drop,
    Eof,
    Event,
    Fail,
    File,
    Gate,
    Log,
    Node,
    Raw,
    Reasoning,
    Refuse,
    Replace,
    Silence,
    Speech,
    Tool,
    pieces,
)


def names(events):
    return [event["event"] for event in events]


def only(events, name):
    return [event for event in events if event["event"] == name]


def text(events, name="message"):
    return "".join(event["answer"] for event in only(events, name))


def test_pieces_put_together_are_the_text():
    for whole in ("", " ", "a", " two  words\n", "日本語 text\n\n```\ncode  here\n```\n"):
        assert "".join(pieces(whole)) == whole


async def test_the_moment_is_kept_at_which_each_piece_was_sent(dify, caller):
    ann = await caller(dify)
    dify.reply(Answer(["one ", Silence(seconds=0.05), "two "]))
    began = time.monotonic()
    await ann.ask()
    first, second = dify.runs[0].sent
    assert began < first < second < time.monotonic()


async def test_a_gate_lets_out_one_step_at_a_time(dify, caller):
    ann = await caller(dify)
    gate = Gate()
    dify.reply(Answer(["one ", "two ", "three"], gate=gate))
    gate.allow()
    async with ann.stream() as listening:
        assert [(await listening.next())["answer"] for _ in range(2)] == ["", "one "]
        gate.allow(2)
        assert [(await listening.next())["answer"] for _ in range(2)] == ["two ", "three"]
        assert not dify.runs[0].ended.is_set()  # the end needs a permit, too
        gate.allow()
        assert names(await listening.rest()) == ["message", "message_end"]


async def test_scripts_may_be_generators_and_choose_by_query(dify, caller):
    ann = await caller(dify)

    async def slowly(run):
        yield f"async {run.query} "
        yield f"{run.answer}"

    def choose(run):
        return Refuse(502, "bad", html="<h1>502</h1>") if run.query == "down" else Answer(slowly(run))

    ann.app.script = choose
    assert text(await ann.ask("up")) == "async up async up "
    down = await ann.block("down")
    assert (down.status_code, down.text) == (502, "<h1>502</h1>")


async def test_queued_scripts_are_used_once_in_order_and_per_app(dify, caller):
    ann, workflow = await caller(dify), await caller(dify, "workflow")
    dify.reply("for the workflow", app="app-workflow")
    dify.reply("first", "second")
    assert [text(await ann.ask()) for _ in range(3)] == [
        "first",
        "second",
        "You said: hello (turn 1 of this conversation)",
    ]
    assert (await workflow.ask())[-1]["data"]["outputs"] == {"text": "for the workflow"}


async def test_a_mistake_in_a_script_reaches_the_client(dify, caller):
    ann = await caller(dify)
    dify.reply(["fine ", Node("chats have no nodes")])
    last = (await ann.ask())[-1]
    assert (last["event"], last["code"]) == ("error", "internal_server_error")
    assert "Node" in last["message"]


async def test_a_model_error_in_mid_answer(either, caller):
    ann, flow, workflow = [await caller(either, mode) for mode in ("chat", "advanced-chat", "workflow")]
    script = ["one ", "two ", Fail("model broke", "provider_quota_exceeded"), "never"]
    either.reply(script, script, script)
    error = (await ann.ask())[-1]
    assert (error["code"], error["status"], error["message"]) == (
        "provider_quota_exceeded",
        400,
        "model broke",
    )
    assert {"task_id", "id"}.isdisjoint(error)
    row = (await ann.get("/messages", conversation_id=error["conversation_id"])).json()["data"][0]
    assert (row["status"], row["error"], row["answer"]) == ("error", "model broke", "")
    events = await flow.ask()
    finish = only(events, "workflow_finished")[0]
    assert (finish["data"]["status"], finish["data"]["error"]) == ("failed", "model broke")
    assert names(events)[-1] == ("error" if either.version == "0.15.8" else "workflow_finished")
    assert (await workflow.ask())[-1]["data"]["status"] == "failed"


async def test_agents_send_thoughts_that_fill_up_under_one_id(either, caller):
    ann = await caller(either, "agent-chat")
    either.reply(["Let me see. ", Tool("clock", '{"zone": "UTC"}', "noon"), "It is noon."])
    events = await ann.ask()
    thoughts = only(events, "agent_thought")
    first = [thought for thought in thoughts if thought["id"] == thoughts[0]["id"]]
    assert [(item["tool"], item["observation"]) for item in first] == [
        ("", ""),
        ("clock", ""),
        ("clock", "noon"),
    ]
    assert thoughts[-1]["position"] == 2
    assert thoughts[-1]["thought"] == "It is noon."
    assert text(events, "agent_message") == "Let me see. It is noon."
    assert only(events, "message") == []


async def test_the_new_agent_repeats_the_whole_answer_in_one_message(dify, caller):
    ann = await caller(dify, "agent")
    dify.reply("whole answer")
    events = await ann.ask()
    assert text(events, "agent_message") == text(events) == "whole answer"
    assert names(events)[-2:] == ["message", "message_end"]
    refused = await ann.block()
    assert refused.json()["message"] == "Agent Chat App does not support blocking mode"


async def test_nodes_with_titles(either, caller):
    ann = await caller(either, "advanced-chat")
    either.reply([Node("Search", "tool"), Node("Write"), "found it"])
    started = only(await ann.ask(), "node_started")
    assert [(event["data"]["title"], event["data"]["node_type"]) for event in started] == [
        ("Start", "start"),
        ("Search", "tool"),
        ("Write", "llm"),
        ("Answer", "answer"),
    ]


async def test_files_of_the_app_are_fetched_without_a_key(either, caller):
    ann = await caller(either)
    either.reply([File(b"PNG!", "chart.png"), "see"])
    event = only(await ann.ask(), "message_file")[0]
    assert {"filename", "mime_type"}.isdisjoint(event)
    assert event["url"].startswith(f"{either.origin}/files/tools/")
    got = await ann.client.get(event["url"])
    assert (got.content, got.headers["content-type"]) == (b"PNG!", "image/png")
    row = (await ann.get("/messages", conversation_id=event["conversation_id"])).json()["data"][0]
    (kept,) = row["message_files"]
    assert (kept["filename"], kept["mime_type"], kept["belongs_to"]) == (
        "chart.png",
        "image/png",
        "assistant",
    )
    assert (await ann.client.get(event["url"] + "x")).status_code == 403
    either.files_timeout = -1
    assert (await ann.client.get(event["url"])).status_code == 403


async def test_relative_file_urls(dify, caller):
    ann = await caller(dify)
    dify.files_url = ""
    dify.reply([File(b"PNG!")])
    url = only(await ann.ask(), "message_file")[0]["url"]
    assert url.startswith("/files/tools/")
    assert (await ann.client.get(dify.origin + url)).content == b"PNG!"


async def test_text_labelled_as_message_file(dify, caller):
    ann = await caller(dify)
    dify.reply(Answer(["one ", "two"], text_event="message_file"))
    events = await ann.ask()
    assert text(events, "message_file") == "one two"
    assert all("url" not in event for event in only(events, "message_file"))


async def test_moderation_replaces_the_answer(either, caller):
    ann = await caller(either)
    either.reply(["forbidden ", Replace("withheld")])
    events = await ann.ask()
    (replace,) = only(events, "message_replace")
    assert replace["answer"] == "withheld"
    assert ("reason" in replace) == (either.version > "1")
    assert next(iter(ann.app.messages.values())).answer == "withheld"


async def test_reasoning_logs_sources_speech_and_unknown_events(dify, caller):
    ann = await caller(dify, "advanced-chat")
    source = {"position": 1, "document_name": "faq.md", "score": 0.9}
    steps = [Reasoning("hmm"), Reasoning("", final=True), Log("searching"), Event("brand_new", {"x": 1})]
    dify.reply(Answer([*steps, Speech(b"mp3"), "done"], sources=[source]))
    events = await ann.ask()
    reasons = [event["data"] for event in only(events, "reasoning_chunk")]
    assert [(data["reasoning"], data["is_final"]) for data in reasons] == [("hmm", False), ("", True)]
    assert only(events, "agent_log")[0]["data"]["label"] == "searching"
    assert only(events, "brand_new")[0]["x"] == 1
    assert only(events, "tts_message")[0]["audio"] == "bXAz"
    assert only(events, "message_end")[0]["metadata"]["retriever_resources"] == [source]


async def test_malformed_lines_are_put_through_as_they_are(dify, caller):
    ann = await caller(dify)
    dify.reply(["one ", Raw(b"data: {oops\n\n"), "two"])
    assert names(await ann.ask()) == [
        "message",
        "message",
        "malformed",
        "message",
        "message",
        "message_end",
    ]


async def test_an_annotation_ends_a_chatflow_early_with_a_finish_that_is_no_failure(either, caller):
    ann = await caller(either, "advanced-chat")
    either.reply([Annotation("from the FAQ")])
    events = await ann.ask()
    tail = ["workflow_started", "workflow_finished"] if either.version > "1" else []
    assert [name for name in names(events) if name != "ping"] == ["message", "message_end", *tail]
    if tail:
        assert events[-1]["data"]["status"] == "failed"
        assert "message_id" not in events[-1]
    assert next(iter(ann.app.messages.values())).answer == "from the FAQ"
    assert only(events, "message_end")[0]["metadata"]["annotation_reply"]["id"] == "annotation-1"


async def test_silence_is_pings_without_data(either, caller):
    ann = await caller(either)
    either.reply([Silence(pings=2), "hi"])
    async with ann.stream() as listening:
        raw = await listening.response.aread()
    assert raw.startswith(b"event: ping\n\nevent: ping\n\ndata: ")


async def test_json_is_written_as_the_release_writes_it(either, caller):
    ann = await caller(either)
    either.reply("日本")
    async with ann.stream() as listening:
        raw = await listening.response.aread()
    expected = '"answer": "\\u65e5\\u672c"' if either.version == "0.15.8" else '"answer":"日本"'
    assert expected in raw.decode()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
async def test_scripted_refusals(dify, caller, status):
    ann = await caller(dify)
    dify.reply(Refuse(status, "some_code", "no"))
    async with ann.stream() as listening:
        body = json.loads(await listening.response.aread())
    assert (listening.status, body) == (status, {"code": "some_code", "message": "no", "status": status})
    assert ann.app.conversations == {}  # nothing was started
    assert dify.journal.calls[-1].error == "some_code"
    dify.reply(Refuse.too_many())
    assert (await ann.block()).json()["message"].startswith("Too many requests")


@pytest.mark.parametrize("cut", [Drop(), Eof()])
async def test_a_cut_before_the_first_token(dify, caller, cut):
    ann = await caller(dify)
    dify.reply([cut])
    if isinstance(cut, Drop):
        with pytest.raises(httpx.RemoteProtocolError):
            await ann.ask()
    else:
        assert await ann.ask() == []

"""What events tell beside text, read when it is asked for; odd details never cost the event."""

import json

import pytest

from core.answer import Answer
from core.dify.blocking import events_of
from core.dify.conversations import Turn
from core.dify.events import parse
from core.dify.history import messages_in
from core.dify.metadata import AppFile
from core.dify.outputs import files_of
from core.dify.rows import row_in

FILE = {
    "dify_model_identity": "__dify__file__",
    "type": "image",
    "filename": "a.png",
    "url": "/files/a?sign=1",
}


def event(name, **fields):
    return parse(json.dumps({"event": name, **fields}).encode())


def test_usage_and_sources_of_an_answer():
    end = event(
        "message_end",
        metadata={
            "usage": {"total_tokens": 28, "total_price": "0.0012", "currency": "USD", "latency": 0.15},
            "retriever_resources": [
                {"position": 1, "document_name": "a.pdf", "score": 0.9, "content": "x", "title": None},
                {"position": None, "dataset_name": "web", "doc_metadata": {"url": "https://x"}},
                "odd",
            ],
            "annotation_reply": {"id": "a", "account": {"name": "admin"}},
            "reasoning": {"llm": "hm"},
        },
    )
    told = end.told
    assert (told.usage.total_tokens, told.usage.total_price, told.usage.currency) == (28, "0.0012", "USD")
    assert told.usage.latency == 0.15
    first, second = told.retriever_resources
    assert (first.document_name, first.score, first.title) == ("a.pdf", 0.9, "")
    assert (second.position, second.dataset_name, second.doc_metadata) == (None, "web", {"url": "https://x"})
    assert (told.annotation_reply["id"], told.reasoning) == ("a", {"llm": "hm"})


@pytest.mark.parametrize("metadata", [None, 7, "x", [], {}, {"usage": None, "retriever_resources": None}])
def test_an_answer_without_metadata_has_none(metadata):
    told = event("message_end", metadata=metadata, files=None).told
    assert (told.usage.total_tokens, told.retriever_resources, told.annotation_reply) == (0, (), {})


def test_files_of_an_answer_are_those_that_the_user_did_not_send():
    mine, made = {"id": "1", "belongs_to": "user", "url": "/files/1"}, {"id": "2", "url": "/files/2"}
    assert [file.id for file in event("message_end", files=[mine, made, None]).made] == ["2"]


FILES = [
    {"id": "mine", "transfer_method": "local_file", "url": "/files/mine"},
    {"id": "linked", "transfer_method": "remote_url", "url": "https://example.com/x.png"},
    {"id": "drawn", "transfer_method": "tool_file", "url": "/files/drawn"},
    {"id": "said", "transfer_method": "local_file", "belongs_to": "assistant", "url": "/files/said"},
    {"id": "sent", "transfer_method": "tool_file", "belongs_to": "user", "url": "/files/sent"},
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["id"])
def test_a_file_is_the_apps_where_dify_says_so_or_where_it_was_not_sent_in(file):
    assert AppFile.model_validate(file).is_made == (file["id"] in {"drawn", "said"})


def test_what_the_asker_sent_is_never_among_the_files_to_post():
    answer = Answer()
    answer.take(event("message_end", files=FILES))
    row = {"id": "m", "message_files": FILES}
    [kept] = messages_in({"data": [row]})
    for files in (answer.files, kept.files, row_in(row, Turn).files):
        assert [file.url for file in files] == ["/files/drawn", "/files/said"]


def test_further_fields_of_an_event_stay_but_not_on_the_way_of_the_text():
    assert event("message_end", new_in_2={"a": 1}).model_extra == {"new_in_2": {"a": 1}}
    assert event("workflow_started", new_in_2=7).model_extra == {"new_in_2": 7}
    for name in ("message", "agent_message", "text_chunk", "tts_message", "agent_thought", "node_started"):
        assert event(name, new_in_2=7, tool_input="secret").model_extra is None


def test_a_blocking_reply_of_odd_details_is_an_answer_all_the_same():
    [said, end] = events_of({"answer": "Hi", "message_id": "m", "mode": 7, "created_at": {}})
    assert (said.answer, end.message_id, end.mode, end.created_at) == ("Hi", "m", "", 0.0)


@pytest.mark.parametrize(
    ("outputs", "beside", "urls"),
    [
        ({"picture": FILE}, None, ["/files/a?sign=1"]),
        ({"pictures": [FILE, FILE | {"url": "/files/b"}], "text": "x"}, [], ["/files/a?sign=1", "/files/b"]),
        ({"picture": FILE}, [FILE], ["/files/a?sign=1"]),
        ({}, [{"url": "/files/c"}], ["/files/c"]),
        ({"text": "x", "n": 1, "list": [1, "x"], "object": {"url": "no"}}, None, []),
        (None, None, []),
        ("x", "x", []),
    ],
)
def test_files_of_a_run_may_stand_anywhere_among_its_outputs(outputs, beside, urls):
    assert [file.url for file in files_of(outputs, beside)] == urls
    finished = event("workflow_finished", data={"status": "succeeded", "outputs": outputs, "files": beside})
    assert [file.url for file in finished.data.made] == urls


def test_steps_tell_what_they_are_and_not_what_they_got():
    node = event(
        "node_retry",
        data={
            "title": "Search",
            "node_type": "tool",
            "retry_index": 2,
            "loop_id": "l",
            "inputs": {"key": "s3"},
        },
    ).data
    assert (node.title, node.node_type, node.retry_index, node.loop_id) == ("Search", "tool", 2, "l")
    round_ = event("iteration_next", data={"title": "Each", "index": 3, "pre_loop_output": "s3"}).data
    assert (round_.title, round_.index) == ("Each", 3)
    log = event("agent_log", data={"id": "1", "label": "plans", "parent_id": "0", "data": {"key": "s3"}}).data
    assert (log.id, log.label, log.parent_id) == ("1", "plans", "0")
    assert "s3" not in f"{node} {round_} {log}"


def test_tools_of_an_agent_have_labels_and_an_end():
    thought = event(
        "agent_thought",
        id="t",
        tool="clock;web",
        tool_labels={"clock": {"en_US": "Clock"}},
        observation="12:00",
    )
    assert thought.tool.split(";") == ["clock", "web"]
    assert (thought.tool_labels["clock"]["en_US"], bool(thought.observation)) == ("Clock", True)


def test_what_was_decided_is_told():
    filled = event(
        "human_input_form_filled",
        data={"node_id": "ask", "action_id": "yes", "action_text": "Yes", "rendered_content": "Sure: fine"},
    ).filled
    assert (filled.action_id, filled.action_text, filled.rendered_content) == ("yes", "Yes", "Sure: fine")


def test_a_form_that_is_odd_is_a_form_without_fields():
    form = event("human_input_required", data={"inputs": None, "actions": "x", "form_token": 7}).form
    assert (form.inputs, form.buttons, form.form_token, form.defaults, form.text) == ((), (), None, {}, "")

"""`parley check` on apps of several kinds, word for word as an operator reads it."""

import pytest

from bots.checking import check, show
from bots.config import parse
from simulators.dify import DifySimulator

FORM = (
    {"paragraph": {"variable": "topic", "required": True}},
    {"select": {"variable": "tone", "options": ["plain", "fancy"], "default": "plain"}},
)
DOC = ({"file": {"variable": "doc", "label": "Doc", "allowed_file_types": ["document"]}},)
VERSION = "11111111-1111-4111-8111-111111111111"
SIZES = "up to image 10 MB, audio 50 MB, video 100 MB, document 15 MB"
DIFY = "1.16.1"

AGENT = (
    {
        "mode": "agent-chat",
        "name": "Agent",
        "speech": b"ID3",
        "suggestions": ["More?"],
        "opening_statement": "Hi!",
    },
    {"response": "blocking", "read_aloud": True, "human_input": "channel"},
    f"""
ok   app support: 'Agent' is an agent-chat app on Dify 1.16.1
       features: opening statement, next questions, text to speech, citations
       files: image, document, at most 3 per question; {SIZES}
       form: asks for nothing
       note: human_input has no effect: only workflows and chatflows ask people, this is an agent-chat app: \
remove it
FAIL app support: response: an agent-chat app can't be asked blocking: remove it (answers are streamed)
""",
)
COMPLETION = (
    {"mode": "completion", "name": "Slogans", "input_form": FORM, "citations": False, "file_upload": False},
    {"auto_name": True, "read_aloud": True, "inputs": {"tone": "loud"}},
    f"""
ok   app support: 'Slogans' is a completion app on Dify 1.16.1
       features: none
       files: not with a question; {SIZES}
       form: topic (paragraph, required): the question
       form: tone (select, optional, one of plain, fancy): from `inputs`
       note: read_aloud has no effect: text to speech is off: switch it on in Dify, or remove it
       note: auto_name has no effect: a completion app has no conversations: remove it
       note: feedback.annotate has no effect: a completion app has no annotations
FAIL app support: inputs.tone: must be one of plain, fancy
""",
)
CHATFLOW = (
    {
        "mode": "advanced-chat",
        "name": "Desk",
        "input_form": DOC,
        "transcript": "hi",
        "annotation_reply": True,
        "versions": [VERSION],
    },
    {
        "human_input": "channel",
        "workflow_id": VERSION,
        "show": {"speech": True},
        "inputs": {"colour": "red"},
        "query_input": "topic",
    },
    f"""
ok   app support: 'Desk' is an advanced-chat app on Dify 1.16.1
       features: speech to text, citations, annotation replies
       files: image, document, at most 3 per question; {SIZES}
       form: doc (file, optional): files that come with the question
       note: the form has no variable colour: Dify ignores it; there is doc
       note: query_input has no effect: questions to an advanced-chat app need no variable
       note: show.speech has no effect: the app speaks nothing by itself: switch on auto-play in Dify, or \
remove it
""",
)
OLD = (
    {"mode": "advanced-chat", "name": "Old desk", "suggested_questions": ["What?"]},
    {"human_input": "channel", "workflow_id": VERSION},
    f"""
ok   app support: 'Old desk' is an advanced-chat app on Dify 0.15.8
       features: 1 first question, citations
       files: image, document, at most 3 per question; {SIZES}
       form: asks for nothing
       note: human_input has no effect: decisions need Dify 1.14, this is 0.15.8
       note: feedback.annotate has no effect: annotations need Dify 1.2, this is 0.15.8
FAIL app support: workflow_id: needs Dify 1.7.2, this is 0.15.8: remove it, or upgrade
""",
)


@pytest.mark.parametrize(
    ("version", "app"),
    [(DIFY, AGENT), (DIFY, COMPLETION), (DIFY, CHATFLOW), ("0.15.8", OLD)],
    ids=["agent", "completion", "advanced-chat", "0.15"],
)
async def test_all_that_is_said_of_an_app(tmp_path, version, app):
    features, settings, lines = app
    async with DifySimulator(version) as dify:
        dify.add_app("app-k", **features)
        values = {
            "dify": {"base_url": dify.base_url},
            "apps": {"support": {"api_key": "app-k"} | settings},
            "routes": [{"app": "support"}],
            "slack": {"bot_token": "xoxb-1", "app_token": "xapp-1", "api_url": "http://127.0.0.1:9/"},
            "admins": ["slack:U1"],
        }
        findings = await check(parse(values, tmp_path / "config.yaml"))
    said = show([finding for finding in findings if finding.subject == "app support"])
    assert said.splitlines() == lines.strip().splitlines()

import json
from pathlib import Path

import pytest

from adapters.slack.inbound import Malformed, Self, normalised, sender_team
from adapters.slack.settings import ROUTE_KEYS, SlackSettings
from core.messages import (
    Addressed,
    IncomingFile,
    IncomingReaction,
    MessageDeleted,
    MessageRef,
    Person,
    Place,
    StopPressed,
)

RECORDED = Path(__file__).parents[4] / "shared" / "reference" / "payloads"
ME = Self("T1", "T1", "U0BOT", "B0BOT")


def settings(**changes):
    return SlackSettings(bot_token="xoxb-1", app_token="xapp-1", **changes)


def event(kind="message", **fields):
    written = {"user": "U1", "ts": "100.1", "channel": "C1", "channel_type": "channel", "text": "hi"}
    if kind not in {"message", "app_mention"}:
        written = {}
    merged = {k: v for k, v in {"type": kind, **written, **fields}.items() if v is not None}
    granted = [{"team_id": "T1", "user_id": "U0BOT", "is_bot": True}]
    return {"type": "event_callback", "team_id": "T9", "event": merged, "authorizations": granted}


def taken(body, **changes):
    return normalised(body, ME, settings(**changes))


def recorded(name, key):
    path = RECORDED / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no recordings at hand ({name}.json)")
    payload = json.loads(path.read_text())
    body = payload[key]
    me = body["authorizations"][0]["user_id"]
    return body, Self(body["team_id"], body["team_id"], me, "B00FAKEBOT01")


def test_a_mention_opens_a_conversation_in_its_own_thread():
    said = taken(event(text="<@U0BOT> hi &amp; bye"))
    assert said.ref == MessageRef("slack", "T1", "C1", "100.1")
    assert said.place == Place("slack", "T1", "C1", "100.1")
    assert (said.addressed, said.text) == (Addressed.MENTION, "hi & bye")
    assert said.identity == "slack:T1:C1:100.1"
    assert said.author == Person("U1")


def test_both_events_of_one_post_say_the_same():
    post = {"text": "<@U0BOT> hi", "thread_ts": "90.1", "files": [{"id": "F1", "name": "a.txt"}]}
    assert taken(event(**post)) == taken(event("app_mention", channel_type=None, **post))


def test_an_app_mention_names_us_whatever_its_text():
    assert taken(event("app_mention", channel_type=None, text="hi")).addressed is Addressed.MENTION


def test_facts_have_the_keys_that_routes_may_restrict():
    said = taken(event(text="<@U0BOT> hi"))
    assert said.facts == {"channels": {"C1"}, "users": {"U1"}, "teams": {"T1"}}
    assert said.facts.keys() == ROUTE_KEYS


def test_a_message_in_a_thread_may_be_ours():
    said = taken(event(thread_ts="90.1"))
    assert (said.addressed, said.place.thread) == (Addressed.FOLLOW, "90.1")
    assert said.identity == "slack:T1:C1:90.1"


def test_a_message_that_names_nobody_at_top_level_is_not_for_us():
    assert taken(event()) is None


def test_a_thread_message_to_somebody_else_is_not_for_us():
    assert taken(event(thread_ts="90.1", text="<@U2> you")) is None


@pytest.mark.parametrize(
    ("follow", "text", "addressed"),
    [
        ("auto", "hi", Addressed.FOLLOW),
        ("auto", "<@U0BOT> hi", Addressed.MENTION),
        ("mention", "hi", None),
        ("mention", "<@U0BOT> hi", Addressed.MENTION),
        ("off", "hi", None),
        ("off", "<@U0BOT> hi", None),
    ],
)
def test_follow_threads(follow, text, addressed):
    said = taken(event(thread_ts="90.1", text=text), follow_threads=follow)
    assert (said and said.addressed) == addressed


def test_follow_threads_says_nothing_about_direct_messages():
    body = event(channel="D1", channel_type="im", thread_ts="90.1")
    assert taken(body, follow_threads="off").addressed is Addressed.DIRECT


@pytest.mark.parametrize(
    ("scope", "thread_ts", "thread"),
    [("thread", None, "100.1"), ("thread", "90.1", "90.1"), ("channel", None, ""), ("channel", "90.1", "")],
)
def test_dm_scope(scope, thread_ts, thread):
    said = taken(event(channel="D1", channel_type="im", thread_ts=thread_ts), dm_scope=scope)
    assert said.place == Place("slack", "T1", "D1", thread, direct=True)
    assert (said.addressed, said.identity) == (Addressed.DIRECT, "slack:T1:U1")


def test_a_group_conversation_is_a_channel():
    assert taken(event(channel="G1", channel_type="mpim")) is None
    said = taken(event(channel="G1", channel_type="mpim", text="<@U0BOT> hi"))
    assert not said.place.direct


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
def test_subtypes_that_people_write(subtype):
    assert taken(event(subtype=subtype, text="<@U0BOT> hi")) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"subtype": "channel_join"},
        {"subtype": "bot_message", "user": None},
        {"bot_id": "B9"},
        {"bot_id": "B0BOT", "user": "U0BOT"},
        {"user": "U0BOT"},
        {"user": "USLACKBOT"},
        {"user": None},
        {"subtype": "message_changed", "message": {"text": "<@U0BOT> new", "ts": "1.1"}},
    ],
)
def test_what_no_person_wrote_is_left_out(fields):
    assert taken(event(**{"text": "<@U0BOT> hi", **fields})) is None


def test_a_deleted_message():
    gone = MessageDeleted(MessageRef("slack", "T1", "C1", "99.1"))
    assert taken(event(subtype="message_deleted", deleted_ts="99.1")) == gone
    tombstone = {"subtype": "tombstone", "ts": "99.1", "user": "USLACKBOT"}
    assert taken(event(subtype="message_changed", user=None, message=tombstone)) == gone


def test_reactions_come_as_sent():
    item = {"type": "message", "channel": "C1", "ts": "99.1"}
    ref = MessageRef("slack", "T1", "C1", "99.1")
    fields = {"user": "U1", "reaction": "+1::skin-tone-3", "item": item}
    assert taken(event("reaction_added", **fields)) == IncomingReaction(
        ref, Person("U1"), "+1::skin-tone-3", added=True
    )
    assert taken(event("reaction_removed", **fields)).added is False
    assert taken(event("reaction_added", **{**fields, "user": "U0BOT"})) is None
    assert taken(event("reaction_added", **{**fields, "item": {"type": "file", "file": "F1"}})) is None


def test_the_stop_button_means_the_thread():
    fields = {"channel": "D1", "thread_ts": "90.1", "user": "U1", "streaming_message_ts": ["91.1"]}
    place = Place("slack", "T1", "D1", "90.1", direct=True)
    assert taken(event("agent_session_stopped", **fields)) == StopPressed(place, Person("U1"))
    assert taken(event("agent_session_stopped", **fields), dm_scope="channel").place.thread == ""


def test_files_are_described_without_a_download():
    files = [
        {
            "id": "F1",
            "name": "a.png",
            "mimetype": "image/png",
            "size": 3,
            "url_private_download": "https://x/d",
        },
        {"id": "F2", "title": "notes", "url_private": "https://x/p"},
        {"id": "F3", "mode": "tombstone"},
    ]
    said = taken(event(subtype="file_share", text="<@U0BOT>", files=files))
    assert said.text == ""
    assert said.files == (
        IncomingFile("F1", "a.png", "image/png", 3, "https://x/d"),
        IncomingFile("F2", "notes", "application/octet-stream", -1, "https://x/p"),
    )


def test_an_organisation_wide_install_is_one_workspace():
    me = Self("E1", "T1", "U0BOT", "B0BOT")
    body = event(text="<@U0BOT> hi")
    body["authorizations"] = [{"team_id": None, "enterprise_id": "E1"}]
    said = normalised(body, me, settings())
    assert (said.ref.workspace, said.identity) == ("E1", "slack:E1:C1:100.1")
    assert said.facts["teams"] == {"T9"}


def test_the_home_team_of_somebody_from_outside():
    assert sender_team(event(user_team="T7", team="T1"), ME) == "T7"
    assert sender_team(event(), ME) == "T1"


def test_other_events_are_nothing():
    assert taken(event("app_home_opened", user="U1", tab="home")) is None
    assert taken(event("channel_rename", user="U1")) is None


def test_opened_direct_messages():
    place = Place("slack", "T1", "D1", "", direct=True)
    said = taken(event("app_home_opened", user="U1", channel="D1", tab="messages"))
    assert (said.place, said.author, said.identity) == (place, Person("U1"), "slack:T1:U1")
    assert said.facts["users"] == {"U1"}


def test_an_opened_thread_of_an_assistant():
    thread = {"user_id": "U1", "context": {}, "channel_id": "D1", "thread_ts": "90.1"}
    said = taken(event("assistant_thread_started", channel=None, assistant_thread=thread))
    assert said.place == Place("slack", "T1", "D1", "90.1", direct=True)


def test_files_of_others_and_voice_messages_are_kept():
    files = [
        {"id": "F1", "mode": "file_access", "file_access": "check_file_info"},
        {
            "id": "F2",
            "name": "audio_message.m4a",
            "mimetype": "audio/mp4",
            "subtype": "slack_audio",
            "size": 9,
        },
    ]
    said = taken(event(subtype="file_share", text="<@U0BOT>", files=files))
    assert said.files == (
        IncomingFile("F1", "F1", "application/octet-stream", -1, ""),
        IncomingFile("F2", "audio_message.m4a", "audio/mp4", 9, ""),
    )


@pytest.mark.parametrize(
    "body",
    [
        {"type": "event_callback"},
        event(channel=None),
        event(ts=5, text="<@U0BOT>"),
        event(text=["secret"], channel_type="im"),
        event(text="<@U0BOT>", files=["secret"]),
        event("reaction_added", user="U1", item="secret"),
        event(subtype="message_changed"),
        event("agent_session_stopped", channel="C1"),
    ],
)
def test_malformed_events_are_told_apart_without_their_content(body):
    with pytest.raises(Malformed) as caught:
        taken(body)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "key", "addressed", "text"),
    [
        ("slack", "mention", Addressed.MENTION, "Hey"),
        ("slack", "followUp", Addressed.FOLLOW, "Hi"),
        ("slack-dm", "mention", Addressed.MENTION, "Hey"),
        ("slack-dm", "dmRequest", Addressed.FOLLOW, "DM me"),
        ("slack-dm", "dmMessage", Addressed.DIRECT, "Hey!"),
        ("slack-modal", "mention", Addressed.MENTION, "Hello"),
        ("slack-streaming", "aiMention", Addressed.MENTION, "AI What is love?"),
        ("slack-streaming", "followUp", Addressed.FOLLOW, "Who are you?"),
        ("slack-streaming", "threadFollowUp", Addressed.FOLLOW, "ping?"),
    ],
)
def test_what_real_workspaces_sent(name, key, addressed, text):
    body, me = recorded(name, key)
    said = normalised(body, me, settings())
    assert (said.addressed, said.text) == (addressed, text)
    assert said.ref.id == body["event"]["ts"]
    assert said.place.thread == body["event"].get("thread_ts", body["event"]["ts"])


def test_a_real_file():
    body, me = recorded("slack-streaming", "aiMentionWithFile")
    said = normalised(body, me, settings())
    (file,) = said.files
    assert (file.name, file.mime_type, file.size) == ("image.png", "image/png", 214244)
    assert file.url.startswith("https://files.slack.com/files-pri/")


def test_a_bot_s_real_post_is_left_out():
    body, me = recorded("slack-streaming", "promptMessage")
    assert normalised(body, me, settings()) is None

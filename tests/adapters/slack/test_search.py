from dataclasses import replace

import pytest

from adapters.slack import search
from core.contract import Gone, RateLimited, Uncertain
from core.messages import Draft, Standing
from simulators.slack import SlackSimulator
from simulators.slack.workspace import SCOPES


def keyed(target, key):
    return replace(target, key=key)


async def posted(adapter, target, *keys):
    refs = []
    for key in keys:
        live = adapter.live(keyed(target, key))
        await live.show(Draft(key, final=True))
        refs.append(live.ref)
    return refs


async def test_pages_are_told_by_their_keys(make, ask):
    target, adapter = ask("general"), make()
    keys = ("turn-1:0", "turn-2:0", "turn-1:1.2", "turn-1:x", "turn-1")
    first, _, second, *_ = await posted(adapter, target, *keys)
    assert await make().find(keyed(target, "turn-1")) == [Standing(first, 0), Standing(second, 1)]


async def test_marks_of_other_programs_are_left_out_and_what_has_none_is_given(slack, make, ask):
    target, adapter = ask("general"), make()
    where = {"channel": target.place.channel, "thread_ts": target.place.thread}
    mark = {"event_type": "theirs", "event_payload": {"key": "turn-1:0"}}
    await adapter._api.post("chat.postMessage", **where, text="marked", metadata=mark)
    broken = {"event_type": "parley_message", "event_payload": {"key": 7}}
    await adapter._api.post("chat.postMessage", **where, text="broken", metadata=broken)
    bare = await adapter._api.post("chat.postMessage", **where, text="bare")
    [standing] = await adapter.find(keyed(target, "turn-1"))
    assert (standing.ref.id, standing.page) == (bare["ts"], None)


@pytest.mark.parametrize("state", ["live", "dead", "stopped"])
async def test_a_stream_is_found_in_every_state(slack, make, ask, answers, state):
    target, adapter = ask(), make()
    live = adapter.live(keyed(target, "turn-1:0"))
    await live.show(Draft("Love"))
    if state == "dead":
        slack.expire_stream(answers(target)[0])
    elif state == "stopped":
        await live.show(Draft("Love is", final=True))
    page = 0 if state == "stopped" else None
    assert await make().find(keyed(target, "turn-1")) == [Standing(live.ref, page)]


@pytest.mark.parametrize("thread", [True, False])
async def test_a_long_talk_is_read_to_its_end(slack, make, ask, thread, monkeypatch):
    monkeypatch.setattr(search, "_PAGE", 2)
    target = ask("general" if thread else None, thread=thread)
    adapter = make(dm_scope="thread" if thread else "channel")
    here = {"thread_ts": target.place.thread} if thread else {}
    refs = []
    for number in range(3):
        refs += await posted(adapter, target, f"turn-1:{number}")
        slack.post(target.place.channel, "ada", "wait", **here)
    assert [each.ref for each in await adapter.find(keyed(target, "turn-1"))] == refs
    method = "conversations.replies" if thread else "conversations.history"
    assert len(slack.journal.named(method)) > 2


async def test_what_is_read_no_further_is_given_up(slack, make, ask, monkeypatch):
    monkeypatch.setattr(search, "_PAGE", 1)
    target, adapter = ask("general"), make()
    await posted(adapter, target, *(f"turn-1:{number}" for number in range(9)))
    assert len(await adapter.find(keyed(target, "turn-1"))) < 9
    assert len(slack.journal.named("conversations.replies")) == search._PAGES


async def test_whoever_may_not_read_finds_nothing_and_is_told(make, ask, caplog):
    history = {"channels:history", "groups:history", "im:history", "mpim:history"}
    async with SlackSimulator(scopes=SCOPES - history) as server:
        adapter = make(api_url=server.api_url)
        assert await adapter.find(ask("general")) == []
    assert "missing_scope (needed: channels:history" in caplog.text
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize(
    ("code", "words"),
    [("channel_not_found", "channel"), ("thread_not_found", "thread"), ("token_revoked", "revoked")],
)
async def test_what_is_gone_is_said(slack, make, ask, code, words):
    slack.refuse("conversations.replies", code)
    with pytest.raises(Gone, match=words):
        await make().find(ask("general"))


async def test_a_rate_limit_is_passed_on(slack, make, ask):
    slack.rate_limit_next("conversations.replies", 7)
    with pytest.raises(RateLimited) as limited:
        await make().find(ask("general"))
    assert limited.value.retry_after == 7


@pytest.mark.parametrize("method", ["conversations.replies", "auth.test"])
async def test_no_answer_is_uncertain(slack, make, ask, method):
    slack.fail_next(method)
    with pytest.raises(Uncertain):
        await make().find(ask("general"))

from dataclasses import replace

import pytest

from core.contract import FileTooLarge, Gone, RateLimited, Uncertain
from core.messages import Draft, OutgoingFile

REPORT = OutgoingFile("report ü.csv", "text/csv", b"a,b\n1,2\n")
LINK, BYTES, SHARE = "files.getUploadURLExternal", "POST /upload", "files.completeUploadExternal"


def shared(slack, target):
    """(name, bytes) of the files that the bot has put below a question, and their messages."""
    thread = slack.world.messages(target.place.channel)
    ours = [message for message in thread if message.files and message.bot_id == slack.world.bot_id]
    return [(file.name, file.data) for message in ours for file in message.files], ours


async def test_a_file_is_shared_in_the_thread_under_its_name(slack, make, ask):
    target = ask("general")
    ref = await make().upload(target, REPORT)
    files, (message,) = shared(slack, target)
    assert files == [(REPORT.name, REPORT.data)]
    assert (message.ts, message.thread_ts, message.files[0].title) == (
        ref.id,
        target.place.thread,
        REPORT.name,
    )
    assert (ref.channel, ref.workspace) == (target.place.channel, slack.world.team_id)


async def test_a_large_file(slack, make, ask):
    target = ask("general")
    await make().upload(target, replace(REPORT, data=bytes(3_000_000)))
    assert [len(data) for _, data in shared(slack, target)[0]] == [3_000_000]


async def test_at_top_level_it_stands_in_the_channel(slack, make, ask):
    target = ask(thread=False)
    await make(dm_scope="channel").upload(target, REPORT)
    _, (message,) = shared(slack, target)
    assert message.thread_ts is None


async def test_asked_for_again_it_is_shared_once(slack, make, ask):
    target, adapter = ask("general"), make()
    first = await adapter.upload(target, REPORT)
    assert await adapter.upload(target, REPORT) == first
    assert len(shared(slack, target)[1]) == 1


async def test_after_a_restart_it_is_recognised(slack, make, ask):
    target = ask("general")
    first = await make().upload(target, REPORT)
    assert await make().upload(target, REPORT) == first
    assert len(shared(slack, target)[1]) == 1


async def test_two_files_of_an_answer_are_two(slack, make, ask):
    target, adapter = ask("general"), make()
    other = replace(REPORT, name="other.csv")
    refs = [
        await adapter.upload(replace(target, key=f"turn-1:file:{number}"), file)
        for number, file in enumerate([REPORT, other, REPORT])
    ]
    assert len({ref.id for ref in refs}) == 3
    assert [name for name, _ in shared(slack, target)[0]] == [REPORT.name, "other.csv", REPORT.name]


@pytest.mark.parametrize("lost", [LINK, BYTES, SHARE])
async def test_a_lost_reply_is_uncertain_and_then_it_stands_once(slack, make, ask, lost):
    target, adapter = ask("general"), make()
    slack.lose_reply_next(lost)
    with pytest.raises(Uncertain):
        await adapter.upload(target, REPORT)
    ref = await adapter.upload(target, REPORT)
    files, (message,) = shared(slack, target)
    assert (files, message.ts) == ([(REPORT.name, REPORT.data)], ref.id)


async def test_a_sharing_that_was_never_done_is_done(slack, make, ask):
    target, adapter = ask("general"), make()
    slack.lose_request_next(SHARE)
    with pytest.raises(Uncertain):
        await adapter.upload(target, REPORT)
    slack.fail_next("files.info", 503)
    with pytest.raises(Uncertain):  # not known whether it was: no second one
        await adapter.upload(target, REPORT)
    slack.refuse("files.info", "file_not_found", times=1)
    ref = await adapter.upload(target, REPORT)
    assert [message.ts for message in shared(slack, target)[1]] == [ref.id]
    assert len(slack.journal.named(LINK)) == 1


async def test_slack_tells_a_little_later_where_it_stands(slack, make, ask):
    target = ask("general")
    slack.faults.late_shares["files.info"] = 2
    ref = await make().upload(target, REPORT)
    assert shared(slack, target)[1][0].ts == ref.id


async def test_where_slack_does_not_tell_it_is_shared_all_the_same(slack, make, ask):
    target, adapter = ask("general"), make()
    slack.refuse("files.info", "missing_scope")
    ref = await adapter.upload(target, REPORT)
    assert ref.id == slack.journal.named(SHARE)[0].args["files"][0]["id"]
    await adapter.upload(target, REPORT)
    assert len(shared(slack, target)[1]) == 1


async def test_who_may_not_look_shares_it(slack, make, ask, caplog):
    target = ask("general")
    slack.refuse("conversations.replies", "missing_scope")
    await make().upload(target, REPORT)
    assert len(shared(slack, target)[1]) == 1
    assert "may stand twice" in caplog.text


@pytest.mark.parametrize(
    ("fault", "meaning"), [("limited", RateLimited), ("scope", Gone), ("bytes", Uncertain), ("refused", Gone)]
)
async def test_what_went_wrong(slack, make, ask, fault, meaning):
    if fault == "limited":
        slack.rate_limit_next(LINK, 9)
    elif fault == "scope":
        slack.refuse(LINK, "missing_scope")
    else:
        slack.fail_next(BYTES, 503 if fault == "bytes" else 400)
    target = ask("general")
    with pytest.raises(meaning):
        await make().upload(target, REPORT)
    assert shared(slack, target)[1] == []


async def test_what_slack_does_not_take(slack, make, ask):
    adapter, target = make(), ask("general")
    assert adapter.limits(target.place).upload_bytes == 100_000_000
    with pytest.raises(FileTooLarge):
        await adapter.upload(target, replace(REPORT, data=bytes(100_000_001)))
    with pytest.raises(Gone, match="empty"):
        await adapter.upload(target, replace(REPORT, data=b""))
    assert slack.journal.calls == []


async def test_nothing_is_written_once_the_guard_says_no(slack, make, ask):
    allowed = [None, None]

    async def guard():
        if not allowed:
            raise Gone("another's")
        allowed.pop()

    target = ask("general")
    with pytest.raises(Gone, match="another's"):
        await make().upload(target, REPORT, guard)
    assert [len(slack.journal.named(method)) for method in (LINK, BYTES, SHARE)] == [1, 1, 0]


async def test_a_file_is_no_page_of_an_answer(slack, make, ask):
    target = replace(ask(), key="turn-1")
    adapter = make()
    await adapter.upload(replace(target, key="turn-1:file:0"), REPORT)
    await adapter.live(replace(target, key="turn-1:0")).show(Draft("Yes.", final=True))
    (standing,) = await adapter.find(target)
    assert standing.page == 0


async def test_a_lost_stream_is_not_taken_for_a_file(slack, stream, make, answers):
    live, target = stream
    await make().upload(replace(target, key="turn-1:file:0"), REPORT)
    slack.lose_reply_next("chat.startStream")
    with pytest.raises(Uncertain):
        await live.show(Draft("Love"))
    await live.show(Draft("Love is all.", final=True))
    assert [message.shown for message in answers(target) if not message.files] == ["Love is all."]

"""Listening again to a run whose stream was cut: what comes, what is lost, and how the server fails."""

import httpx
import pytest

from simulators.dify import DifySimulator
from simulators.dify.script import Answer, Drop, Gate, Silence, pieces

FULL = "one two three four five six"
FLOWS = ["advanced-chat", "workflow"]


def said(events):
    return "".join(event.get("answer") or event.get("data", {}).get("text", "") or "" for event in events)


async def cut_after_two_pieces(dify, ann):
    """A run that stands still after "one two ", whose client has left."""
    gate = Gate()
    dify.reply(Answer(pieces(FULL), gate=gate))
    gate.allow(2)
    async with ann.stream() as listening:
        run = await dify.started()
        text = ""
        while "two" not in text:
            text += said([await listening.next()])
    await dify.journal.wait(lambda: dify.open_streams == 0)
    return run, gate


async def noticed(dify, gate):
    """Two events more: now the server knows that the client has left."""
    gate.allow(2)
    await dify.journal.wait(lambda: dify.unnoticed == 0)


@pytest.mark.parametrize("mode", FLOWS)
async def test_only_what_is_new_comes(dify, caller, mode):
    ann, bob = await caller(dify, mode), await caller(dify, mode, user="bob")
    run, gate = await cut_after_two_pieces(dify, ann)
    await noticed(dify, gate)
    async with bob.attach(run.id) as foreign:
        assert foreign.status == 404
    async with ann.attach(run.id) as listening:
        assert (await listening.next())["event"] == "ping"
        gate.finish()
        events = await listening.rest()
    assert said(events) == "five six"
    assert events[-1]["event"] == "workflow_finished"
    assert FULL in events[-1]["data"]["outputs"].values()
    async with ann.attach(run.id) as listening:
        (only,) = await listening.rest()
    assert (only["event"], only["task_id"]) == ("workflow_finished", run.id)


async def test_a_snapshot_blanks_the_text_of_the_gap(dify, caller):
    ann = await caller(dify, "advanced-chat")
    run, gate = await cut_after_two_pieces(dify, ann)
    await noticed(dify, gate)
    async with ann.attach(run.id, include_state_snapshot="true") as listening:
        replace = (await listening.until("message_replace"))[-1]
        assert replace["answer"] == ""
        gate.finish()
        assert (await listening.rest())[-1]["event"] == "workflow_finished"


@pytest.mark.parametrize("mode", FLOWS)
async def test_who_listens_before_the_cut_is_noticed_is_broken_off(dify, caller, mode):
    ann = await caller(dify, mode)
    run, gate = await cut_after_two_pieces(dify, ann)
    async with ann.attach(run.id) as listening:
        await listening.next()
        gate.finish()
        with pytest.raises(httpx.RemoteProtocolError):
            await listening.rest()
    await dify.ended()
    assert (run.status, run.answer) == ("succeeded", FULL)


async def test_the_two_events_before_the_break_are_delivered(dify, caller):
    ann = await caller(dify, "workflow")
    run, gate = await cut_after_two_pieces(dify, ann)
    seen = []
    async with ann.attach(run.id) as listening:
        await listening.next()
        gate.allow(1)
        seen.append(await listening.next())
        gate.allow(2)
        seen.append(await listening.next())
        with pytest.raises(httpx.RemoteProtocolError):
            await listening.next()
    assert said(seen) == "three four "
    assert dify.unnoticed == 0


async def test_with_a_snapshot_nothing_but_pings_follows_the_break(dify, caller):
    ann = await caller(dify, "advanced-chat")
    dify.ping_every = 0.02
    run, gate = await cut_after_two_pieces(dify, ann)
    async with ann.attach(run.id, include_state_snapshot="true") as listening:
        await listening.until("node_started")
        gate.finish()
        await dify.ended()
        late = [await listening.next() for _ in range(12)]
    assert {event["event"] for event in late[-6:]} == {"ping"}
    assert "workflow_finished" not in [event["event"] for event in late]


async def test_a_cut_in_a_silence_is_noticed_after_two_pings(dify, caller):
    ann = await caller(dify, "advanced-chat")
    dify.ping_every = 0.02
    dify.reply(["one ", Silence(seconds=None)])
    async with ann.stream() as listening:
        await listening.until("message")
    await dify.journal.wait(lambda: dify.unnoticed == 1)
    await dify.journal.wait(lambda: dify.unnoticed == 0)
    assert not dify.runs[0].ended.is_set()


async def test_a_dropped_connection_upsets_as_a_hang_up_does(dify, caller):
    ann = await caller(dify, "advanced-chat")
    gate = Gate()
    dify.reply(Answer(["one ", Drop(), "two ", "three ", "four"], gate=gate))
    gate.allow(2)
    with pytest.raises(httpx.RemoteProtocolError):
        await ann.ask()
    run = dify.runs[0]
    await dify.journal.wait(lambda: dify.unnoticed == 1)
    async with ann.attach(run.id) as listening:
        await listening.next()
        gate.finish()
        with pytest.raises(httpx.RemoteProtocolError):
            await listening.rest()


async def test_who_leaves_a_reattached_stream_upsets_the_other_listeners(dify, caller):
    ann = await caller(dify, "advanced-chat")
    run, gate = await cut_after_two_pieces(dify, ann)
    await noticed(dify, gate)
    async with ann.attach(run.id) as staying:
        async with ann.attach(run.id) as leaving:
            await leaving.next()
        await dify.journal.wait(lambda: dify.unnoticed == 1)
        gate.finish()
        with pytest.raises(httpx.RemoteProtocolError):
            await staying.rest()


async def test_continue_on_pause_never_closes_by_itself(dify, caller):
    ann = await caller(dify, "advanced-chat")
    gate = Gate()
    dify.reply(Answer(pieces(FULL), gate=gate))
    dify.ping_every = 0.02
    async with ann.stream() as listening:
        run = await dify.started()
        async with ann.attach(run.id, continue_on_pause="true") as lingering:
            gate.finish()
            await lingering.until("workflow_finished")
            assert (await lingering.next())["event"] == "ping"
        assert (await listening.rest())[-1]["event"] == "workflow_finished"


@pytest.mark.parametrize("mode", FLOWS)
async def test_before_1_13_a_run_is_never_finished_once_its_client_has_left(old, caller, mode):
    ann = await caller(old, mode)
    run, gate = await cut_after_two_pieces(old, ann)
    gate.finish()
    await old.ended()
    row = (await ann.get(f"/workflows/run/{run.id}")).json()
    assert (row["status"], row["outputs"], row["finished_at"]) == ("running", None, None)
    assert (await ann.get("/workflows/logs")).json()["data"] == []
    assert (await ann.get(f"/workflow/{run.id}/events")).status_code == 404


async def test_a_workflow_of_1_13_goes_on_without_its_client(dify, caller):
    ann = await caller(dify, "workflow")
    run, gate = await cut_after_two_pieces(dify, ann)
    going = (await ann.get("/workflows/logs")).json()["data"]
    assert [(row["workflow_run"]["id"], row["workflow_run"]["status"]) for row in going] == [
        (run.id, "running")
    ]
    gate.finish()
    await dify.ended()
    row = (await ann.get(f"/workflows/run/{run.id}")).json()
    assert (row["status"], row["outputs"]) == ("succeeded", {"text": FULL})


async def test_logs_are_sorted_out_by_user_since_1_5(either, caller):
    ann, bob = await caller(either, "workflow"), await caller(either, "workflow", user="bob")
    await ann.ask()
    await bob.ask()
    logs = (await ann.get("/workflows/logs", created_by_end_user_session_id="ann")).json()["data"]
    users = [row["created_by_end_user"]["session_id"] for row in logs]
    assert users == (["ann"] if either.version > "1" else ["bob", "ann"])


async def test_a_release_before_1_14_has_no_events_of_runs(caller):
    async with DifySimulator(version="1.13.1") as between:
        ann = await caller(between, "workflow")
        await ann.ask()
        assert (await ann.get(f"/workflow/{between.runs[0].id}/events")).status_code == 404

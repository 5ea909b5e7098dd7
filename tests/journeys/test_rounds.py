"""Loops, retries, an agent's calls, a model's thoughts: names while it works, nothing of what is in them.

The fields of the raw events are those of Dify 1.16 (api/core/app/entities/task_entities.py).
"""

import pytest
from extras import own_text, said_to_the_platform, trace
from shared import another, serve, shows

from simulators.dify.script import Answer, Event, Gate, Log, Node, Reasoning

SECRET = "s3cret-value"
ANSWER = "It is late."
LOOP = {
    "id": "r1",
    "node_id": "loop1",
    "node_type": "loop",
    "title": "Each page",
    "created_at": 1,
    "extras": {},
}
MODEL = {
    "id": "r2",
    "node_id": "llm7",
    "node_type": "llm",
    "title": "Summary",
    "loop_id": "loop1",
    "index": 3,
}
OPENED = (
    '<details style="color:gray;background-color: #f8f8f8;padding: 8px;" open> '
    "<summary> Thinking... </summary>"
)


def about_run(run, name, data):
    """An event of a run, beside those that the simulator knows."""
    return Event(name, {"workflow_run_id": run.id, "data": data})


def holding(**more):
    """What a step got, gave and asked of its model: nothing for people."""
    prompts = [{"role": "system", "text": SECRET}]
    held = {"inputs": {"x": SECRET}, "outputs": {"text": SECRET}, "process_data": {"prompts": prompts}}
    return held | {"elapsed_time": 0.1, "execution_metadata": {"x": SECRET}, "finished_at": 2} | more


def working(chat, message, *titles):
    """What stands there of steps that run."""
    if chat.name == "discord":
        return "-# ⏳ " + " · ".join(f"{title}…" for title in titles)
    if message.tasks:
        return "\n".join(f"{title} (in_progress)" for title in titles)
    return f"⏳ {' · '.join(titles)}…"


def collapsed(chat, message, *done, failed=()):
    """What stands there in the end."""
    if chat.name == "slack" and message.tasks:
        ended = [f"{title} (complete)" for title in done]
        return "\n".join([*ended, *(f"{title} (error)" for title in failed)])
    gap = " · " if chat.name == "discord" else "  "
    signed = [f"{mark} {' · '.join(titles)}" for mark, titles in (("✓", done), ("✗", failed)) if titles]
    return ("-# " if chat.name == "discord" else "") + gap.join(signed)


async def traced(chat, message, wanted):
    """Wait until this, as people read it, stands there of the steps."""

    def shown():
        return trace(chat, message).replace("\\", "")

    try:
        await chat.journal.wait(lambda: shown() == wanted)
    except TimeoutError:
        pytest.fail(f"there stands {shown()!r} instead of {wanted!r}")


async def begun(chat, spot):
    return await chat.journal.wait(lambda: next(iter(spot.answers()), None))


@pytest.mark.parametrize("mode", ["advanced-chat", "workflow"])
async def test_a_loop_counts_its_rounds_and_ends_as_one_step(world, chat, dify, spot, mode):
    serve(world, mode)
    gate = Gate()

    def script(run):
        model = MODEL | holding(inputs=None, outputs=None, status="running")
        end = holding(status="succeeded", error=None, total_tokens=9, steps=2)
        events = [
            ("loop_started", LOOP | {"inputs": {"x": SECRET}, "inputs_truncated": False, "metadata": {}}),
            ("loop_next", LOOP | {"index": 1, "pre_loop_output": {"x": SECRET}}),
            ("node_started", model),
            ("node_finished", MODEL | holding(status="succeeded", error=None)),
            ("loop_next", LOOP | {"index": 2, "pre_loop_output": {"x": SECRET}}),
            ("loop_completed", LOOP | end),
        ]
        return Answer([*(about_run(run, *event) for event in events), Node("Write"), ANSWER], gate=gate)

    dify.reply(script)
    async with world.bot():
        spot.ask("what is on each page?")
        gate.allow(2)
        answer = await begun(chat, spot)
        await traced(chat, answer, working(chat, answer, "Each page (2)"))
        gate.allow(1)
        await traced(chat, answer, working(chat, answer, "Each page (2)", "Summary"))
        gate.finish()
        await shows(chat, spot.answers, ANSWER)
        await traced(chat, answer, collapsed(chat, answer, "Each page", "Summary", "Write"))
    assert SECRET not in said_to_the_platform(chat)
    assert own_text(chat, answer) == ANSWER
    assert spot.answers() == [answer]


async def test_a_loop_that_fails_is_marked_so(world, chat, dify, spot):
    serve(world, "advanced-chat")

    def script(run):
        end = LOOP | holding(status="failed", error=f"http://internal/{SECRET}")
        loop = [about_run(run, "loop_started", LOOP), about_run(run, "loop_completed", end)]
        return Answer([Node("Plan", "tool"), *loop, ANSWER])

    dify.reply(script)
    async with world.bot():
        spot.ask("what is on each page?")
        answer = await shows(chat, spot.answers, ANSWER)
        await traced(chat, answer, collapsed(chat, answer, "Plan", failed=["Each page"]))
    assert SECRET not in said_to_the_platform(chat)


async def test_a_step_that_is_tried_again_says_which_time_and_not_why(world, chat, dify, spot):
    serve(world, "advanced-chat")
    gate = Gate()

    def script(run):
        def steps():
            yield Node("Fetch", "http-request")
            node = run.nodes[-1]
            head = {"id": node.id, "node_id": node.node_id, "node_type": node.type, "title": node.title}
            for again in (1, 2):
                tried = holding(status="retry", error=f"http://internal/{SECRET}", retry_index=again)
                yield about_run(run, "node_retry", head | tried)
            yield ANSWER

        return Answer(steps(), gate=gate)

    dify.reply(script)
    async with world.bot():
        spot.ask("what time is it?")
        gate.allow(2)
        answer = await begun(chat, spot)
        await traced(chat, answer, working(chat, answer, "Fetch (2)"))
        gate.allow(1)
        await traced(chat, answer, working(chat, answer, "Fetch (3)"))
        gate.finish()
        await shows(chat, spot.answers, ANSWER)
        await traced(chat, answer, collapsed(chat, answer, "Fetch"))
    assert SECRET not in said_to_the_platform(chat)
    assert own_text(chat, answer) == ANSWER


async def test_what_an_agents_node_calls_is_named(world, chat, dify, spot):
    serve(world, "advanced-chat")
    gate, held = Gate(), {"tool_call_args": SECRET, "output": SECRET}
    dify.reply(
        Answer(
            [
                Node("Helper", "agent"),
                Log("ROUND 1", "log-1", "start", None, held),
                Log("CALL search", "log-2", "start", "log-1", held),
                Log("CALL search", "log-2", "success", "log-1", held),
                Log("CALL maps", "log-3", "error", "log-1", held),
                Log("ROUND 1", "log-1", "success", None, held),
                ANSWER,
            ],
            gate=gate,
        )
    )
    async with world.bot():
        spot.ask("what time is it?")
        gate.allow(3)
        answer = await begun(chat, spot)
        await traced(chat, answer, working(chat, answer, "Helper", "CALL search"))
        gate.finish()
        await shows(chat, spot.answers, ANSWER)
        await traced(chat, answer, collapsed(chat, answer, "Helper", "CALL search", failed=["CALL maps"]))
    said = said_to_the_platform(chat)
    assert not any(word in said for word in (SECRET, "ROUND"))
    assert own_text(chat, answer) == ANSWER


@pytest.mark.parametrize("length", [1, 5, 1000])
@pytest.mark.parametrize(
    ("version", "mode", "opening", "closing"),
    [
        ("0.15.8", "chat", OPENED, "</details>"),
        ("0.15.8", "advanced-chat", OPENED, "</details>"),
        ("1.16.1", "advanced-chat", "<think>", "</think>"),
    ],
)
async def test_thoughts_in_the_text_are_hidden_wherever_it_is_cut(
    world, chat, version, mode, opening, closing, length
):
    thought = f"{opening}\nThey ask for the time, {SECRET}.\n{closing}"
    text = f"Well. {thought}\n\n{ANSWER}"
    pieces = [text[at : at + length] for at in range(0, len(text), length)]
    gate = Gate()
    async with another(version) as dify:
        serve(world, mode, dify)
        dify.reply(Answer(pieces, gate=gate))
        async with world.bot():
            chat.whisper("what time is it?")
            gate.allow(text.index(SECRET) // length + 1)  # amid the thoughts, or all of it
            await shows(chat, chat.in_dm, "Well.")
            gate.finish()
            answer = await shows(chat, chat.in_dm, ANSWER)
    said = said_to_the_platform(chat)
    assert not any(word in said for word in (SECRET, "They ask", "<think", "<details", "<summary", "&lt;"))
    assert own_text(chat, answer).split() == f"Well. {ANSWER}".split()


@pytest.mark.parametrize("mode", ["advanced-chat", "workflow"])
async def test_separated_reasoning_is_hidden(world, chat, dify, spot, mode):
    serve(world, mode)
    gate = Gate()
    thoughts = [Reasoning("They ask for "), Reasoning(f"the time, {SECRET}."), Reasoning("", final=True)]
    dify.reply(Answer([Node("Look it up", "tool"), Node("Model"), *thoughts, "It is ", "late."], gate=gate))
    async with world.bot():
        spot.ask("what time is it?")
        gate.allow(5)
        answer = await begun(chat, spot)
        await chat.journal.wait(lambda: "Model" in trace(chat, answer))
        gate.finish()
        await shows(chat, spot.answers, ANSWER)
        await traced(chat, answer, collapsed(chat, answer, "Look it up", "Model"))
    said = said_to_the_platform(chat)
    assert not any(word in said for word in (SECRET, "They ask"))
    assert own_text(chat, answer) == ANSWER

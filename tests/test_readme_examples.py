"""The programs in README.md, run as a reader would, against a simulated Dify."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from simulators.dify import DifySimulator
from simulators.dify.script import Answer, Fail, Gate

pytestmark = pytest.mark.heavy
ROOT = Path(__file__).parents[1]
CHAT, WORKFLOW = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE
)
KEY = "app-readme"
FORM = (
    {"paragraph": {"variable": "text", "label": "Text", "required": True}},
    {"select": {"variable": "language", "label": "To", "required": True, "options": ["German", "French"]}},
)
RUN = "POST /workflows/run"


@pytest.fixture
async def dify():
    async with DifySimulator() as simulator:
        yield simulator


async def begun(program, base_url, key=KEY):
    """The program, as a process of its own."""
    told = {
        "DIFY_BASE_URL": base_url,
        "DIFY_API_KEY": key,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
    }
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=ROOT, env=os.environ | told, stdout=pipe, stderr=pipe
    )


async def ran(program, base_url, key=KEY):
    """Its exit code, what it printed, and what it said went wrong."""
    process = await begun(program, base_url, key)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_chat_prints_both_answers_and_dify_gets_one_conversation(dify):
    dify.add_app(KEY, mode="chat")
    dify.reply("Light, bent by rain.", "Light, bent twice.")
    assert await ran(CHAT, dify.base_url) == (0, "Light, bent by rain.\nLight, bent twice.\n", "")
    first, second = [call.args for call in dify.journal.named("POST /chat-messages")]
    assert (first["query"], first["user"], first["conversation_id"]) == ("What is a rainbow?", "alice", "")
    assert (second["query"], second["user"]) == ("And a double one?", "alice")
    assert second["conversation_id"] == dify.runs[0].conversation.id
    assert {first["response_mode"], second["response_mode"]} == {"streaming"}


async def test_the_chat_prints_an_answer_while_it_grows(dify):
    gate = Gate()
    dify.add_app(KEY, mode="chat")
    dify.reply(Answer(["Light, ", "bent by rain."], gate=gate))
    process = await begun(CHAT, dify.base_url)
    gate.allow()
    async with asyncio.timeout(50):
        assert await process.stdout.readexactly(len("Light, ")) == b"Light, "
    assert not dify.runs[0].ended.is_set()
    gate.finish()
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert out.startswith(b"bent by rain.\n")


async def test_the_workflow_prints_its_text_and_dify_gets_the_inputs(dify):
    dify.add_app(KEY, mode="workflow", input_form=FORM)
    dify.reply("Regenbogen sind Licht und Regen.")
    assert await ran(WORKFLOW, dify.base_url) == (0, "Regenbogen sind Licht und Regen.\n", "")
    [run] = dify.journal.named(RUN)
    assert run.args["inputs"] == {"text": "Rainbows are made of light and rain.", "language": "German"}
    assert (run.args["user"], run.args["response_mode"]) == ("alice", "streaming")


async def test_the_workflow_says_what_its_form_lacks(dify):
    tone = {"text-input": {"variable": "tone", "label": "Tone", "required": True}}
    dify.add_app(KEY, mode="workflow", input_form=(*FORM, tone))
    code, out, err = await ran(WORKFLOW, dify.base_url)
    assert (code, out) == (1, "")
    assert err == "a value that the app's form asks for is missing, or is not as it must be\n"


async def test_the_workflow_says_why_dify_refused_and_that_trying_again_is_no_use(dify):
    dify.add_app(KEY, mode="workflow", input_form=FORM)
    code, out, err = await ran(WORKFLOW, dify.base_url, "app-wrong")
    assert (code, out) == (1, "")
    assert err == "Dify refuses the API key: check apps.*.api_key (trying again is no use)\n"


async def test_the_workflow_says_that_a_run_failed_without_the_providers_words(dify):
    dify.add_app(KEY, mode="workflow", input_form=FORM)
    dify.reply(["Regen", Fail("secret words of the provider")])
    code, out, err = await ran(WORKFLOW, dify.base_url)
    assert (code, out) == (1, "")
    assert "failed" in err
    assert "secret words" not in err
    assert len(dify.journal.named(RUN)) == 1


async def test_the_workflow_says_that_nobody_is_there(dify):
    address = dify.base_url
    await dify.stop()
    code, out, err = await ran(WORKFLOW, address)
    assert (code, out) == (1, "")
    assert err == "no connection to Dify: is dify.base_url right, is it up? (try again)\n"

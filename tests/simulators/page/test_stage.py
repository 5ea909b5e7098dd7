"""The stage, and the scripted conversation with the real bot on it."""

import io

import pytest

from bots.demo import running_demo
from simulators import stage_script
from simulators.dify import DifySimulator
from simulators.stage import Stage
from simulators.stage_script import play

pytestmark = pytest.mark.heavy


async def test_the_configuration_names_the_running_simulators(stage):
    config = stage.config
    assert config["dify"]["base_url"] == stage.dify.base_url
    assert config["slack"]["api_url"] == stage.slack.api_url
    assert config["discord"]["gateway_url"] == stage.discord.gateway_url
    assert config["apps"]["support"]["api_key"] in stage.dify.apps
    assert config["apps"]["requests"]["api_key"] in stage.dify.apps
    requests, everywhere = config["routes"]
    assert requests["slack"]["channels"] == [stage.slack_places.requests.id]
    assert requests["discord"]["channels"] == [str(stage.discord_places.requests.id)]
    assert everywhere == {"app": "support"}


async def test_a_real_dify_can_take_the_place_of_the_simulated_one():
    async with Stage(dify_url="http://127.0.0.1:9/v1", dify_key="app-real") as stage:
        assert stage.dify is None
        assert stage.config["dify"] == {"base_url": "http://127.0.0.1:9/v1"}
        assert stage.config["apps"] == {"support": {"api_key": "app-real"}}
        assert stage.config["routes"] == [{"app": "support"}]
        stage.fail_next()
        stage.pace = 3
        stage.normal()
        assert stage.pace == 0


async def test_without_a_bot_the_script_says_so_instead_of_hanging(stage):
    with pytest.raises(TimeoutError):
        await stage.ready(within=0.05)


async def test_the_script_plays_to_its_end_with_the_real_bot():
    told = io.StringIO()
    async with running_demo() as demo:
        demo.stage.pace = 60
        await play(demo.stage, told)
        first = demo.stage.dify.runs[0].message
    lines = told.getvalue()
    assert first.feedback["rating"] == "like"
    assert lines.count("characters so far") >= 3
    assert "This is question 2 of our conversation" in lines
    assert lines.rstrip().endswith("Done: asked, remembered and rated, on Slack and Discord.")


async def test_the_script_sees_the_rating_arrive_at_a_dify_that_is_not_the_stages(monkeypatch):
    told = io.StringIO()
    async with DifySimulator() as real:
        app = real.add_app("app-real")
        async with running_demo(dify_url=real.origin, dify_key="app-real") as demo:
            monkeypatch.setattr(stage_script, "QUIET", 0.5)
            await play(demo.stage, told)
    assert [row["rating"] for row in app.feedbacks] == ["like"]
    assert "there is a new rating" in told.getvalue()

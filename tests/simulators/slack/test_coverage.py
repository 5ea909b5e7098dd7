"""The coverage table says what is routed and sent, no more and no less."""

from simulators.slack import coverage
from simulators.slack.registry import METHODS
from simulators.slack.workspace import EVENTS


def test_every_method_that_is_said_to_work_is_routed_and_the_other_way_round():
    assert {name for name, grade in coverage.METHODS.items() if grade != "missing"} == set(METHODS)


async def test_every_missing_method_answers_unknown_method(slack, session):
    missing = [name for name, grade in coverage.METHODS.items() if grade == "missing"]
    errors = set()
    for name in missing:
        async with session.post(slack.api_url + name, headers={"Authorization": slack.bot_token}) as response:
            errors.add((await response.json())["error"])
    assert errors == {"unknown_method"}


def test_every_supported_event_can_be_subscribed_to():
    assert {name for name, grade in coverage.EVENTS.items() if grade != "missing"} == set(EVENTS)


async def test_every_supported_event_is_sent_by_something_a_person_does(slack, bot):
    message = slack.post("general", "ada", f"{slack.mention} hello")
    slack.post(slack.dm("ada"), "ada", "hello", app_context={"entities": []})
    slack.post(slack.add_channel("closed", "ada", kind="group"), "ada", "hello")
    slack.post(slack.add_channel("few", "ada", "ben", kind="mpim"), "ada", "hello")
    slack.react("general", message.ts, "ada", "+1")
    slack.unreact("general", message.ts, "ada", "+1")
    slack.open_home("ada")
    slack.start_assistant_thread("ada")
    slack.look_at("ada", "general")
    slack.join("general", slack.add_user("joe"))
    slack.leave("general", "joe")
    slack.press_stop("general", message.ts, "ada")
    slack.rename_session("general", message.ts, "ada", "T")
    slack.uninstall()
    await slack.journal.wait(lambda: all(delivery.acked for delivery in slack.deliveries))
    kinds = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
    sent = {
        f"message.{kinds[d.event['channel_type']]}" if d.event["type"] == "message" else d.event["type"]
        for d in slack.deliveries
    }
    assert sent == set(EVENTS)

import pytest
from pydantic import ValidationError

from adapters.slack.settings import SlackSettings

GOOD = {"bot_token": "xoxb-1-2-secret", "app_token": "xapp-1-secret"}


def problem(**changes):
    with pytest.raises(ValidationError) as caught:
        SlackSettings(**{**GOOD, **changes})
    return str(caught.value)


def test_two_tokens_are_enough():
    settings = SlackSettings(**GOOD)
    assert settings.api_url == "https://slack.com/api/"
    assert (settings.dm_scope, settings.channel_stream, settings.follow_threads) == ("thread", "edit", "auto")


def test_swapped_tokens_name_the_right_one_and_show_none():
    text = problem(bot_token="xapp-1-secret", app_token="xoxb-1-2-secret")
    assert "Bot User OAuth Token" in text
    assert "connections:write" in text
    assert "secret" not in text


def test_an_empty_token_says_so():
    assert "is empty" in problem(bot_token=" ")


def test_tokens_are_not_in_the_repr():
    assert "secret" not in repr(SlackSettings(**GOOD))


def test_space_around_a_token_does_no_harm():
    assert SlackSettings(**{**GOOD, "bot_token": " xoxb-9\n"}).bot_token.get_secret_value() == "xoxb-9"


@pytest.mark.parametrize("url", ["slack.com", "ftp://slack.com/api/", "https://"])
def test_an_api_url_that_is_none_is_refused(url):
    assert "https://slack.com/api/" in problem(api_url=url)


def test_an_api_url_gets_its_slash():
    assert SlackSettings(**GOOD, api_url="http://127.0.0.1:1/api").api_url == "http://127.0.0.1:1/api/"


def test_an_unknown_key_is_refused():
    assert "signing_secret" in problem(signing_secret="x")


def test_every_field_is_described():
    assert all(field.description for field in SlackSettings.model_fields.values())


@pytest.mark.parametrize("name", ["", "Parley", "/parley", "ask us", "x" * 32])
def test_a_command_that_slack_would_not_take(name):
    assert "without the slash" in problem(command=name)


def test_the_command_has_a_name_of_its_own():
    assert SlackSettings(**GOOD).command == "parley"
    assert SlackSettings(**GOOD, command="ask-us_2").command == "ask-us_2"

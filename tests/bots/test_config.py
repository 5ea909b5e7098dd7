"""The configuration file: what it may hold, and one line with a mend for whatever is wrong."""

import re
from pathlib import Path

import pytest
import yaml

from bots.assembly import dify_apps
from bots.config import load, parse
from bots.yaml_file import ConfigError
from core.messages import Addressed, IncomingMessage, MessageRef, Person, Place
from core.router import choose
from core.settings import AppSettings, Show
from tests.bots.files import GOOD, changed


def test_a_good_file_is_read_and_the_rest_has_its_defaults(written):
    config = load(written(GOOD))
    assert set(config.platforms) == {"slack", "discord"}
    assert set(config.core.apps) == {"support", "sales"}
    assert (config.core.dify.base_url, config.core.dify.max_streams, config.core.dify.max_runs) == (
        "https://api.dify.ai/v1", 8, 4,
    )  # fmt: skip
    assert (config.core.server.listen, config.core.server.grace) == ("127.0.0.1:8080", 25)
    assert config.core.feedback.stop == ["octagonal_sign"]


def test_an_app_has_its_keys(written):
    pinned = "7C9E6679-7425-40de-944b-e07fc1f90ae7"
    keys = f"query_input: topic, response: blocking, workflow_id: {pinned}, quota_retries: 3, auto_name: true"
    more = (
        "files_base_url: 'https://files.example/x/', human_input: admins, show: {steps: false, speech: true}"
    )
    text = changed("app-sales}", f"app-sales, {keys}, {more}}}") + "admins: [' slack:U1', 'discord:22']\n"
    config = load(written(text))
    sales, support = config.core.apps["sales"], config.core.apps["support"]
    assert (sales.query_input, sales.response, sales.quota_retries) == ("topic", "blocking", 3)
    assert (sales.workflow_id, sales.files_base_url) == (pinned.lower(), "https://files.example/x")
    assert (sales.auto_name, sales.human_input, config.admins) == (True, "admins", {"slack:U1", "discord:22"})
    assert (sales.show.steps, sales.show.suggestions, sales.show.usage) == (False, True, False)
    assert (sales.show.speech, support.show.speech) == (True, False)
    assert (support.query_input, support.response, support.quota_retries) == (None, "streaming", 0)
    assert (support.workflow_id, support.files_base_url, support.default_query) == (None, None, "")
    assert (support.auto_name, support.read_aloud, support.human_input) == (False, False, "asker")


def test_an_app_is_assembled_as_it_is_configured(written):
    files = "files_base_url: 'https://files.example'"
    text = changed("app-sales}", f"app-sales, query_input: topic, response: blocking, {files}}}")
    apps, _ = dify_apps(load(written(text)))
    sales, support = apps["sales"], apps["support"]
    assert (sales.dify.query_input, sales.dify.blocking) == ("topic", True)
    assert (support.dify.query_input, support.dify.blocking) == (None, False)
    inner = "http://api:5001/files/tools/x.png?sign=1"
    assert sales.dify.client.api.downloads.address(inner) == "https://files.example/files/tools/x.png?sign=1"
    assert support.dify.client.api.downloads.address(inner) is None


EXAMPLE = (Path(__file__).parents[2] / "config.example.yaml").read_text()


@pytest.mark.parametrize(
    ("settings", "start"),
    [(AppSettings, "    # {}:"), (Show, "    #   {}:")],
    ids=["an app's", "those of show"],
)
def test_the_example_shows_every_key(settings, start):
    for name in set(settings.model_fields) - {"api_key"}:
        assert f"\n{start.format(name)}" in EXAMPLE, name


def test_the_example_is_right_also_where_it_is_a_comment(written):
    lines = re.sub(r"^    # (  )?(?=[a-z_]+:)", r"    \1", EXAMPLE, flags=re.MULTILINE)
    lines = re.sub(r"^# (?=admins:)", "", lines, flags=re.MULTILINE)
    names = re.findall(r"\$\{(\w+)\}", EXAMPLE)
    given = {name: "xoxb-1" if "BOT" in name else "xapp-1" if "APP_T" in name else "app-1" for name in names}
    config = load(written(lines, "\n".join(f"{name}={value}" for name, value in given.items())))
    assert config.core.apps["support"].show.suggestions
    assert config.admins == {"slack:U024BE7LH", "discord:80351110224678912"}


@pytest.mark.parametrize("missing", ["slack", "discord"])
def test_either_platform_may_be_left_out(written, missing):
    lines = [line for line in GOOD.splitlines() if not line.startswith(f"{missing}:")]
    assert missing not in load(written("\n".join(lines))).platforms


def test_the_store_is_beside_the_file(written, tmp_path):
    assert load(written(GOOD)).store_url == f"sqlite:///{tmp_path}/parley.db"
    text = GOOD + "store: {url: 'sqlite:////var/lib/x.db'}"
    assert load(written(text)).store_url == "sqlite:////var/lib/x.db"


@pytest.mark.parametrize("section", ["", "store: {keep_days: 9}\n"])
def test_a_store_that_is_left_out_is_that_of_the_environment(written, monkeypatch, section):
    monkeypatch.setenv("PARLEY_STORE_URL", "postgresql://parley@db/parley")
    monkeypatch.setenv("PARLEY_LOG_FORMAT", "json")
    config = load(written(GOOD + section))
    assert (config.store_url, config.core.log.format) == ("postgresql://parley@db/parley", "json")


def test_another_store_than_that_of_the_environment_is_refused(written, monkeypatch):
    """Two processes that were to share one would answer everything twice."""
    monkeypatch.setenv("PARLEY_STORE_URL", "postgresql://parley@db/parley")
    with pytest.raises(ConfigError, match=r"store\.url: is not what PARLEY_STORE_URL says"):
        load(written(GOOD + "store: {url: 'sqlite:///parley.db'}\n"))
    assert load(written(GOOD + "store: {url: '${PARLEY_STORE_URL}'}\n")).store_url.startswith("postgresql:")


WRONG = {  # what is wrong -> (the file, key path, a word of the mend)
    "unknown section": (GOOD + "discrod: {}\n", "discrod", "config.example.yaml"),
    "unknown key": (
        changed("{api_key: app-sales}", "{api_key: k, modle: chat}"),
        "apps.sales.modle",
        "remove",
    ),
    "unknown platform key": (changed("token: a.b.c", "token: t, tocken: t"), "discord.tocken", "remove"),
    "missing key": (changed("{api_key: app-sales}", "{}"), "apps.sales.api_key", "add it"),
    "missing platform key": (changed(", app_token: xapp-1", ""), "slack.app_token", "add it"),
    "missing section": (GOOD.replace("routes:\n  - {app: support}", ""), "routes", "add it"),
    "wrong type: number": (GOOD + "dify: {max_streams: many}\n", "dify.max_streams", "a whole number"),
    "wrong type: section": (GOOD + "dify: yes\n", "dify", "section"),
    "wrong type: list": (GOOD + "feedback: {like: heart}\n", "feedback.like", "a list"),
    "wrong type: text": (changed("api_key: app-sales", "api_key: [a]"), "apps.sales.api_key", "text"),
    "wrong type: seconds": (GOOD + "server: {grace: soon}\n", "server.grace", "a number"),
    "wrong type: dm": (
        changed("{app: support}", "{app: support, dm: maybe}"),
        "routes.0.dm",
        "true or false",
    ),
    "negative number": (GOOD + "dify: {max_runs: -1}\n", "dify.max_runs", "0"),
    "no URL": (GOOD + "dify: {base_url: dify.example}\n", "dify.base_url", "http"),
    "no such mode": (changed("app-sales}", "app-sales, mode: chatflow}"), "apps.sales.mode", "advanced-chat"),
    "no such way of answering": (
        changed("app-sales}", "app-sales, response: slow}"),
        "apps.sales.response",
        "'streaming' or 'blocking'",
    ),
    "no version": (
        changed("app-sales}", "app-sales, workflow_id: latest}"),
        "apps.sales.workflow_id",
        "Version History",
    ),
    "no URL of files": (
        changed("app-sales}", "app-sales, files_base_url: files.example}"),
        "apps.sales.files_base_url",
        "https://",
    ),
    "a path of the URL of files": (
        changed("app-sales}", "app-sales, files_base_url: 'https://x.example/files/'}"),
        "apps.sales.files_base_url",
        "write https://x.example",
    ),
    "too many retries": (
        changed("app-sales}", "app-sales, quota_retries: 6}"),
        "apps.sales.quota_retries",
        "5",
    ),
    "no such person to decide": (
        changed("app-sales}", "app-sales, human_input: boss}"),
        "apps.sales.human_input",
        "asker, channel or admins",
    ),
    "who decides, wrongly named": (
        changed("app-sales}", "app-sales, human_input: {discord: {rolls: [1]}}}"),
        "apps.sales.human_input.discord.rolls",
        "roles",
    ),
    "who decides, at no platform": (
        changed("app-sales}", "app-sales, human_input: {irc: {users: [1]}}}"),
        "apps.sales.human_input.irc",
        "slack, discord",
    ),
    "who decides, nobody named": (
        changed("app-sales}", "app-sales, human_input: {discord: {}}}"),
        "apps.sales.human_input.discord",
        "says nobody",
    ),
    "who decides, not said": (
        changed("app-sales}", "app-sales, human_input: {}}"),
        "apps.sales.human_input",
        "says nobody",
    ),
    "who decides, in direct messages": (
        changed("app-sales}", "app-sales, human_input: {slack: {dm: true}}}"),
        "apps.sales.human_input.slack.dm",
        "use channels, teams or users",
    ),
    "who decides, yes": (
        changed("app-sales}", "app-sales, human_input: yes}"),
        "apps.sales.human_input",
        "must be asker, channel or admins",
    ),
    "nobody to decide": (
        changed("app-sales}", "app-sales, human_input: admins}"),
        "apps.sales.human_input",
        "list them in `admins`",
    ),
    "an empty variable": (
        changed("app-sales}", "app-sales, query_input: ''}"),
        "apps.sales.query_input",
        "fill it in",
    ),
    "an admin's name": (GOOD + "admins: ['@alice']\n", "admins.0", "slack:U024BE7LH"),
    "an admin of no platform": (GOOD + "admins: ['irc:alice']\n", "admins.0", "PLATFORM:ID"),
    "an admin without an id": (GOOD + "admins: ['slack:']\n", "admins.0", "PLATFORM:ID"),
    "no such choice": (changed("token: a.b.c", "token: t, reply_in: dm"), "discord.reply_in", "thread"),
    "wrong token": (changed("xoxb-1", "xapp-1"), "slack.bot_token", "xoxb-"),
    "two apps with one name": (changed("  sales:", "  support:"), "line 4, column 3", "own name"),
    "two sections of one name": (GOOD + "apps: {x: {api_key: y}}\n", "line 9, column 1", "own name"),
    "unknown app": (changed("{app: support}", "{app: suport}"), "routes.0.app", "support, sales"),
    "unknown platform": (
        changed("{app: support}", "{app: support, irc: {}}"),
        "routes.0.irc",
        "slack, discord",
    ),
    "unknown route key": (
        changed("{app: support}", "{app: support, slack: {chanels: [C]}}"),
        "routes.0.slack.chanels",
        "channels",
    ),
    "route key of the other platform": (
        changed("{app: support}", "{app: support, slack: {guilds: [C]}}"),
        "routes.0.slack.guilds",
        "channels, teams, users",
    ),
    "route list that is none": (
        changed("{app: support}", "{app: support, slack: {channels: C1}}"),
        "routes.0.slack.channels",
        "a list",
    ),
    "route platform that is no section": (
        changed("{app: support}", "{app: support, slack: yes}"),
        "routes.0.slack",
        "section",
    ),
    "route dm of a platform": (
        changed("{app: support}", "{app: support, discord: {dm: 7}}"),
        "routes.0.discord.dm",
        "true or false",
    ),
    "missing variable": (changed("app-sales", "'${NO_SUCH_KEY}'"), "apps.sales.api_key", "NO_SUCH_KEY"),
    "missing variable in a list": (
        GOOD + 'feedback: {like: ["x", "${NOT_ONE}"]}\n',
        "feedback.like.1",
        "NOT_ONE",
    ),
    "no platform": (
        "apps: {a: {api_key: k}}\nroutes: [{app: a}]\n",
        "no platform is configured",
        "slack or discord",
    ),
    "no apps": (
        changed("  support: {api_key: app-support}\n  sales: {api_key: app-sales}", "  {}"),
        "apps",
        "",
    ),
    "broken YAML": ("apps: {a: {api_key: k}\nroutes: [", "line", "column"),
    "not a mapping": ("- apps\n", "must hold sections", "config.example.yaml"),
    "empty file": ("", "must hold sections", "config.example.yaml"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_file_key_path_and_mend(written, name):
    text, path, mend = WRONG[name]
    file = written(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"{file}: {path}")
    assert mend in line
    if "line" not in path and " " not in path:
        assert line.startswith(f"{file}: {path}: ")


def test_every_problem_is_said_at_once(written):
    text = changed("app-support", "'${ONE}'").replace("app-sales", "'${TWO}'")
    with pytest.raises(ConfigError) as caught:
        load(written(text))
    assert len(caught.value.problems) == 2
    text = GOOD + "dify: {max_streams: x, max_runs: y, more: z}\n"
    with pytest.raises(ConfigError) as caught:
        load(written(text))
    assert len(caught.value.problems) == 3


def test_a_secret_in_the_wrong_place_is_not_repeated(written):
    for text in (
        changed("xoxb-1", "s3cret"),
        changed("{api_key: app-sales}", "{api_key: {s3cret: 1}}"),
        changed("{token: a.b.c}", "s3cret"),
        changed("{token: a.b.c}", "{token: [s3cret]}"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(written(text))
        assert "s3cret" not in str(caught.value)


def test_keys_are_not_shown_by_the_settings(written):
    config = load(written(GOOD))
    assert "app-support" not in repr(config.core)
    assert "xoxb-1" not in repr(config.core)


def message(platform="slack", *, direct=False, **facts):
    sets = {name: frozenset(values) for name, values in facts.items()}
    place, ref = Place(platform, "w", "c", direct=direct), MessageRef(platform, "w", "c", "m")
    return IncomingMessage(ref, place, Person("u"), "hi", Addressed.MENTION, "id", facts=sets)


def routed(written, routes, asked):
    text = changed("  - {app: support}", "\n".join(f"  - {route}" for route in routes))
    return choose(load(written(text)).routes, asked)


@pytest.mark.parametrize(
    ("routes", "asked", "app"),
    [
        (["{app: sales, slack: {channels: [C1]}}", "{app: support}"], message(channels={"C1"}), "sales"),
        (["{app: sales, slack: {channels: [C1]}}", "{app: support}"], message(channels={"C2"}), "support"),
        (["{app: sales, slack: {channels: [C1]}}"], message("discord", channels={"C1"}), ""),
        (["{app: sales, slack: {channels: []}}"], message(channels={"C1"}), ""),
        (["{app: sales, slack: {}}"], message(), "sales"),
        (["{app: sales, discord: {guilds: [123]}}"], message("discord", guilds={"123"}), "sales"),
        (["{app: sales, dm: true}"], message(direct=True), "sales"),
        (["{app: sales, dm: true}"], message(), ""),
        (["{app: sales, slack: {dm: false}}"], message(direct=True), ""),
        (["{app: sales, slack: {channels: [C1], users: [U1]}}"], message(channels={"C1"}), ""),
    ],
)
def test_routes_are_what_the_file_says(written, routes, asked, app):
    assert routed(written, routes, asked) == app


def test_values_can_be_checked_without_a_file(tmp_path):
    config = parse(yaml.safe_load(GOOD), tmp_path / "none.yaml")
    assert config.folder == tmp_path

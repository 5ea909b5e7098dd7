"""compose.yaml: what can be said of it where there is no Docker."""

import re
from pathlib import Path

import pytest
import yaml

from bots.config import parse
from bots.yaml_file import read

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
BOT, POSTGRES = COMPOSE["services"]["bot"], COMPOSE["services"]["postgres"]
EXAMPLE = ROOT / "config.example.yaml"
TOKENS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "DISCORD_TOKEN": "a.b.c",
    "DIFY_SUPPORT_KEY": "app-k",
}


def example(**environment):
    return parse(read(EXAMPLE, TOKENS | environment), EXAMPLE)


def test_two_replicas_of_this_checkout_and_one_database():
    assert set(COMPOSE["services"]) == {"bot", "postgres"}
    assert BOT["build"] == "."
    assert BOT["deploy"]["replicas"] == 2
    assert not {"ports", "container_name"} & set(BOT)  # two can't have the same


def test_the_database_outlives_its_container():
    [volume] = POSTGRES["volumes"]
    assert volume == "postgres:/var/lib/postgresql/data"
    assert "postgres" in COMPOSE["volumes"]
    assert re.fullmatch(r"postgres:1[0-7]", POSTGRES["image"])  # later ones keep their data elsewhere


def test_the_bots_wait_until_the_database_can_be_used():
    assert BOT["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert POSTGRES["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert f"--dbname={POSTGRES['environment']['POSTGRES_DB']}" in POSTGRES["healthcheck"]["test"]
    assert f"--username={POSTGRES['environment']['POSTGRES_USER']}" in POSTGRES["healthcheck"]["test"]


def test_the_example_runs_on_that_database_there_and_on_a_file_elsewhere():
    url = BOT["environment"]["PARLEY_STORE_URL"]
    user, name = (POSTGRES["environment"][key] for key in ("POSTGRES_USER", "POSTGRES_DB"))
    assert example(PARLEY_STORE_URL=url).store_url == f"postgresql://{user}@postgres/{name}"
    assert example(PARLEY_LOG_FORMAT=BOT["environment"]["PARLEY_LOG_FORMAT"]).core.log.format == "json"
    assert example().store_url == f"sqlite:///{ROOT}/parley.db"


def test_both_get_the_same_password_from_outside():
    made, used = POSTGRES["environment"]["POSTGRES_PASSWORD"], BOT["environment"]["PGPASSWORD"]
    assert made.startswith("${POSTGRES_PASSWORD:?")
    assert used == "${POSTGRES_PASSWORD}"
    assert BOT["env_file"] == ".env"


def test_the_container_finds_its_configuration_and_is_found_healthy():
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    [mounted] = BOT["volumes"]
    host, inside, mode = mounted.split(":")
    assert (host, mode) == ("./config.yaml", "ro")
    assert f"PARLEY_CONFIG={inside}" in image
    port = example().core.server.listen.rpartition(":")[2]
    assert f"http://127.0.0.1:{port}/healthz" in image


def test_answers_in_progress_have_their_time():
    seconds = int(BOT["stop_grace_period"].removesuffix("s"))
    assert seconds >= example().core.server.grace + 10


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\$\{(\w+)", TEXT)) | {"PARLEY_STORE_URL"}))
def test_every_variable_is_documented(name):
    assert f"`{name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_has_the_defaults_that_it_says():
    config = example().core
    assert (config.store.keep_days, config.conversations.idle_days) == (90, None)
    shown = re.search(r"# conversations:\n#( +idle_days: \d+)", EXAMPLE.read_text(encoding="utf-8"))
    values = yaml.safe_load(f"conversations:\n{shown[1]}")
    assert parse({**read(EXAMPLE, TOKENS), **values}, EXAMPLE).core.conversations.idle_days == 30

"""What `parley check` says of files: links that are passed on, and files that the configuration names."""

import pytest

from bots.checking import check, show
from bots.config import parse
from simulators.dify import DifySimulator
from simulators.slack import SlackSimulator

PDF = "https://example.com/plan.pdf"
LINKS = {"allowed_file_upload_methods": ["remote_url"]}
UPLOADS = {"allowed_file_upload_methods": ["local_file"]}


def variable(kind="file", **rules):
    return {kind: {"variable": "doc", "label": "Doc", "allowed_file_types": ["document"], **rules}}


@pytest.fixture
async def looked(tmp_path):
    """What the doctor says of an app with this form and these settings."""

    async def look(form=(), settings=None, **features):
        async with DifySimulator() as dify, SlackSimulator() as slack:
            dify.add_app("app-k", mode="advanced-chat", name="Support", input_form=form, **features)
            tokens = {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url}
            values = {
                "dify": {"base_url": dify.base_url},
                "apps": {"support": {"api_key": "app-k"} | (settings or {})},
                "routes": [{"app": "support"}],
                "slack": tokens,
            }
            findings = await check(parse(values, tmp_path / "config.yaml"))
            return show(findings), show([finding for finding in findings if not finding.ok])

    return look


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (variable(), PDF),
        (variable(), [PDF]),
        (variable(), {"type": "document", "transfer_method": "remote_url", "url": PDF}),
        (variable(**LINKS), "http://files.internal/plan.pdf"),
        (variable(), "https://example.com/{user_name}.pdf"),
        (variable(allowed_file_types=["image"]), "https://example.com/picture?id=5"),
        (variable("file-list", max_length=2), [PDF, {"url": PDF}]),
    ],
)
async def test_files_of_the_configuration_that_dify_takes_are_well(looked, form, value):
    shown, wrong = await looked([form], {"inputs": {"doc": value}})
    assert wrong == ""
    assert "doc (file" in shown
    assert "from `inputs`" in shown


@pytest.mark.parametrize(
    ("form", "value", "mend"),
    [
        (variable(), "plan.pdf", "write a link such as https://example.com/plan.pdf"),
        (variable(**LINKS), 5, "write a link such as https://example.com/plan.pdf"),
        (variable(), {"a": 1}, "write a link such as https://example.com/plan.pdf"),
        (variable("file-list"), ["plan.pdf"], "https://example.com/plan.pdf, or a list of them"),
        (variable(), "https://example.com/a.png", "a file of another type than document: write another link"),
        (variable(), "https://example.com/a.png", "{type: …, transfer_method: remote_url, url: https://…}"),
        (variable(**UPLOADS), PDF, "files are uploaded to it, from people's messages and forms: remove it"),
        (variable(), [PDF, PDF], "has 2 files: at most 1"),
        (variable("file-list", max_length=1), [PDF, PDF], "has 2 files: at most 1"),
    ],
)
async def test_files_of_the_configuration_that_dify_refuses_are_named_with_the_mend(
    looked, form, value, mend
):
    _, wrong = await looked([form], {"inputs": {"doc": value}})
    assert wrong.startswith("FAIL app support: inputs.doc: ")
    assert mend in wrong
    assert len(wrong.splitlines()) == 1


@pytest.mark.parametrize(
    ("features", "idle"),
    [
        ({}, False),
        ({"file_methods": ["local_file"]}, True),
        ({"file_upload": False}, True),
        ({"file_upload": False, "form": [variable()]}, False),
        ({"file_upload": False, "form": [variable(**UPLOADS)]}, True),
    ],
)
async def test_passing_links_on_to_an_app_that_takes_none_is_noted(looked, features, idle):
    shown, wrong = await looked(settings={"file_links": True}, **features)
    assert wrong == ""
    assert ("note: file_links has no effect: the app takes no files by URL" in shown) == idle
    assert "file_links" not in (await looked(**features))[0]


async def test_who_is_asked_for_a_link_is_said(looked):
    shown, _ = await looked([variable(**LINKS)])
    assert "form: doc (file, optional): may stay empty" in shown
    shown, _ = await looked([variable(required=True, **LINKS)])
    assert "form: doc (file, required): people are asked for a link in a form" in shown
    shown, _ = await looked([variable(required=True)])
    assert "form: doc (file, required): files that come with the question" in shown

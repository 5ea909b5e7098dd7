"""`parley check` says where an admin's mark could not make an annotation."""

import pytest

from bots.checking import check, show
from bots.config import parse
from simulators.dify import DifySimulator

FORM = ({"paragraph": {"variable": "topic", "required": True}},)
NOTE = "note: feedback.annotate has no effect: "


async def first_finding(tmp_path, *, mode="chat", version="1.16.1", admins=("slack:U1",), annotate=None):
    async with DifySimulator(version) as dify:
        dify.add_app("app-k", mode=mode, name="Support", input_form=FORM if mode == "workflow" else ())
        values = {
            "dify": {"base_url": dify.base_url},
            "apps": {"support": {"api_key": "app-k"}},
            "routes": [{"app": "support"}],
            "slack": {"bot_token": "xoxb-1", "app_token": "xapp-1", "api_url": "http://127.0.0.1:9/"},
            "admins": list(admins),
        }
        if annotate is not None:
            values["feedback"] = {"annotate": annotate}
        [first, *_] = await check(parse(values, tmp_path / "config.yaml"))
    assert first.ok
    return show([first])


@pytest.mark.parametrize(
    ("app", "why"),
    [
        ({"mode": "workflow"}, "a workflow app has no annotations"),
        ({"version": "0.15.8"}, "annotations need Dify 1.2, this is 0.15.8"),
    ],
)
async def test_where_there_can_be_none_it_is_noted(tmp_path, app, why):
    assert f"\n       {NOTE}{why}" in await first_finding(tmp_path, **app)


@pytest.mark.parametrize(
    "changes", [{}, {"mode": "workflow", "admins": ()}, {"mode": "workflow", "annotate": []}]
)
async def test_where_nobody_could_want_one_nothing_is_noted(tmp_path, changes):
    assert NOTE not in await first_finding(tmp_path, **changes)

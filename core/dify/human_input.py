"""Forms of paused runs: read and answered. The rest of the run comes by DifyClient.attach.

Source: Dify api/controllers/service_api/app/human_input_form.py; since 1.14.
"""

from collections.abc import Mapping
from typing import Any

from core.dify.calls import Calls, part
from core.dify.human_forms import HumanForm

SINCE = (1, 14)
# What is said of a form that is not to be answered any more: its run goes on by itself.
OVER = frozenset(("human_input_form_submitted", "human_input_form_expired", "not_found"))


class HumanInput:
    """Answers to what a run asks of a person."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def form(self, token: str) -> HumanForm:
        """The form of a token (Dify: GET /form/human_input/{form_token}).

        Raises DifyRefused: not_found, human_input_form_submitted, human_input_form_expired.
        """
        return await self._calls.row(HumanForm, "GET", f"/form/human_input/{part(token)}", since=SINCE)

    async def submit(self, token: str, inputs: Mapping[str, Any], action: str, user: str) -> None:
        """Answer a form, once; the run goes on (Dify: POST /form/human_input/{form_token}).

        Any user may. Raises DifyRefused: human_input_form_submitted (somebody was faster, or this call came
        through before and its reply was lost), human_input_form_expired, invalid_form_data, not_found.
        """
        body = {"inputs": dict(inputs), "action": action, "user": user}
        await self._calls.body("POST", f"/form/human_input/{part(token)}", json=body, since=SINCE)

"""The forms of paused runs, as events, blocking replies and GET /form/human_input show them. Pure.

Source: Dify api/core/workflow/nodes/human_input, service_api/app/human_input_form.py; since 1.14.
"""

import re
from typing import Annotated, Any

from pydantic import Field

from core.dify.rows import OBJECTS, Object, Row, Seconds, Texts, rows_in

_PLACEHOLDER = re.compile(r"\{\{#\$output\.(\w+)#\}\}")


class FormAction(Row):
    """A button: `button_style` is primary, default, accent or ghost."""

    id: str = ""
    title: str = ""
    button_style: str = "default"


class FormInput(Row):
    """A field to fill in; `type` is text-input or paragraph."""

    output_variable_name: str = ""
    type: str = ""
    default: Object = Field(default_factory=dict)


class HumanForm(Row):
    """What a person is asked. `form_token` is None where the form can't be answered by API."""

    form_id: str = ""
    form_token: str | None = None
    node_id: str = ""
    node_title: str = ""
    form_content: str = ""  # Markdown, with {{#$output.NAME#}} where a field belongs
    inputs: Annotated[tuple[FormInput, ...], OBJECTS] = ()
    actions: Annotated[tuple[FormAction, ...], OBJECTS] = ()
    user_actions: Annotated[tuple[FormAction, ...], OBJECTS] = ()  # as GET /form/human_input calls them
    display_in_ui: bool = True
    approval_channels: Texts = ()  # email, web_app, console (1.15+)
    resolved_default_values: Object = Field(default_factory=dict)
    expiration_time: Seconds = 0.0

    @property
    def buttons(self) -> tuple[FormAction, ...]:
        """The actions, under whichever name they came."""
        return self.actions or self.user_actions

    @property
    def text(self) -> str:
        """The content without the places of its fields."""
        return _PLACEHOLDER.sub("", self.form_content).strip()

    @property
    def defaults(self) -> dict[str, str]:
        """What the fields hold before anybody writes."""
        fixed = {
            field.output_variable_name: str(field.default.get("value") or "")
            for field in self.inputs
            if field.output_variable_name
        }
        return fixed | {name: str(value) for name, value in self.resolved_default_values.items()}


class Pause(Row):
    """`data` of `workflow_paused`, and of a blocking reply that paused."""

    workflow_run_id: str = ""
    status: str = ""
    paused_nodes: Texts = ()
    reasons: Annotated[tuple[dict[str, Any], ...], OBJECTS] = ()
    created_at: Seconds = 0.0
    elapsed_time: float = 0.0

    @property
    def forms(self) -> tuple[HumanForm, ...]:
        """The forms that are waited for."""
        asked = [reason for reason in self.reasons if reason.get("TYPE") == "human_input_required"]
        return rows_in(asked, HumanForm)


class FormFilled(Row):
    """`data` of `human_input_form_filled`: what was decided."""

    node_id: str = ""
    node_title: str = ""
    rendered_content: str = ""
    action_id: str = ""
    action_text: str = ""

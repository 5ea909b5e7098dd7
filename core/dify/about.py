"""What an app says about itself: its name, features, limits, form, tool icons and web page.

Source: Dify Service API, api/controllers/service_api/app/{app,site}.py, index.py, end_user; 0.15 to 1.16.
"""

from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from core.dify.calls import Calls, part
from core.dify.rows import OBJECTS, Object, Row, Seconds, Texts, row_in
from core.errors import DifyRefused

MEGABYTE = 1024 * 1024


class AppInfo(Row):
    """GET /info. `mode` and `author_name` since 1.4."""

    name: str = ""
    description: str = ""
    tags: Texts = ()
    mode: str | None = None
    author_name: str = ""


class Switch(Row):
    """A feature that is on or off."""

    enabled: bool = False


class Speech(Switch):
    """`text_to_speech`: `autoPlay` "enabled" means that answers bring `tts_message` events."""

    voice: str = ""
    language: str = ""
    autoPlay: str = ""  # noqa: N815 (Dify's spelling)


class FormField(Row):
    """One variable of the app's input form. `type` is the key that it stands under, e.g. "text-input"."""

    type: str = ""
    variable: str = ""
    label: str = ""
    required: bool = False
    hide: bool = False
    max_length: int | None = None  # characters; of a file list, files
    options: Texts = ()
    default: Any = None
    allowed_file_types: Texts = ()
    allowed_file_extensions: Texts = ()
    allowed_file_upload_methods: Texts = ()


class ImageUpload(Switch):
    """`file_upload.image`: what apps had before other files."""

    number_limits: int = 0
    transfer_methods: Texts = ()


class FileUpload(Switch):
    """`file_upload`: whether a question may bring files, and which."""

    allowed_file_types: Texts = ()  # image, document, audio, video, custom
    allowed_file_extensions: Texts = ()  # with the dot; they count for "custom"
    allowed_file_upload_methods: Texts = ()  # local_file, remote_url
    number_limits: int = 0
    image: ImageUpload = Field(default_factory=ImageUpload)

    @property
    def types(self) -> tuple[str, ...]:
        """The types that are taken; none where files are switched off."""
        if self.enabled and self.allowed_file_types:
            return self.allowed_file_types
        return ("image",) if self.image.enabled else ()

    @property
    def most(self) -> int:
        """How many files one question may bring."""
        return (self.number_limits or self.image.number_limits) if self.types else 0


class SizeLimits(Row):
    """`system_parameters`: sizes in megabytes, for uploads of each type."""

    image_file_size_limit: float = 10
    audio_file_size_limit: float = 50
    video_file_size_limit: float = 100
    file_size_limit: float = 15
    workflow_file_upload_limit: int = 10

    def bytes_of(self, file_type: str) -> int:
        """How large a file of this type may be. Dify counts what is no image, audio or video as document."""
        megabytes = getattr(self, f"{file_type}_file_size_limit", self.file_size_limit)
        return int(megabytes * MEGABYTE)


class Parameters(Row):
    """GET /parameters."""

    opening_statement: str = ""
    suggested_questions: Texts = ()
    suggested_questions_after_answer: Switch = Field(default_factory=Switch)
    speech_to_text: Switch = Field(default_factory=Switch)
    text_to_speech: Speech = Field(default_factory=Speech)
    retriever_resource: Switch = Field(default_factory=Switch)
    annotation_reply: Switch = Field(default_factory=Switch)
    sensitive_word_avoidance: Switch = Field(default_factory=Switch)
    user_input_form: Annotated[tuple[dict[str, Any], ...], OBJECTS] = ()
    file_upload: FileUpload = Field(default_factory=FileUpload)
    system_parameters: SizeLimits = Field(default_factory=SizeLimits)

    @cached_property
    def form(self) -> tuple[FormField, ...]:
        """The variables of the form, in its order, each with its type."""
        found = (
            row_in(field, FormField).model_copy(update={"type": kind})
            for item in self.user_input_form
            for kind, field in item.items()
        )
        return tuple(field for field in found if field.variable)


class ToolIcons(Row):
    """GET /meta: tool name -> URL of a picture, or {"background", "content"} of an emoji."""

    tool_icons: Object = Field(default_factory=dict)


class Site(Row):
    """GET /site (1.0): how the app shows itself on its web page."""

    title: str = ""
    description: str = ""
    icon_type: str = ""
    icon: str = ""
    icon_background: str = ""
    icon_url: str = ""
    copyright: str = ""
    privacy_policy: str = ""
    input_placeholder: str = ""
    custom_disclaimer: str = ""
    default_language: str = ""
    show_workflow_steps: bool = True
    use_icon_as_answer_icon: bool = False


class EndUser(Row):
    """GET /end-users/{id} (1.13): `session_id` is the `user` of our calls."""

    id: str = ""
    type: str = ""
    name: str = ""
    session_id: str = ""
    is_anonymous: bool = False
    created_at: Seconds = 0.0
    updated_at: Seconds = 0.0


class ServerIndex(Row):
    """GET / : the release, where the server tells it there (0.15 does, the recorded 1.16.1 does not)."""

    welcome: str = ""
    api_version: str = ""
    server_version: str = ""


class About:
    """Reads of what an app is. All are GETs without a user."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def info(self) -> AppInfo:
        """Name, description, tags, and since 1.4 the kind (Dify: GET /info)."""
        return await self._calls.row(AppInfo, "GET", "/info")

    async def parameters(self) -> Parameters:
        """Features, limits and input form (Dify: GET /parameters). Raises DifyRefused: app_unavailable."""
        return await self._calls.row(Parameters, "GET", "/parameters")

    async def tool_icons(self) -> ToolIcons:
        """The pictures of an agent's tools (Dify: GET /meta)."""
        return await self._calls.row(ToolIcons, "GET", "/meta")

    async def site(self) -> Site:
        """Title and icon (Dify: GET /site, since 1.0)."""
        return await self._calls.row(Site, "GET", "/site", since=(1, 0))

    async def end_user(self, end_user_id: str) -> EndUser:
        """Who stands behind `created_by` of an upload (Dify: GET /end-users/{id}, since 1.13)."""
        return await self._calls.row(EndUser, "GET", f"/end-users/{part(end_user_id)}", since=(1, 13))

    async def index(self) -> ServerIndex | None:
        """The server's release (Dify: GET /). None where it has no such page; X-Version tells it anyway."""
        try:
            return await self._calls.row(ServerIndex, "GET", "/")
        except DifyRefused as refused:
            if refused.status != 404:
                raise
            return None

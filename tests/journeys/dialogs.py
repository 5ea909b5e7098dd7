"""The forms that people fill in, with the same verbs over both simulated platforms."""

import re

from simulators.discord import content as discord_content
from simulators.slack import Upload
from simulators.slack.filling import first

_SLACK_KINDS = {
    "static_select": "select",
    "checkboxes": "checkbox",
    "number_input": "number",
    "file_input": "file",
}
_DISCORD_KINDS = {3: "select", 19: "file", 23: "checkbox"}
_TOLD = re.compile(r"^- \*\*(.+?)\*\*: (.+)$", re.MULTILINE)


class SlackDialog:
    """A modal of Slack's, as it stands."""

    def __init__(self, chat, view):
        self._chat = chat
        self._view = view
        self._hash = view.hash
        self.title = view.body["title"]["text"]
        self._fields = {b["label"]["text"]: b for b in view.body["blocks"] if b["type"] == "input"}

    @property
    def kinds(self):
        """What each field is, by its label."""
        return {label: self._kind(block["element"]) for label, block in self._fields.items()}

    @staticmethod
    def _kind(element):
        if element["type"] == "plain_text_input":
            return "paragraph" if element["multiline"] else "text"
        return _SLACK_KINDS[element["type"]]

    @property
    def shown(self):
        """What stands in each field at first."""
        values = {label: first(block["element"]) or "" for label, block in self._fields.items()}
        return {label: bool(v) if self.kinds[label] == "checkbox" else v for label, v in values.items()}

    def send(self, values):
        """Fill in by label; the rest stays as it stands."""
        keys = {self._fields[label]["block_id"]: self._given(label, v) for label, v in values.items()}
        self._chat.server.submit(self._view, keys)

    def _given(self, label, value):
        if self.kinds[label] == "checkbox":
            return ["yes"] if value else []
        return [Upload(*value)] if self.kinds[label] == "file" else value

    async def problems(self):
        """What is said to be wrong, by label; the form is still open then."""
        await self._chat.journal.wait(lambda: self._view.errors)
        assert not self._view.closed
        labels = {block["block_id"]: label for label, block in self._fields.items()}
        return {labels[key]: sentence for key, sentence in self._view.errors.items()}

    async def again(self):
        """The form that was refused: it never went away."""
        return self

    async def next_page(self):
        """The form that comes after this one."""
        await self._chat.journal.wait(lambda: self._view.hash != self._hash)
        return SlackDialog(self._chat, self._view)

    async def closed(self):
        """Wait until it is taken."""
        await self._chat.journal.wait(lambda: self._view.closed)


class DiscordDialog:
    """A modal of Discord's: it goes away when it is sent, and what is wrong is told afterwards."""

    def __init__(self, chat, opened):
        self._chat = chat
        self._opened = opened
        self.title = opened.modal["title"]
        labels = [each for each in opened.modal["components"] if "component" in each]
        self._fields = {each["label"]: each["component"] for each in labels}
        self._sent = None

    @property
    def kinds(self):
        """What each field is, by its label; for numbers there is only text."""
        return {label: self._kind(part) for label, part in self._fields.items()}

    @staticmethod
    def _kind(part):
        if part["type"] == 4:
            return "paragraph" if part["style"] == 2 else "text"
        return _DISCORD_KINDS[part["type"]]

    @property
    def shown(self):
        """What stands in each field at first."""
        return {label: self._first(part) for label, part in self._fields.items()}

    @staticmethod
    def _first(part):
        if part["type"] == 23:
            return bool(part.get("default"))
        chosen = [each["value"] for each in part.get("options") or () if each.get("default")]
        return next(iter(chosen), part.get("value", ""))

    def send(self, values):
        """Fill in by label; the rest stays as it stands."""
        keys = {self._fields[label]["custom_id"]: self._given(label, v) for label, v in values.items()}
        self._sent = self._chat.server.submit(self._opened, keys)

    def _given(self, label, value):
        if self.kinds[label] == "select":
            return [value]
        return [self._chat.server.file(*value)] if self.kinds[label] == "file" else value

    async def problems(self):
        """What is said to be wrong, by label."""
        return dict(_TOLD.findall((await self._answered()).content))

    async def _answered(self):
        return await self._chat.journal.wait(lambda: self._sent.message)

    async def again(self):
        """The form once more, by the button below what was said."""
        return await self.next_page()

    async def next_page(self):
        """The form behind the button below what was said."""
        answered = await self._answered()
        [button] = [e for e in discord_content.flat(answered.components) if e.get("custom_id")]
        self._chat.server.click(answered, self._opened.user, button["custom_id"])
        return await self._chat.dialog(self._opened.user)

    async def closed(self):
        """Wait until it is taken."""
        await self._chat.journal.wait(lambda: self._sent.response_type is not None)

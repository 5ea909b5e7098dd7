"""What a person typed, as people read it: Slack's `<…>` tokens and entities decoded; pure."""

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"<([^<>\n]+)>")
_BARE = re.compile(r"<@([UW][A-Z0-9]+)>")


def mentions(text: str, user: str) -> bool:
    """Whether the text names this user."""
    return re.search(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", text) is not None


def starts_with_other(text: str, user: str) -> bool:
    """Whether the text turns to somebody else: it begins with the mention of another user."""
    found = re.match(r"\s*<@([A-Z0-9]+)(?:\|[^<>]*)?>", text)
    return found is not None and found[1] != user


def unnamed(text: str, me: str) -> list[str]:
    """The other users that the text mentions by their ids alone, as Slack sends mentions nowadays."""
    return list(dict.fromkeys(user for user in _BARE.findall(text) if user != me))


def labelled(text: str, names: Mapping[str, str]) -> str:
    """The text with these names in the mentions that have none."""

    def label(mention: re.Match[str]) -> str:
        name = re.sub(r"[<>\n]", "", names.get(mention[1], ""))
        return f"<@{mention[1]}|{name}>" if name else mention[0]

    return _BARE.sub(label, text)


def readable(text: str, me: str) -> str:
    """The text without mentions of `me`, with the other tokens readable and the entities decoded."""
    mine = rf"(?:(?<![ \t])[ \t]+)?<@{re.escape(me)}(?:\|[^<>]*)?>[ \t]*"
    words = _TOKEN.sub(_token, re.sub(mine, " ", text))
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _token(match: re.Match[str]) -> str:
    """Slack: docs.slack.dev/messaging/formatting-message-text, "Retrieving formatted messages"."""
    target, _, label = match[1].partition("|")
    if target.startswith("@"):
        return f"@{label.removeprefix('@') or target[1:]}"
    if target.startswith("#"):
        return f"#{label.removeprefix('#') or target[1:]}"
    if target.startswith("!"):
        return _special(target[1:], label)
    return _link(target, label)


def _special(target: str, label: str) -> str:
    """`<!here>`, `<!subteam^S1|@devs>`, `<!date^1392734382^{date}|Feb 18>`."""
    name, _, rest = target.partition("^")
    if name == "date":
        return label or rest.partition("^")[0]
    return f"@{label.removeprefix('@') or rest or name}"


def _link(url: str, label: str) -> str:
    address = url.removeprefix("mailto:").removeprefix("tel:")
    if label in {"", url, address}:
        return address
    bare = url.partition("://")[2].rstrip("/")
    return url if label.rstrip("/") == bare else f"{label} ({address})"

"""How an app introduces itself, in the words that its makers gave it in Dify. Pure."""

import re

from core.dify.about import Site
from core.sentences import say

_TITLE, _TEXT, _LINE = 100, 500, 300  # characters; Dify takes 400 of a description, 512 of a disclaimer
_ADDRESS = re.compile(r"https?://[^\s<>|]+")


def introduced(site: Site, title: str, description: str, lang: str) -> str:
    """Title, description and whom it belongs to, as Markdown that is to be shown like an answer; or "".

    `title` and `description` are the app's own, for where its web page has none.
    """
    what = _cut(site.description or description, _TEXT)
    below = [_cut(site.custom_disclaimer, _TEXT), _privacy(site.privacy_policy, lang), _owner(site.copyright)]
    parts = [part for part in (what, *below) if part]
    return "\n\n".join((f"**{_line(site.title or title, _TITLE)}**", *parts)) if parts else ""


def _privacy(policy: str, lang: str) -> str:
    address = policy.strip()
    whole = len(address) <= _LINE and _ADDRESS.fullmatch(address) is not None
    return say("privacy_policy", lang, url=address) if whole else ""


def _owner(name: str) -> str:
    owner = _line(name, _TITLE)
    return owner if not owner or owner.startswith("©") else f"© {owner}"


def _line(text: str, most: int) -> str:
    return _cut(" ".join(text.replace("*", "").split()), most)


def _cut(text: str, most: int) -> str:
    text = text.strip()
    return text if len(text) <= most else f"{text[: most - 1]}…"

"""What Discord accepts as a message's content, embeds and components, and whom a content mentions."""

import re
from typing import Any

from simulators.discord.errors import Refusal, invalid, too_long
from simulators.discord.state import Channel, User, World

CONTENT_LIMIT = 2000
EMBEDS_LIMIT = 6000  # all characters of all embeds of a message
TEXT_DISPLAY_LIMIT = 4000
COMPONENTS_V2 = 1 << 15
SUPPRESS_EMBEDS = 1 << 2
SUPPRESS_NOTIFICATIONS = 1 << 12
VOICE_MESSAGE = 1 << 13
EPHEMERAL = 1 << 6
ON_CREATE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | VOICE_MESSAGE | COMPONENTS_V2 | EPHEMERAL
ONLY_IN_MODALS = (4, 18, 19, 21, 22, 23)
_EMBED_FIELDS = {"title": 256, "description": 4096}


def check(body: dict[str, Any], flags: int) -> None:
    """Raises Refusal 50035 with the path of the first field that Discord would not take."""
    _check_content(body, flags)
    _check_embeds(body.get("embeds") or [])
    _check_components(body.get("components") or [], flags)
    if len(str(body.get("nonce") or "")) > 25:
        raise too_long("nonce", 25)


def _check_content(body: dict[str, Any], flags: int) -> None:
    content = body.get("content")
    if content is not None and not isinstance(content, str):
        raise invalid("content", "STRING_TYPE_CONVERT", "Could not interpret as string.")
    if len(content or "") > CONTENT_LIMIT:
        raise too_long("content", CONTENT_LIMIT)
    if flags & COMPONENTS_V2 and (content or body.get("embeds")):
        text = "The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        raise invalid("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)


def _check_embeds(embeds: list[dict[str, Any]]) -> None:
    if len(embeds) > 10:
        raise too_long("embeds", 10)
    for number, embed in enumerate(embeds):
        for name, limit in _EMBED_FIELDS.items():
            if len(embed.get(name) or "") > limit:
                raise too_long(f"embeds.{number}.{name}", limit)
        if len(embed.get("fields") or []) > 25:
            raise too_long(f"embeds.{number}.fields", 25)
    if sum(_embed_size(embed) for embed in embeds) > EMBEDS_LIMIT:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _embed_size(embed: dict[str, Any]) -> int:
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    texts += [(embed.get("author") or {}).get("name")]
    texts += [text for field in embed.get("fields") or [] for text in (field.get("name"), field.get("value"))]
    return sum(len(text or "") for text in texts)


def _check_components(components: list[dict[str, Any]], flags: int) -> None:
    if not flags & COMPONENTS_V2 and len(components) > 5:
        raise too_long("components", 5)
    everything = list(flat(components))
    if len(everything) > 40 and flags & COMPONENTS_V2:
        raise invalid("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "At most 40 components.")
    if sum(len(each.get("content") or "") for each in everything) > TEXT_DISPLAY_LIMIT:
        raise invalid("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "At most 4000 characters.")
    for each in everything:
        _check_component(each)
    ids = [each["custom_id"] for each in everything if "custom_id" in each]
    if len(ids) != len(set(ids)):
        message = "Component custom id cannot be duplicated"
        raise invalid("components", "COMPONENT_CUSTOM_ID_DUPLICATED", message)


def _check_component(component: dict[str, Any]) -> None:
    for name, limit in (("custom_id", 100), ("label", 80)):
        if component["type"] in (2, 3) and len(component.get(name) or "") > limit:
            raise too_long(f"components.{name}", limit)
    if component["type"] == 2:
        _check_button(component)
    if component["type"] in ONLY_IN_MODALS:
        raise invalid("components.type", "BASE_TYPE_CHOICES", "Only possible in a modal.")
    if component["type"] == 1 and not 1 <= len(component.get("components") or []) <= 5:
        raise invalid("components.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    if len(component.get("options") or []) > 25:
        raise too_long("components.options", 25)


def _check_button(button: dict[str, Any]) -> None:
    if not (button.get("label") or button.get("emoji") or button.get("sku_id")):
        raise invalid("components.label", "BUTTON_COMPONENT_INVALID", "A button needs a label or an emoji.")
    if button.get("style") in (1, 2, 3, 4) and not button.get("custom_id"):
        raise invalid("components.custom_id", "BASE_TYPE_REQUIRED", "This field is required")


def flat(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All components of a message or modal, outer ones before those in them."""
    found = []
    for each in components:
        inner = [*(each.get("components") or [])]
        inner += [each[name] for name in ("component", "accessory") if each.get(name)]
        found += [each, *flat(inner)]
    return found


def numbered(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The components with the ids that Discord fills in: counted in order of appearance."""
    copy: list[dict[str, Any]] = _copy(components)
    for number, each in enumerate(flat(copy), start=1):
        each.setdefault("id", number)
    return copy


def rich(world: World, embeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The embeds as Discord keeps them."""
    marks = {"type": "rich", "content_scan_version": 0}
    return [marks | embed | {"id": str(world.new_id())} for embed in _copy(embeds)]


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


def mentioned_users(
    world: World, content: str, allowed: dict[str, Any] | None, replied: User | None
) -> list[int]:
    """Whom a content pings, as far as allowed_mentions lets it (Discord: resources/message)."""
    named = [int(each) for each in re.findall(r"<@!?(\d+)>", content)]
    if allowed is not None and "users" not in allowed.get("parse", []):
        named = [each for each in named if str(each) in map(str, allowed.get("users") or [])]
    if replied and (allowed is None or allowed.get("replied_user", False)):
        named.append(replied.id)
    return [each for each in dict.fromkeys(named) if each in world.users]


def mentioned_roles(channel: Channel, content: str, allowed: dict[str, Any] | None) -> list[int]:
    named = [int(each) for each in re.findall(r"<@&(\d+)>", content)]
    if allowed is not None and "roles" not in allowed.get("parse", []):
        named = [each for each in named if str(each) in map(str, allowed.get("roles") or [])]
    known = channel.guild.roles if channel.guild else {}
    return [each for each in dict.fromkeys(named) if each in known]


def mentions_everyone(content: str, allowed: dict[str, Any] | None) -> bool:
    permitted = allowed is None or "everyone" in allowed.get("parse", [])
    return permitted and re.search(r"@(everyone|here)\b", content) is not None


def require_something(content: str, *others: Any) -> None:
    """Raises Refusal 50006 for a message in which nothing would be seen."""
    if not content and not any(others):
        raise Refusal(50006)

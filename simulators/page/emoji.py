"""The reactions that the page offers or knows, by the platforms' names."""

NAMES = {
    "+1": "👍",
    "thumbsup": "👍",
    "-1": "👎",
    "thumbsdown": "👎",
    "octagonal_sign": "🛑",
    "heart": "❤️",
    "tada": "🎉",
    "eyes": "👀",
    "hourglass_flowing_sand": "⏳",
    "white_check_mark": "✅",
    "x": "❌",
}
OFFERED = {"👍": "+1", "👎": "-1", "🛑": "octagonal_sign"}  # character → Slack's name


def character(name: str) -> str:
    """The character of a Slack name, or the name in colons."""
    return NAMES.get(name.split("::", 1)[0], f":{name}:")

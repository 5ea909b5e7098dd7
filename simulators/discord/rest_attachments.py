"""REST: fresh addresses of attachments."""

from typing import Any

from simulators.discord.errors import Refusal
from simulators.discord.rest import Endpoint, RestCall
from simulators.discord.state import World

MOST = 50  # addresses of one call


def refresh(world: World, call: RestCall) -> Any:
    """POST /attachments/refresh-urls: undocumented; an address that is not Discord's stays as it is."""
    given = call.fields["attachment_urls"]
    if not isinstance(given, list) or not 1 <= len(given) <= MOST:
        raise Refusal(50035)
    return {"refreshed_urls": [{"original": each, "refreshed": _fresh(world, each)} for each in given]}


def _fresh(world: World, address: str) -> str:
    parts = address.partition("?")[0].split("/")
    folder, ids = parts[-4:-3], parts[-3:-1]
    if folder != ["attachments"] or not all(each.isdecimal() for each in ids):
        return address
    channel = world.channels.get(int(ids[0]))
    file = world.attachments.get(int(ids[1]))
    return world.cdn(channel, file) if channel and file else address


ROUTES: dict[str, Endpoint] = {"POST /attachments/refresh-urls": refresh}

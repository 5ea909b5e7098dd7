"""Web API methods of modals and the Home tab. Slack: views.*."""

import secrets
from typing import Any

from simulators.slack import events, views
from simulators.slack.method import Args, Method, Reply
from simulators.slack.refusal import Refusal, need
from simulators.slack.state import View
from simulators.slack.workspace import Workspace

MAX_STACK = 3


def keep_view(ws: Workspace, user: str, body: dict[str, Any], previous: View | None = None) -> View:
    """A new view of a person."""
    id_ = ws.world.next_id("V")
    root = previous.root_id if previous else id_
    view = View(
        id_, user, body, new_hash(), root, body.get("external_id") or "", previous.id if previous else None
    )
    ws.world.views[id_] = view
    ws.journal.changed("view", {"id": id_, "user": user})
    return view


def new_hash() -> str:
    """The hash of a view's new state."""
    return f"{secrets.randbelow(10**10)}.{secrets.token_urlsafe(6)}"


def _triggered(ws: Workspace, args: Args) -> str:
    """The person whose interaction allows to open a view; the trigger_id is used up."""
    need(args, "view", "trigger_id")
    user, expires = ws.triggers.pop(args["trigger_id"], ("", 0.0))
    if not user:
        raise Refusal("invalid_trigger_id")
    if ws.clock() > expires:
        raise Refusal("expired_trigger_id")
    return user


def open_view(ws: Workspace, args: Args) -> Reply:
    """Slack: views.open."""
    user = _triggered(ws, args)
    return {"view": events.view_fields(ws.world, keep_view(ws, user, views.checked(args["view"])))}


def push(ws: Workspace, args: Args) -> Reply:
    """Slack: views.push."""
    user = _triggered(ws, args)
    stack = [view for view in ws.world.views.values() if view.user == user and not view.closed]
    if not stack:
        raise Refusal("not_found")
    if len(stack) >= MAX_STACK:
        raise Refusal("push_limit_reached")
    return {"view": events.view_fields(ws.world, keep_view(ws, user, views.checked(args["view"]), stack[-1]))}


def update(ws: Workspace, args: Args) -> Reply:
    """Slack: views.update, by view_id or external_id; an outdated `hash` is refused."""
    need(args, "view")
    view = ws.world.views.get(str(args.get("view_id") or ""))
    named = [v for v in ws.world.views.values() if v.external_id and v.external_id == args.get("external_id")]
    view = view or (named[0] if named else None)
    if view is None or view.closed:
        raise Refusal("not_found")
    if args.get("hash") not in (None, view.hash):
        raise Refusal("hash_conflict")
    view.body, view.hash = views.checked(args["view"], ("modal", "home")), new_hash()
    ws.journal.changed("view", {"id": view.id, "user": view.user})
    return {"view": events.view_fields(ws.world, view)}


def publish(ws: Workspace, args: Args) -> Reply:
    """Slack: views.publish: the Home tab of one person."""
    need(args, "user_id", "view")
    user = ws.world.users.get(args["user_id"])
    if user is None:
        raise Refusal("user_not_found")
    if args.get("hash") and user.home and args["hash"] != user.home["hash"]:
        raise Refusal("hash_conflict")
    view = keep_view(ws, user.id, views.checked(args["view"], ("home",)))
    view.closed = True  # not part of a modal stack
    user.home = events.view_fields(ws.world, view)
    return {"view": user.home}


METHODS = {
    "views.open": Method(open_view, "t4"),
    "views.push": Method(push, "t4"),
    "views.update": Method(update, "t4"),
    "views.publish": Method(publish, "t4"),
}

"""Streams by the simplest possible reader, to judge ours by: whole blocks, plain JSON, no types of ours."""

import json


def plain(body):
    """The events of a stream, up to where it ends; what is incomplete there is not one."""
    blocks = body.decode(errors="replace").split("\n\n")
    return [read(block[6:]) for block in blocks[:-1] if block.startswith("data: ")]


def read(text):
    try:
        return json.loads(text)
    except ValueError:
        return {"event": "malformed"}


def text_of(events):
    """Pieces put together, from the last replacement on."""
    text, spoke = "", False
    workflow = not any(event.get("message_id") for event in events)
    for event in events:
        match event["event"]:
            case "agent_message":
                text, spoke = text + event["answer"], True
            case "message" if spoke:  # a New Agent repeats the whole answer
                text = event["answer"] or text
            case "message":
                text += event["answer"]
            case "message_replace":
                text = event["answer"]
            case "text_chunk":
                text += event["data"]["text"]
            case "workflow_finished" if workflow and event["data"]["status"] == "succeeded":
                outputs = event["data"].get("outputs") or {}  # some may not have been streamed
                told = [value for value in outputs.values() if isinstance(value, str)]
                text = "\n".join(told) if told else text
            case "workflow_finished" if not text:
                text = (event["data"].get("outputs") or {}).get("answer") or ""
    return text


def verdict_of(events):
    """The first word about the end, as dify-live.md section 2 reads the transcripts."""
    statuses = {"succeeded": "complete", "partial-succeeded": "complete", "stopped": "stopped"}
    paused = "lost"
    for event in events:
        match event["event"]:
            case "message_end":
                return "complete"
            case "error":
                return "failed"
            case "workflow_paused":
                paused = "paused"  # unless it goes on
            case "workflow_finished":
                return statuses.get(event["data"]["status"], "failed")
    return paused

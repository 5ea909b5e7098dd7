"""What several journeys ask of the simulators."""


def asked(dify):
    """The questions that Dify received, oldest first."""
    return dify.journal.named("POST /chat-messages")


def stops(dify):
    return dify.journal.named("POST /chat-messages/{task_id}/stop")


def ratings(dify):
    return [
        (call.args["message_id"], call.args["user"], call.args["rating"])
        for call in dify.journal.named("POST /messages/{message_id}/feedbacks")
    ]


async def shows(chat, find, text, count=1):
    """Wait until the count-th answer that `find` gives shows the text; gives that message."""

    def found():
        mine = find()
        return len(mine) >= count and text in chat.text(mine[count - 1]) and mine[count - 1]

    return await chat.journal.wait(found)

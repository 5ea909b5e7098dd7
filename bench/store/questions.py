"""What is asked in the store's benchmark: messages as an adapter hands them to the core."""

from core.messages import Addressed, IncomingMessage, MessageRef, Person, Place

PLATFORM = "bench"
WORKSPACE = "T0BENCH0001"
APP = "support"
TEXT = "How do I change the address that my invoices are sent to, and from when on does it count? " * 2


def channel(number: int) -> str:
    """The id of a channel."""
    return f"C{number:010d}"


def thread(number: int) -> str:
    """The id of a conversation's first message."""
    return f"{1_760_000_000 + number}.000100"


def place(channel_number: int, conversation: int) -> Place:
    """A thread in a channel."""
    return Place(PLATFORM, WORKSPACE, channel(channel_number), thread(conversation))


def question(name: str, where: Place, author: str = "U0BENCH0001") -> IncomingMessage:
    """A message to us; the name is its id."""
    return IncomingMessage(
        ref=MessageRef(where.platform, where.workspace, where.channel, name),
        place=where,
        author=Person(author, "Ann Example"),
        text=TEXT,
        addressed=Addressed.MENTION,
        identity=f"{where.platform}:{where.workspace}:{where.channel}:{where.thread}",
        locale="en-US",
        facts={"channels": frozenset({where.channel}), "users": frozenset({author})},
    )

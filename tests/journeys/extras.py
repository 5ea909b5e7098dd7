"""What people do with files, steps and the small buttons, over both simulated platforms."""

from dataclasses import dataclass

from chats import MESSAGES
from shared import shows

from simulators.slack import Upload

SMALL_PRINT = "-# "


@dataclass(frozen=True)
class Sent:
    """A file that somebody sends."""

    name: str
    data: bytes
    mime: str


PICTURE = Sent("cat.png", b"\x89PNG a cat", "image/png")
REPORT = Sent("report.pdf", b"%PDF-1.4 a report", "application/pdf")
SONG = Sent("song.mp3", b"ID3 a song", "audio/mpeg")
FILM = Sent("film.mp4", b"ftyp a film", "video/mp4")
VOICE = Sent("voice.m4a", b"a voice", "audio/mp4")
OGG = Sent("voice.ogg", b"OggS a voice", "audio/ogg")


@dataclass(frozen=True)
class Posted:
    """A file that the bot posted: the message that it stands in, and the file."""

    message: object
    name: str
    data: bytes


def send(chat, text, *files):
    """Alice writes in her direct message, with files; it goes on with the conversation there."""
    if chat.name == "discord":
        return chat._say(chat.dm, chat.alice, text, attachments=_attached(chat, files))
    said = chat.server.post(chat.dm, chat.alice, text, thread_ts=chat._root, files=_uploads(files))
    chat._root = chat._root or said.ts
    return said


def mention_with(chat, person, text, *files):
    """Somebody turns to the bot in the channel, with files."""
    if chat.name == "discord":
        words = f"<@{chat.server.bot.id}> {text}"
        return chat._say(chat.channel, person, words, attachments=_attached(chat, files))
    return chat.server.post(chat.channel, person, f"{chat.server.mention} {text}", files=_uploads(files))


def _attached(chat, files):
    return [chat.server.file(file.name, file.data, file.mime) for file in files]


def _uploads(files):
    return [Upload(file.name, file.data, file.mime) for file in files]


def posted(chat):
    """The files that stand below the bot's answers, oldest first."""
    if chat.name == "slack":
        ours = [m for channel in (chat.dm, chat.channel) for m in chat._answers(channel)]
        return [Posted(m, file.name, file.data) for m in ours for file in m.files]
    ours = [m for channel in chat.server.world.channels.values() for m in chat._answers(channel)]
    return [Posted(m, file.filename, file.data) for m in ours for file in m.attachments]


def texts(chat, question=None):
    """The bot's messages that are no files: of a thread, else of the direct message."""
    ours = chat.in_dm() if question is None else chat.in_thread(question)
    return [m for m in ours if not (m.files if chat.name == "slack" else m.attachments)]


async def files_below(chat, count=1):
    """Wait until so many files stand; gives them."""
    return await chat.journal.wait(lambda: len(posted(chat)) >= count and posted(chat))


def downloads(chat):
    """How often the bot fetched a file of somebody's."""
    return len(chat.journal.named("GET /files-pri") if chat.name == "slack" else chat.server.cdn.downloads)


def downloads_of(dify):
    """The files that the bot fetched from Dify by their signed addresses."""
    return dify.journal.named("GET /files/tools/{file_id}.{extension}")


def send_pages_for_files(chat):
    """The next download gives a web page instead of the file, as to somebody who may not read it."""
    if chat.name == "slack":
        chat.server.serve_login_pages()
    else:
        chat.server.cdn.page_next()


def hold_file_replies(chat):
    """The bot's files are posted, but it is not told so."""
    if chat.name == "slack":
        return chat.hold(("files.completeUploadExternal",))
    gate = chat.server.faults.hold(f"POST {MESSAGES}", when=lambda args: bool(args.get("attachments")))
    return _One(chat.journal, gate)


class _One:
    def __init__(self, journal, gate):
        self._journal = journal
        self._gate = gate

    async def reached(self):
        await self._journal.wait(lambda: self._gate.waiting)

    def cut(self):
        self._gate.cut()


def own_text(chat, message):
    """The answer's text as somebody would copy it: without our small print."""
    if chat.name == "discord":
        lines = message.content.split("\n")
        return "\n".join(line for line in lines if not line.startswith(SMALL_PRINT)).strip()
    if message.stream is not None:
        return message.text.strip()
    blocks = [block["text"] for block in message.blocks if block["type"] == "markdown"]
    return "\n".join(blocks).strip()


def trace(chat, message):
    """What is shown of the steps now: Slack's cards or its small line, Discord's small print."""
    if chat.name == "discord":
        return "\n".join(line for line in message.content.split("\n") if line.startswith(SMALL_PRINT))
    cards = [f"{card['title']} ({card['status']})" for card in message.tasks]
    small = [e["text"] for b in message.blocks if b["type"] == "context" for e in b["elements"]]
    return "\n".join([*cards, *small])


def said_to_the_platform(chat):
    """All that the bot ever sent to the platform, in one text."""
    return repr([call.args for call in chat.journal.calls])


def title(chat, question):
    """What the thread of a question is called."""
    if chat.name == "discord":
        thread = chat.thread(question)
        return thread.name if thread else ""
    return chat.server.world.titles.get((question.channel, question.ts), "")


async def offers(chat, find, *labels, count=1):
    """Wait until the count-th message has these buttons among its own; gives the message."""

    def found():
        mine = find()
        return len(mine) >= count and set(labels) <= set(chat.buttons(mine[count - 1])) and mine[count - 1]

    return await chat.journal.wait(found)


async def whispered(chat, person, sentence):
    """Wait until only this person has been told something with the sentence in it."""
    await chat.journal.wait(lambda: any(sentence in said for said in chat.whispers(person)))


async def say_why(chat, press, rating, words):
    """Fill in the form that a press opens, and send it."""
    if chat.name == "discord":
        await chat.journal.wait(lambda: press.modal)
        return chat.server.submit(press, {"rating": [rating], "content": words})
    [view] = await chat.journal.wait(lambda: chat.server.open_views)
    return chat.server.submit(view, {"rating": rating, "content": words})


async def answered(chat, text, count=1):
    """Wait until the count-th answer in the direct message shows the text; gives it."""
    return await shows(chat, lambda: texts(chat), text, count=count)

"""What the demo's app does beside text: steps, a picture, sources, next questions; the app of #requests."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from simulators.dify.script import Answer, File, Node, Pause, Silence, Step, Tool, pieces
from simulators.dify.state import Run
from simulators.stage_picture import bars

_PICTURE = re.compile(r"picture|image|chart|draw|画像|写真|グラフ|图片|图表|画图", re.IGNORECASE)
_STEPS = re.compile(r"\bsteps?\b|ステップ|步骤", re.IGNORECASE)
_SOURCES = re.compile(r"\bsources?\b|come from|出典|来源", re.IGNORECASE)
_APPROVE = re.compile(r"approv|permi|承認|批准|审批", re.IGNORECASE)
_PAUSE = 0.7  # seconds that a step takes, so that one sees it

TOOLS = {
    "en": ("Search the handbook", "Read the page", "Draw a chart"),
    "ja": ("手引きを検索", "ページを読む", "グラフを描く"),
    "zh": ("搜索手册", "阅读页面", "绘制图表"),
}
SUGGESTED = 3
NEXT: dict[str, dict[str, Sequence[str]]] = {
    "password": {
        "en": (
            "What if no mail arrives?",
            "Show me a picture and your steps",
            "How does a refund work?",
            "Give me a long answer",
        ),
        "ja": (
            "メールが届かないときは?",
            "ステップと画像を見せて",
            "返金はどうなりますか?",
            "長い答えをください",
        ),
        "zh": ("没有收到邮件怎么办?", "给我看步骤和图片", "退款需要多长时间?", "请给我一个长的回答"),
    },
    "refund": {
        "en": (
            "How long does it take by card?",
            "Where do your answers come from?",
            "Give me a long answer",
            "Show me a picture and your steps",
        ),
        "ja": ("カードの場合は何日?", "回答の出典は?", "長い答えをください"),
        "zh": ("银行卡需要几天?", "你的回答来源是什么?", "请给我一个长的回答"),
    },
    "demo": {
        "en": (
            "Show me a picture and your steps",
            "Where do your answers come from?",
            "Give me a long answer",
            "How does a refund work?",
        ),
        "ja": ("ステップと画像を見せて", "回答の出典は?", "長い答えをください", "返金はどうなりますか?"),
        "zh": ("给我看步骤和图片", "你的回答来源是什么?", "请给我一个长的回答", "退款需要多长时间?"),
    },
}
OPENING = "Hello! I am the demo's support app. Ask me about passwords or refunds, or begin with one of these."
STARTERS = (
    "How do I reset my password?",
    "Show me a picture and your steps",
    "Where do your answers come from?",
    "Give me a long answer with code",
)
DOCUMENTS = ("Handbook: accounts.md", "Handbook: orders.md")
REQUEST_FORM: Sequence[dict[str, dict[str, Any]]] = (
    {"text-input": {"variable": "name", "label": "Your name", "required": True, "max_length": 60}},
    {
        "select": {
            "variable": "team",
            "label": "Team",
            "required": True,
            "options": ["Support", "Sales", "Finance"],
        }
    },
    {"checkbox": {"variable": "urgent", "label": "It is urgent", "required": False}},
)


def steps_before(question: str, lang: str) -> list[Step]:
    """The tools that are used before an answer, where the question asks to see some."""
    search, read, draw = TOOLS[lang]
    wanted = [search, read] if _STEPS.search(question) else []
    wanted += [draw] if _PICTURE.search(question) else []
    found: list[Step] = []
    for number, title in enumerate(wanted, 1):
        labels = {f"tool{number}": {"en_US": title, "ja_JP": title, "zh_Hans": title}}
        found += [Tool(f"tool{number}", labels=labels), Silence(seconds=_PAUSE)]
    return found


def received(run: Run) -> list[str]:
    """A line for each file that came with the question."""
    return [f"I got your file `{file.name}`, {len(file.data):,} bytes.\n\n" for file in run.files]


def pictures(question: str) -> list[Step]:
    """The file that the app makes, where the question asks for one."""
    return [File(bars(), name="chart.png")] if _PICTURE.search(question) else []


def sources(question: str) -> list[dict[str, Any]]:
    """The documents that an answer rests on, where the question asks for them."""
    return [
        {
            "position": number,
            "document_id": f"document-{number}",
            "document_name": name,
            "dataset_name": "Handbook",
            "score": 0.9,
            "content": "",
        }
        for number, name in enumerate(DOCUMENTS if _SOURCES.search(question) else (), 1)
    ]


def then_suggest(run: Run, steps: Sequence[Step], about: str, lang: str) -> Iterator[Step]:
    """The steps; at their end the app has the next questions ready that fit."""
    yield from steps
    asked = run.query.strip().casefold()
    run.app.suggestions = [each for each in NEXT[about][lang] if each.casefold() != asked][:SUGGESTED]


def request(run: Run) -> Answer:
    """The script of the app of #requests: a chatflow with a form, which asks a person to decide."""
    return Answer(_approval(run) if _APPROVE.search(run.query) else _noted(run))


def _noted(run: Run) -> Iterator[Step]:
    yield Node("Look at the form", "tool")
    yield Silence(seconds=_PAUSE)
    yield Node("Write the answer")
    given = run.inputs
    yield from pieces(
        f"Thank you, **{given.get('name')}** of {given.get('team')}. I noted your request"
        f"{' as urgent' if given.get('urgent') else ''}:\n\n> {' '.join(run.query.split())}\n\n"
        "Write **approve** in this thread, and I ask for a decision with two buttons."
    )


def _approval(run: Run) -> Iterator[Step]:
    yield Node("Check the budget", "tool")
    yield Silence(seconds=_PAUSE)
    yield Node("Write the answer")
    yield from pieces("The budget allows it. ")
    yield Pause(
        title="Approval",
        content=f"Shall the request of **{run.inputs.get('name')}** go ahead?\n\n{{{{#$output.note#}}}}",
    )
    yield Node("Write the answer")
    form = run.form
    decided = "approved" if form is not None and form.action == "approve" else "rejected"
    note = str(form.inputs.get("note") or "") if form is not None else ""
    yield from pieces(f"The request is **{decided}**." + (f" The note says: “{note}”" if note else ""))

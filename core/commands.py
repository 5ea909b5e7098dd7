"""The commands that a platform can offer beside messages: their names, and what they do, for its menus."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command. `described` is at most 100 characters, by language (en, ja, zh)."""

    name: str
    described: Mapping[str, str]
    argument: Mapping[str, str] = field(default_factory=dict)  # what may stand behind it; none: nothing
    needed: bool = False  # the argument


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "ask",
        {"en": "Ask the app a question", "ja": "アプリに質問します", "zh": "向应用提问"},
        {"en": "Your question", "ja": "質問", "zh": "您的问题"},
        needed=True,
    ),
    CommandSpec(
        "new", {"en": "Start a new topic here", "ja": "新しい話題を始めます", "zh": "在这里开始新话题"}
    ),
    CommandSpec("stop", {"en": "Stop the answer to your question", "ja": "回答を止めます", "zh": "停止回答"}),
    CommandSpec(
        "setup",
        {
            "en": "Fill in what the app wants to know",
            "ja": "アプリが必要とする項目を入力します",
            "zh": "填写应用需要的信息",
        },
    ),
    CommandSpec(
        "history",
        {
            "en": "Your conversations, and what was said in them",
            "ja": "これまでの会話とその内容",
            "zh": "您的会话记录及其内容",
        },
        {
            "en": "page N, show N, switch N, rename N TITLE, name N or delete N",
            "ja": "page N、show N、switch N、rename N 題名、name N、delete N",
            "zh": "page N、show N、switch N、rename N 标题、name N、delete N",
        },
    ),
    CommandSpec(
        "forget",
        {
            "en": "Delete this conversation, here and in Dify",
            "ja": "この会話をここと Dify から削除します",
            "zh": "删除此会话(包括 Dify 中的)",
        },
    ),
    CommandSpec(
        "variables",
        {
            "en": "For admins: the conversation's variables",
            "ja": "管理者用: 会話変数",
            "zh": "管理员:会话变量",
        },
        {"en": "NAME=VALUE to set one", "ja": "NAME=VALUE で設定", "zh": "NAME=VALUE 进行设置"},
    ),
    CommandSpec(
        "runs",
        {
            "en": "For admins: the app's latest workflow runs",
            "ja": "管理者用: 最近のワークフロー実行",
            "zh": "管理员:最近的工作流运行",
        },
    ),
    CommandSpec("help", {"en": "What I can do", "ja": "使い方", "zh": "使用说明"}),
)

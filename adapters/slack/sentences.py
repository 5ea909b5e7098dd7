"""What the adapter itself says to people, in their language; in all of them where it is not known."""

from collections.abc import Mapping

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "again": {
        "en": "That took too long. Please try again.",
        "ja": "時間がかかりすぎました。もう一度お試しください。",
        "zh": "等待时间过长,请再试一次。",
    },
    "no_form": {
        "en": "Slack can't show this form. Please tell whoever runs this app.",
        "ja": "Slack でこのフォームを表示できません。このアプリの管理者にお知らせください。",
        "zh": "Slack 无法显示此表单,请告知此应用的管理员。",
    },
    "invite": {
        "en": "I can't write in this channel: invite me first (/invite), then ask again.",
        "ja": "このチャンネルには書き込めません。先に私を招待して(/invite)、もう一度質問してください。",
        "zh": "我无法在此频道发言:请先邀请我(/invite),然后再提问。",
    },
    "refused": {
        "en": "Slack does not let me write here.",
        "ja": "Slack がここへの書き込みを許可していません。",
        "zh": "Slack 不允许我在这里发言。",
    },
    "prompts": {"en": "Try asking", "ja": "質問の例", "zh": "试着问问"},
    "yes": {"en": "Yes", "ja": "はい", "zh": "是"},
    "cancel": {"en": "Cancel", "ja": "キャンセル", "zh": "取消"},
}


def say(name: str, locale: str) -> str:
    """One sentence. `locale` is BCP 47."""
    sentences = _SENTENCES[name]
    return sentences.get(locale[:2].lower()) or " ".join(dict.fromkeys(sentences.values()))


def label(name: str, locale: str) -> str:
    """A word for a button or a heading: one, English where the language is not known."""
    words = _SENTENCES[name]
    return words.get(locale[:2].lower()) or words["en"]

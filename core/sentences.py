"""Every sentence that we say to a user, in English, Japanese and Chinese."""
# ruff: noqa: E501 (a sentence stands in one piece, so that a translator sees it whole)

import re

from core.phrases import PHRASES
from core.phrases_annotations import PHRASES as ANNOTATION_PHRASES
from core.phrases_files import PHRASES as FILE_PHRASES

LANGUAGES = ("en", "ja", "zh")
CATALOGUE: dict[str, dict[str, str]] = PHRASES | FILE_PHRASES | ANNOTATION_PHRASES | {
    "help": {
        "en": "Ask me anything, I pass it on to **{app}**. Say `new` to start a new topic, `stop` to stop an answer. React to an answer with 👍 or 👎 to rate it, with 🛑 to stop it.",
        "ja": "何でも聞いてください。**{app}** に伝えます。`new`(新しい話題)で新しい話題を始め、`stop` で回答を止めます。回答に 👍 か 👎 で評価、🛑 で停止できます。",
        "zh": "有问题请直接问我,我会转给 **{app}**。说 `new`(新话题)开始新话题,`stop` 停止回答。用 👍 或 👎 评价回答,用 🛑 停止。",
    },
    "new_topic": {
        "en": "A new topic: I start afresh here.",
        "ja": "新しい話題を始めます。これまでの話は引き継ぎません。",
        "zh": "新话题:我们从头开始。",
    },
    "nothing_to_stop": {
        "en": "There is nothing to stop here.",
        "ja": "止めるものはありません。",
        "zh": "这里没有正在进行的回答。",
    },
    "stop": {"en": "Stop", "ja": "停止", "zh": "停止回答"},
    "not_yours_to_stop": {
        "en": "Only the person who asked can stop this answer.",
        "ja": "この回答を止められるのは質問した人だけです。",
        "zh": "只有提问者可以停止这个回答。",
    },
    "stopping": {
        "en": "I am stopping the answer.",
        "ja": "回答を止めます。",
        "zh": "正在停止回答。",
    },
    "empty_question": {
        "en": "I see no text in your message. Write your question next to my name, or say `help`.",
        "ja": "メッセージに文章がありません。質問を書いてください。`help` で使い方を表示します。",
        "zh": "您的消息里没有文字。请写下您的问题,或说 `help`。",
    },
    "too_long": {
        "en": "Your question has {length} characters, I can pass on {limit}. Please shorten it; I passed on nothing.",
        "ja": "質問は {length} 文字ですが、送れるのは {limit} 文字までです。短くしてください。まだ何も送っていません。",
        "zh": "您的问题有 {length} 个字符,最多可转发 {limit} 个。请缩短;目前没有转发任何内容。",
    },
    "no_route": {
        "en": "No app is set up for this place. Ask whoever runs me to add a route for it.",
        "ja": "この場所にはアプリが設定されていません。管理者にルートの追加を頼んでください。",
        "zh": "这个地方没有设置应用。请联系管理员添加路由。",
    },
    "waiting": {
        "en": "waits for a free line…",
        "ja": "順番を待っています…",
        "zh": "正在排队等待…",
    },
    "working": {
        "en": "is thinking…",
        "ja": "考えています…",
        "zh": "正在思考…",
    },
    "stopped": {
        "en": "Stopped.",
        "ja": "停止しました。",
        "zh": "已停止。",
    },
    "sources": {
        "en": "Sources: {documents}",
        "ja": "出典: {documents}",
        "zh": "来源: {documents}",
    },
    "usage": {
        "en": "Tokens: {usage}",
        "ja": "トークン: {usage}",
        "zh": "词元: {usage}",
    },
    "memory_lost": {
        "en": "The app no longer knew our conversation, so this answer starts afresh without memory.",
        "ja": "アプリに以前の会話が残っていないため、新しい会話としてお答えしています。",
        "zh": "应用已不记得之前的对话,因此这个回答从头开始。",
    },
    "empty_answer": {
        "en": "The app gave an empty answer.",
        "ja": "アプリの回答は空でした。",
        "zh": "应用给出了空的回答。",
    },
    "paused": {
        "en": "The app waits for a person's decision, which it asks for elsewhere: in Dify, or by e-mail.",
        "ja": "アプリは人の判断を待っています。入力は Dify またはメールで行います。",
        "zh": "应用正在等待人工决定,需在 Dify 或通过邮件处理。",
    },
    "interrupted": {
        "en": "I was stopped in the middle of this answer.",
        "ja": "回答の途中で停止しました。",
        "zh": "我在回答过程中停止了。",
    },
    "retry": {"en": "Ask again", "ja": "もう一度聞く", "zh": "再问一次"},
    "resuming": {
        "en": "is fetching the rest of the answer…",
        "ja": "回答の続きを取得しています…",
        "zh": "正在取回回答的其余部分…",
    },
    "too_late": {
        "en": "This question is no longer kept. Please write it again.",
        "ja": "この質問はもう保存されていません。もう一度書いてください。",
        "zh": "这个问题已不再保存。请重新输入。",
    },
    "answer_lost": {
        "en": "The connection to the app broke off in the middle of the answer. Please ask again.",
        "ja": "回答の途中でアプリとの接続が切れました。もう一度質問してください。",
        "zh": "回答过程中与应用的连接中断了。请再问一次。",
    },
    "dify_unreachable": {
        "en": "I can't reach the app at the moment. Please try again later.",
        "ja": "現在アプリに接続できません。しばらくしてからもう一度お試しください。",
        "zh": "目前无法连接到应用。请稍后再试。",
    },
    "dify_busy": {
        "en": "The app is answering too many others at the moment. Please try again in a minute.",
        "ja": "アプリが混み合っています。少し待ってからもう一度お試しください。",
        "zh": "应用目前太忙。请稍等一分钟再试。",
    },
    "dify_failed": {
        "en": "The app failed while answering. You can ask again; if it stays so, tell whoever runs it.",
        "ja": "アプリでエラーが起きました。もう一度質問できます。続く場合は管理者に知らせてください。",
        "zh": "应用在回答时出错。您可以再问一次;如果一直如此,请告诉管理员。",
    },
    "model_failed": {
        "en": "The app's language model failed. You can ask again.",
        "ja": "アプリの言語モデルでエラーが起きました。もう一度質問できます。",
        "zh": "应用的语言模型出错了。您可以再问一次。",
    },
    "model_unavailable": {
        "en": "The app's language model is not available. Whoever runs the app has to look at it.",
        "ja": "アプリの言語モデルが利用できません。管理者の確認が必要です。",
        "zh": "应用的语言模型不可用。需要管理员处理。",
    },
    "quota_exceeded": {
        "en": "The app's quota is used up. Whoever runs the app has to look at it.",
        "ja": "アプリの利用枠を使い切りました。管理者の確認が必要です。",
        "zh": "应用的配额已用完。需要管理员处理。",
    },
    "app_unavailable": {
        "en": "The app is not available: it may be unpublished or switched off.",
        "ja": "アプリは利用できません。公開されていないか、停止されている可能性があります。",
        "zh": "应用不可用:可能未发布或已关闭。",
    },
    "app_misconfigured": {
        "en": "The app is not set up rightly here. Whoever runs me has to look at it.",
        "ja": "アプリの設定に誤りがあります。管理者の確認が必要です。",
        "zh": "应用在这里的设置不正确。需要管理员处理。",
    },
    "kind_unsupported": {
        "en": "This app has no text input that a question could go into. Whoever runs it has to look at it.",
        "ja": "このアプリには質問を入れるテキスト入力がありません。管理者の確認が必要です。",
        "zh": "这个应用没有可以放入问题的文本输入。需要管理员处理。",
    },
    "not_accepted": {
        "en": "The app did not accept the question. Whoever runs the app can find the reason in its log.",
        "ja": "アプリが質問を受け付けませんでした。理由は管理者がログで確認できます。",
        "zh": "应用没有接受这个问题。管理员可以在日志中找到原因。",
    },
    "inputs_refused": {
        "en": "The app needs something else first: a value of its form is missing, or is not as it must be.",
        "ja": "アプリのフォームに未入力の項目、または正しくない値があります。",
        "zh": "应用的表单中有缺失或不符合要求的值。",
    },
    "model_busy": {
        "en": "The app's language model is asked too much at the moment. Please try again in a minute.",
        "ja": "アプリの言語モデルが混み合っています。少し待ってからもう一度お試しください。",
        "zh": "应用的语言模型目前请求过多。请稍等一分钟再试。",
    },
    "file_refused": {
        "en": "The app did not take a file.",
        "ja": "アプリがファイルを受け付けませんでした。",
        "zh": "应用没有接受文件。",
    },
    "file_over_limit": {
        "en": "A file is larger than the app takes.",
        "ja": "ファイルがアプリの上限サイズを超えています。",
        "zh": "文件超过了应用的大小限制。",
    },
    "file_type_refused": {
        "en": "The app does not take files of this type.",
        "ja": "この種類のファイルはアプリで使えません。",
        "zh": "应用不接受这种类型的文件。",
    },
    "files_unavailable": {
        "en": "The app can't store files at the moment.",
        "ja": "現在アプリはファイルを保存できません。",
        "zh": "应用目前无法保存文件。",
    },
    "voice_refused": {
        "en": "The app can't listen to this recording. Please write instead.",
        "ja": "アプリはこの録音を聞き取れません。文章で書いてください。",
        "zh": "应用无法听取这段录音。请改用文字。",
    },
    "voice_off": {
        "en": "The app does not listen to recordings. Please write instead.",
        "ja": "アプリは音声に対応していません。文章で書いてください。",
        "zh": "应用不支持语音。请改用文字。",
    },
    "speech_off": {
        "en": "The app does not read answers aloud.",
        "ja": "アプリは読み上げに対応していません。",
        "zh": "应用不支持朗读。",
    },
    "form_closed": {
        "en": "Somebody has decided this before.",
        "ja": "すでに回答されています。",
        "zh": "这已经有人决定了。",
    },
    "form_expired": {
        "en": "It is too late to decide this.",
        "ja": "回答の期限が過ぎました。",
        "zh": "决定的期限已过。",
    },
    "form_incomplete": {
        "en": "Something that the form asks for is missing.",
        "ja": "フォームに未入力の項目があります。",
        "zh": "表单中有未填写的内容。",
    },
    "dify_too_old": {
        "en": "The app's server is too old for this.",
        "ja": "アプリのサーバーが古いため、この操作はできません。",
        "zh": "应用的服务器版本太旧,无法这样做。",
    },
    "internal": {
        "en": "Something went wrong on my side. Please ask again; if it stays so, tell whoever runs me.",
        "ja": "こちらで問題が起きました。もう一度質問してください。続く場合は管理者に知らせてください。",
        "zh": "我这边出了问题。请再问一次;如果一直如此,请告诉管理员。",
    },
}  # fmt: skip
_KANA = re.compile(r"[\u3040-\u30ff\uff66-\uff9d]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def language(text: str, locale: str = "") -> str:
    """The language to speak: the script of what was written, else the locale, else English."""
    if _KANA.search(text):
        return "ja"
    known = locale[:2].lower()
    if _HAN.search(text):
        return known if known in {"ja", "zh"} else "zh"
    return known if known in {"ja", "zh"} else "en"


def say(sentence: str, lang: str, **values: object) -> str:
    """The sentence in the language, with its values put in."""
    texts = CATALOGUE[sentence]
    return texts.get(lang, texts["en"]).format(**values)

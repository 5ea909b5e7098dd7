"""What is said about files: those that people send, and those that apps make."""
# ruff: noqa: E501 (a sentence stands in one piece, so that a translator sees it whole)

from collections.abc import Mapping

PHRASES: dict[str, dict[str, str]] = {
    "files_off": {
        "en": "The app takes no files here, so it did not see yours. Please write what it should know.",
        "ja": "このアプリはファイルを受け取れないため、添付は渡していません。内容を文章で書いてください。",
        "zh": "此应用不接受文件,因此没有看到您的文件。请用文字写出内容。",
    },
    "file_type": {
        "en": "I did not pass on {name}: the app takes {types}.",
        "ja": "{name} は渡していません。アプリで使えるのは {types} です。",
        "zh": "没有转发 {name}:应用接受的是 {types}。",
    },
    "uploads_off": {
        "en": "I did not pass on {name}: the app takes no uploaded files.",
        "ja": "{name} は渡していません。このアプリはアップロードを受け付けません。",
        "zh": "没有转发 {name}:此应用不接受上传的文件。",
    },
    "file_as_link": {
        "en": "I did not pass on {name}: the app takes no uploaded files. Please write a link to it that everybody can open.",
        "ja": "{name} は渡していません。アップロードは使えないため、誰でも開けるリンクを書いてください。",
        "zh": "没有转发 {name}:此应用不接受上传的文件。请写出任何人都能打开的链接。",
    },
    "link_not_opened": {
        "en": "The app could not open a link. If your question has one, check that everybody can open it, or send the file itself.",
        "ja": "アプリがリンクを開けませんでした。質問にリンクがある場合は、誰でも開けるか確かめるか、ファイルを直接送ってください。",
        "zh": "应用无法打开某个链接。如果您的问题中有链接,请确认任何人都能打开,或直接发送文件。",
    },
    "link_in_doubt": {
        "en": "The app was given a link to {name}: check that everybody can open it, or send the file itself.",
        "ja": "アプリには {name} へのリンクを渡しました。誰でも開けるか確かめるか、ファイルを直接送ってください。",
        "zh": "已将指向 {name} 的链接交给应用:请确认任何人都能打开,或直接发送文件。",
    },
    "file_size": {
        "en": "I did not pass on {name}: it may have {limit} MB at most. Please send a smaller one.",
        "ja": "{name} は渡していません。上限は {limit} MB です。小さくして送り直してください。",
        "zh": "没有转发 {name}:最大 {limit} MB。请发送更小的文件。",
    },
    "files_cut": {
        "en": "The app takes {limit} files at once, so I left out {count}. Please send the others with your next message.",
        "ja": "一度に渡せるファイルは {limit} 個までなので、{count} 個は渡していません。残りは次のメッセージで送ってください。",
        "zh": "一次最多 {limit} 个文件,有 {count} 个没有转发。请在下一条消息中发送其余的。",
    },
    "file_failed": {
        "en": "I could not pass on {name}. Please send it again.",
        "ja": "{name} を渡せませんでした。もう一度送ってください。",
        "zh": "无法转发 {name}。请重新发送。",
    },
    "file_refused_by_app": {
        "en": "The app did not take {name}. Please send it in another format, or write what matters in it.",
        "ja": "アプリが {name} を受け付けませんでした。別の形式で送るか、要点を文章で書いてください。",
        "zh": "应用没有接受 {name}。请换一种格式发送,或写出其中的要点。",
    },
    "voice_format": {
        "en": "The app can't listen to {name}: it takes MP3, M4A, WAV or AMR. Please send such a file, or write instead.",
        "ja": "アプリは {name} を聞き取れません。使えるのは MP3・M4A・WAV・AMR です。変換するか、文章で書いてください。",
        "zh": "应用无法听取 {name}:它接受 MP3、M4A、WAV 或 AMR。请发送这类文件,或改用文字。",
    },
    "voice_too_long": {
        "en": "I could not listen to {name}: it is too long. Please send a shorter recording, or write instead.",
        "ja": "{name} は長すぎて聞き取れませんでした。短くして送り直すか、文章で書いてください。",
        "zh": "{name} 太长,无法听取。请发送更短的录音,或改用文字。",
    },
    "heard": {"en": "I heard: “{text}”", "ja": "聞き取った内容:「{text}」", "zh": "我听到的是:“{text}”"},
    "form_link": {"en": "{label} (link)", "ja": "{label}(リンク)", "zh": "{label}(链接)"},
    "form_links": {
        "en": "{label} (links, one per line)",
        "ja": "{label}(リンク、1行に1つ)",
        "zh": "{label}(链接,每行一个)",
    },
    "input_no_link": {
        "en": "Please write a link that everybody can open, such as https://example.com/plan.pdf",
        "ja": "https://example.com/plan.pdf のような、誰でも開けるリンクを入力してください。",
        "zh": "请输入任何人都能打开的链接,例如 https://example.com/plan.pdf",
    },
    "default_query": {
        "en": "Please look at the attached files.",
        "ja": "添付したファイルを見てください。",
        "zh": "请查看附件。",
    },
    "only_files": {
        "en": "Your message has no text, and I could not pass on what came with it. Please write your question too.",
        "ja": "メッセージに文章がなく、添付も渡せませんでした。質問も書いてください。",
        "zh": "您的消息没有文字,附件也无法转发。请同时写下您的问题。",
    },
    "file_not_shown": {
        "en": "The app made {name}, but I could not post it here. Please ask for it again.",
        "ja": "アプリが {name} を作成しましたが、ここに投稿できませんでした。もう一度頼んでください。",
        "zh": "应用生成了 {name},但无法发到这里。请再要求一次。",
    },
    "file_over_post": {
        "en": "The app made {name}, but only files up to {limit} MB can be posted here. Please ask for a smaller one.",
        "ja": "アプリが {name} を作成しましたが、ここに投稿できるのは {limit} MB までです。小さくするよう頼んでください。",
        "zh": "应用生成了 {name},但这里只能发送 {limit} MB 以内的文件。请要求更小的文件。",
    },
    "file_elsewhere": {
        "en": "The app points to a file elsewhere: {name} {url}",
        "ja": "アプリが別の場所にあるファイルを示しています: {name} {url}",
        "zh": "应用指向别处的一个文件:{name} {url}",
    },
}  # fmt: skip

KINDS: dict[str, dict[str, str]] = {
    "image": {"en": "images", "ja": "画像", "zh": "图片"},
    "document": {"en": "documents", "ja": "文書", "zh": "文档"},
    "audio": {"en": "audio", "ja": "音声", "zh": "音频"},
    "video": {"en": "video", "ja": "動画", "zh": "视频"},
}


def kinds_in(lang: str) -> Mapping[str, str]:
    """Dify's types of files, in words of a language."""
    return {kind: words.get(lang, words["en"]) for kind, words in KINDS.items()}

"""What is said beside answers: forms, commands, decisions, small buttons."""
# ruff: noqa: E501 (a sentence stands in one piece, so that a translator sees it whole)

PHRASES: dict[str, dict[str, str]] = {
    "setup_needed": {
        "en": "Before I can ask {app}, it wants to know: {names}. Press the button to fill that in; your question waits.",
        "ja": "{app} に質問する前に、次の入力が必要です: {names}。ボタンを押して入力してください。質問はそのまま待っています。",
        "zh": "在询问 {app} 之前,需要先填写:{names}。请按按钮填写;您的问题会保留。",
    },
    "setup_open": {"en": "Fill in", "ja": "入力する", "zh": "填写"},
    "setup_kept": {
        "en": "Kept. I use it for every question here.",
        "ja": "保存しました。ここでの質問すべてに使います。",
        "zh": "已保存。这里的每个问题都会使用它。",
    },
    "setup_nothing": {
        "en": "{app} wants to know nothing beforehand.",
        "ja": "{app} に事前の入力は必要ありません。",
        "zh": "{app} 不需要事先填写任何内容。",
    },
    "input_required": {"en": "Please fill this in.", "ja": "入力してください。", "zh": "请填写此项。"},
    "input_too_long": {
        "en": "This has {length} characters; {limit} are possible.",
        "ja": "{length} 文字あります。{limit} 文字までにしてください。",
        "zh": "现有 {length} 个字符,最多 {limit} 个。",
    },
    "input_too_many_files": {
        "en": "These are {length} files; {limit} are possible.",
        "ja": "ファイルが {length} 個あります。{limit} 個までにしてください。",
        "zh": "现有 {length} 个文件,最多 {limit} 个。",
    },
    "input_no_number": {
        "en": "Please write a number, such as 3 or 2.5.",
        "ja": "3 や 2.5 のような数字を入力してください。",
        "zh": "请输入数字,例如 3 或 2.5。",
    },
    "input_no_option": {
        "en": "Please choose one of these: {options}",
        "ja": "次から選んでください: {options}",
        "zh": "请从以下选项中选择:{options}",
    },
    "input_no_file": {"en": "Please add a file.", "ja": "ファイルを追加してください。", "zh": "请添加文件。"},
    "input_not_accepted": {
        "en": "The app does not take this value.",
        "ja": "この値はアプリで使えません。",
        "zh": "应用不接受此值。",
    },
    "form_send": {"en": "Send", "ja": "送信", "zh": "发送"},
    "form_next": {"en": "Next", "ja": "次へ", "zh": "下一步"},
    "decide": {
        "en": "The app waits for a decision.",
        "ja": "アプリは判断を待っています。",
        "zh": "应用正在等待决定。",
    },
    "decision_not_yours": {
        "en": "You can't decide this: whoever asked, or whoever runs me, can.",
        "ja": "これを決められるのは、質問した人または管理者だけです。",
        "zh": "您不能决定这件事:只有提问者或管理员可以。",
    },
    "not_asked": {
        "en": "I can't write here, so I could not ask this.",
        "ja": "ここに書き込めないため、質問できませんでした。",
        "zh": "我无法在这里发言,因此没能提出这个问题。",
    },
    "aloud": {"en": "🔊 Read aloud", "ja": "🔊 読み上げ", "zh": "🔊 朗读"},
    "speaking": {
        "en": "I am having it read; the recording comes here in a moment.",
        "ja": "読み上げを用意しています。まもなくここに届きます。",
        "zh": "正在生成朗读,稍后发到这里。",
    },
    "nothing_to_speak": {
        "en": "There is nothing to read aloud.",
        "ja": "読み上げる内容がありません。",
        "zh": "没有可朗读的内容。",
    },
    "reason": {"en": "💬 Feedback", "ja": "💬 フィードバック", "zh": "💬 反馈"},
    "rating": {"en": "Was the answer helpful?", "ja": "回答は役に立ちましたか", "zh": "回答有帮助吗?"},
    "rating_like": {"en": "👍 Yes", "ja": "👍 はい", "zh": "👍 有"},
    "rating_dislike": {"en": "👎 No", "ja": "👎 いいえ", "zh": "👎 没有"},
    "rating_why": {"en": "Why?", "ja": "理由", "zh": "原因"},
    "thanks": {"en": "Thank you, I passed it on.", "ja": "ありがとうございます。伝えました。", "zh": "谢谢,已转达。"},
    "admins_only": {
        "en": "Only those whom the configuration names under `admins` can do this.",
        "ja": "この操作は、設定の `admins` にある人だけができます。",
        "zh": "只有配置中 `admins` 列出的人可以这样做。",
    },
    "no_memory": {
        "en": "{app} answers each question by itself: it has no conversations.",
        "ja": "{app} は質問ごとに答えるため、会話の記録はありません。",
        "zh": "{app} 单独回答每个问题:没有会话记录。",
    },
    "nothing_here": {
        "en": "There is no conversation here. In a channel, each mention of me begins one of its own.",
        "ja": "ここに会話はありません。チャンネルでは、メンションごとに新しい会話が始まります。",
        "zh": "这里没有会话。在频道中,每次提及我都会开始一个新的会话。",
    },
    "history_empty": {
        "en": "There are no conversations yet.",
        "ja": "まだ会話はありません。",
        "zh": "还没有会话。",
    },
    "history_how": {
        "en": "The same command with `show N` tells what was said in one of them, with `switch N` goes on with it, with `rename N TITLE` gives it that name, with `name N` Dify finds one, with `delete N` it is deleted.",
        "ja": "同じコマンドに `show N` を付けるとその会話の内容、`switch N` で続き、`rename N 題名` で改名、`name N` で自動命名、`delete N` で削除です。",
        "zh": "在同一命令后加 `show N` 查看会话内容,`switch N` 继续该会话,`rename N 标题` 重命名,`name N` 自动命名,`delete N` 删除。",
    },
    "history_more": {
        "en": "What is older: the same command with `{command}`.",
        "ja": "さらに前のものは、同じコマンドに `{command}` を付けてください。",
        "zh": "更早的内容:在同一命令后加 `{command}`。",
    },
    "history_older": {"en": "Older", "ja": "古いもの", "zh": "较早的"},
    "history_newer": {"en": "Newer", "ja": "新しいもの", "zh": "较新的"},
    "history_gone": {
        "en": "This conversation does not exist any more.",
        "ja": "この会話はもうありません。",
        "zh": "此会话已不存在。",
    },
    "history_nothing_said": {
        "en": "Nothing was said in this conversation yet.",
        "ja": "この会話にはまだ発言がありません。",
        "zh": "此会话中还没有内容。",
    },
    "history_no_answer": {
        "en": "(no answer was kept)",
        "ja": "(回答は残っていません)",
        "zh": "(没有保存回答)",
    },
    "history_number": {
        "en": "Say which one by its number in the list, 1 to {most}.",
        "ja": "一覧の番号(1~{most})で指定してください。",
        "zh": "请用列表中的编号(1 到 {most})指定。",
    },
    "history_title": {
        "en": "Write the new title behind the number.",
        "ja": "番号のあとに新しい題名を書いてください。",
        "zh": "请在编号后写上新标题。",
    },
    "history_switched": {
        "en": "We go on with “{title}” here.",
        "ja": "ここでは「{title}」の続きを話します。",
        "zh": "在这里继续“{title}”。",
    },
    "history_named": {"en": "It is called “{title}” now.", "ja": "「{title}」という名前にしました。", "zh": "现在名为“{title}”。"},
    "history_deleted": {
        "en": "The conversation is deleted.",
        "ja": "会話を削除しました。",
        "zh": "会话已删除。",
    },
    "history_delete": {
        "en": "Delete “{title}”? That can't be undone.",
        "ja": "「{title}」を削除しますか?元に戻せません。",
        "zh": "要删除“{title}”吗?此操作无法撤销。",
    },
    "history_sure": {"en": "Delete", "ja": "削除する", "zh": "删除"},
    "forgetting": {
        "en": "I am deleting this conversation; it takes a little while.",
        "ja": "この会話を削除しています。少し時間がかかります。",
        "zh": "正在删除此会话,需要一点时间。",
    },
    "forget_shared": {
        "en": "Others talked here too: only an admin can delete this conversation.",
        "ja": "ほかの人も話しているため、この会話を削除できるのは管理者だけです。",
        "zh": "还有其他人在这里交谈:只有管理员可以删除此会话。",
    },
    "forgotten": {
        "en": "This conversation is deleted, here and in Dify. The messages in the chat stay until you delete them.",
        "ja": "この会話をここと Dify から削除しました。チャットのメッセージは、ご自分で削除するまで残ります。",
        "zh": "此会话已在这里和 Dify 中删除。聊天中的消息会保留,直到您删除它们。",
    },
    "no_variables": {
        "en": "The conversation has no variables.",
        "ja": "会話変数はありません。",
        "zh": "此会话没有变量。",
    },
    "variable_unknown": {
        "en": "There is no such variable. These exist: {names}",
        "ja": "その変数はありません。使えるもの: {names}",
        "zh": "没有这个变量。可用的有:{names}",
    },
    "no_runs": {
        "en": "The app has no workflow runs in its log.",
        "ja": "ワークフローの実行記録はありません。",
        "zh": "没有工作流运行记录。",
    },
    "never_runs": {
        "en": "{app} has no workflow runs: it is an app of another kind.",
        "ja": "{app} はワークフローのアプリではないため、実行記録はありません。",
        "zh": "{app} 不是工作流应用,没有运行记录。",
    },
}  # fmt: skip

"""The demo app's knowledge in English, Japanese and Chinese, as data."""
# ruff: noqa: E501 (a sentence stands in one piece, so that a translator sees it whole)

from typing import Any

WORDS = {
    "password": "password|log ?in|sign ?in|パスワード|ログイン|密码|登录",
    "refund": "refund|money|invoice|order|返金|払い戻し|注文|退款|发票|订单",
}

MEMORY = {
    "en": "This is question {turn} of our conversation; it began with “{first}”, and I still know that.",
    "ja": "これはこの会話の {turn} 番目の質問です。最初の質問は「{first}」でしたね。覚えています。",
    "zh": "这是我们对话中的第 {turn} 个问题;对话从“{first}”开始,我还记得。",
}

TOPICS: dict[str, dict[str, dict[str, Any]]] = {
    "password": {
        "en": {
            "heading": "Reset your password",
            "lead": "You can do it yourself, it takes about **two minutes**. You need the mail address of your account.",
            "steps": [
                "Open **Sign in** and choose *Forgot password*.",
                "Enter your mail address. The link arrives within a minute and works for 30 minutes.",
                "Choose a new password with at least 12 characters.",
            ],
            "code": "```bash\n# for administrators\nacme users reset --mail alice@example.com\n```",
            "table": [["If", "then"], ["no mail arrives", "look into the spam folder"], ["the link is too old", "ask for a new one"], ["you use single sign-on", "ask your administrator"]],
            "close": "If it still does not work, tell me what you see on the screen.",
        },
        "ja": {
            "heading": "パスワードの再設定",
            "lead": "ご自身で **2 分ほど** で再設定できます。登録したメールアドレスをご用意ください。",
            "steps": [
                "**ログイン** 画面で「パスワードを忘れた場合」を選びます。",
                "メールアドレスを入力します。リンクは 1 分以内に届き、30 分間有効です。",
                "12 文字以上の新しいパスワードを決めます。",
            ],
            "code": "```bash\n# 管理者向け\nacme users reset --mail alice@example.com\n```",
            "table": [["状況", "対処"], ["メールが届かない", "迷惑メールを確認"], ["リンクの期限切れ", "もう一度送信"], ["シングルサインオン", "管理者に連絡"]],
            "close": "うまくいかないときは、画面に何が表示されているか教えてください。",
        },
        "zh": {
            "heading": "重置密码",
            "lead": "您可以自己完成,大约需要 **两分钟**。请准备好账户的邮箱地址。",
            "steps": [
                "打开 **登录** 页面,选择“忘记密码”。",
                "输入邮箱地址。链接会在一分钟内送达,30 分钟内有效。",
                "设置一个至少 12 个字符的新密码。",
            ],
            "code": "```bash\n# 管理员使用\nacme users reset --mail alice@example.com\n```",
            "table": [["情况", "处理"], ["没有收到邮件", "查看垃圾邮件"], ["链接已过期", "重新发送"], ["使用单点登录", "联系管理员"]],
            "close": "如果还是不行,请告诉我屏幕上显示了什么。",
        },
    },
    "refund": {
        "en": {
            "heading": "How refunds work",
            "lead": "You can send anything back within **30 days**; the money returns on the way it was paid.",
            "steps": [
                "Open *Orders*, pick the order and press **Return**.",
                "Print the label, or show its code at the counter.",
                "We confirm by mail as soon as the parcel is here.",
            ],
            "code": '```json\n{ "order": "A-2041", "state": "refunded", "amount": 49.90 }\n```',
            "table": [["Paid by", "money back in"], ["card", "3–5 days"], ["bank transfer", "2 days"], ["voucher", "at once"]],
            "close": "Tell me the order number and I will look how far it is.",
        },
        "ja": {
            "heading": "返金の流れ",
            "lead": "**30 日以内** なら返品できます。お支払いと同じ方法で返金します。",
            "steps": [
                "「注文」を開き、対象の注文で **返品** を押します。",
                "ラベルを印刷するか、窓口でコードを見せます。",
                "荷物が届きしだい、メールでお知らせします。",
            ],
            "code": '```json\n{ "order": "A-2041", "state": "refunded", "amount": 4990 }\n```',
            "table": [["支払い方法", "返金まで"], ["カード", "3〜5 日"], ["銀行振込", "2 日"], ["ギフト券", "即時"]],
            "close": "注文番号を教えていただければ、状況をお調べします。",
        },
        "zh": {
            "heading": "退款流程",
            "lead": "**30 天内** 都可以退货;款项按原支付方式退回。",
            "steps": [
                "打开“订单”,选择订单并点击 **退货**。",
                "打印标签,或在柜台出示二维码。",
                "收到包裹后,我们会通过邮件确认。",
            ],
            "code": '```json\n{ "order": "A-2041", "state": "refunded", "amount": 49.90 }\n```',
            "table": [["支付方式", "退款时间"], ["银行卡", "3–5 天"], ["银行转账", "2 天"], ["礼品券", "立即"]],
            "close": "请告诉我订单号,我来查询进度。",
        },
    },
    "demo": {
        "en": {
            "heading": "What you see here",
            "lead": "I am a scripted app on this computer's **sandbox**; the bot that carries my words is the real one.",
            "steps": [
                "Your message went over the platform's own protocol to the bot.",
                "The bot asked Dify, and I began to stream this answer.",
                "While you read, the bot *edits* its message as fast as the platform allows.",
            ],
            "code": "```yaml\nroutes:\n  - {app: support}   # everywhere but in #requests\n```",
            "table": [["Try", "and see"], ["a thumb up or down", "the rating arrives at Dify"], ["the stop sign while I write", "the answer stops"], ["a long answer", "it goes on in a second message"]],
            "close": "Ask on right here: I remember what we talked about.",
        },
        "ja": {
            "heading": "ここで起きていること",
            "lead": "私はこのコンピューターの **サンドボックス** にある台本どおりのアプリです。言葉を運んでいるボットは本物です。",
            "steps": [
                "メッセージは、本物と同じ通信方式でボットに届きました。",
                "ボットが Dify に質問し、この回答が流れ始めました。",
                "読んでいる間も、ボットは許される速さでメッセージを編集しています。",
            ],
            "code": "```yaml\nroutes:\n  - {app: support}   # #requests 以外\n```",
            "table": [["試すこと", "結果"], ["高評価か低評価のリアクション", "Dify に評価が届く"], ["回答中に停止マーク", "回答が止まる"], ["長い回答", "次のメッセージに続く"]],
            "close": "続けて質問してください。これまでの話を覚えています。",
        },
        "zh": {
            "heading": "您看到的是什么",
            "lead": "我是这台电脑 **沙箱** 里按脚本回答的应用;传话的机器人是真的。",
            "steps": [
                "您的消息通过平台自己的协议到达机器人。",
                "机器人询问 Dify,这个回答开始逐字流出。",
                "您阅读时,机器人以平台允许的速度不断编辑消息。",
            ],
            "code": "```yaml\nroutes:\n  - {app: support}   # #requests 以外\n```",
            "table": [["试试", "结果"], ["点赞或点踩", "评分送到 Dify"], ["回答时按停止标志", "回答停止"], ["要求长回答", "在第二条消息中继续"]],
            "close": "请继续提问:我记得我们聊过什么。",
        },
    },
}  # fmt: skip

SECTIONS = {
    "en": {
        "Before you begin": "Take a minute to write down what you want to reach, and who will notice the change. Most trouble comes from a step that nobody was told about. A short note in the channel is enough: what happens, when, and whom to ask.",
        "While it runs": "Watch the first few results closely instead of waiting for the end. If something looks odd, stop there: what has been done stays, and nothing is done twice. You can go on later from the same place.",
        "Afterwards": "Compare the outcome with your note. Keep the log for a week, then delete it. If you had to help by hand somewhere, that place is what should be improved next.",
        "When others take over": "Say what is finished, what is open, and what you would do next. Three sentences are better than none, and a link is better than a copy that grows old.",
    },
    "ja": {
        "始める前に": "何を達成したいのか、変更に気づくのは誰かを一分だけ書き出してみましょう。多くの問題は、知らされていなかった手順から生まれます。何を、いつ、誰に聞けばよいかをチャンネルに一言書くだけで十分です。",
        "実行中は": "終わりを待つのではなく、最初のいくつかの結果をよく見てください。おかしいと思ったらそこで止めます。済んだ分は残り、二重に実行されることはありません。後で同じところから再開できます。",
        "終わったら": "結果をメモと比べます。ログは一週間保管してから削除します。手作業で助けた箇所があれば、そこが次に改善すべき点です。",
        "引き継ぐとき": "終わったこと、残っていること、次にすることを伝えます。三つの文でも、何もないよりずっと役に立ちます。",
    },
    "zh": {
        "开始之前": "花一分钟写下您想达到的目标,以及谁会注意到这个变化。大多数麻烦都来自没有人被告知的步骤。在频道里简短说明就够了:做什么、什么时候、问谁。",
        "进行之中": "仔细看最初的几个结果,不要等到最后。如果有异常,就在那里停下:已完成的会保留,不会重复执行。以后可以从同一处继续。",
        "完成之后": "把结果和笔记对照。日志保留一周,然后删除。如果有地方需要人工帮忙,那里就是下一个要改进的地方。",
        "交给别人时": "说明完成了什么、还剩什么、下一步做什么。三句话也比没有好,链接比会过时的副本好。",
    },
}

LONG_CODE = '''```python
"""Watch a directory and report what is new, oldest first."""

import time
from pathlib import Path


def found(folder: Path) -> dict[Path, float]:
    """Every file below the folder, with the time of its last change."""
    return {path: path.stat().st_mtime for path in folder.rglob("*") if path.is_file()}


def fresh(before: dict[Path, float], now: dict[Path, float]) -> list[Path]:
    """What was added or changed between two looks."""
    changed = [path for path, at in now.items() if before.get(path) != at]
    return sorted(changed, key=lambda path: now[path])


def watch(folder: Path, every: float = 2.0) -> None:
    """Print each new file, until Ctrl-C."""
    known = found(folder)
    while True:
        time.sleep(every)
        seen = found(folder)
        for path in fresh(known, seen):
            print(f"{time.strftime('%H:%M:%S')}  {path.relative_to(folder)}")
        known = seen


if __name__ == "__main__":
    watch(Path.cwd())
```'''

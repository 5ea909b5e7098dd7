"""What is said of annotations, and of an app as its web page shows it."""
# ruff: noqa: E501 (a sentence stands in one piece, so that a translator sees it whole)

PHRASES: dict[str, dict[str, str]] = {
    "annotation_kept": {
        "en": "I kept this answer in Dify as an annotation. Take your reaction away to remove it.",
        "ja": "この回答を Dify のアノテーションとして保存しました。リアクションを外すと削除されます。",
        "zh": "已将此回答作为标注保存到 Dify。取消您的表情回应即可删除。",
    },
    "annotation_taken": {
        "en": "Dify has another answer to this question as an annotation, which I left as it is.",
        "ja": "この質問には別の回答がアノテーションとして登録されているため、そのままにしました。",
        "zh": "Dify 中此问题已有另一条标注回答,我没有更改它。",
    },
    "annotation_stays": {
        "en": "It stays an annotation in Dify: it is marked more than once.",
        "ja": "ほかにも印が付いているため、Dify のアノテーションはそのまま残ります。",
        "zh": "还有其他标记,因此 Dify 中的标注会保留。",
    },
    "annotation_gone": {
        "en": "The annotation of this answer is removed from Dify.",
        "ja": "この回答のアノテーションを Dify から削除しました。",
        "zh": "已从 Dify 删除此回答的标注。",
    },
    "annotation_changed": {
        "en": "Dify has no annotation that says exactly this any more, so I removed none.",
        "ja": "この回答と同じ内容のアノテーションは Dify にないため、何も削除していません。",
        "zh": "Dify 中已没有与此完全相同的标注,因此没有删除任何内容。",
    },
    "annotation_no_answer": {
        "en": "Dify no longer has this answer, so I changed none of its annotations.",
        "ja": "この回答は Dify に残っていないため、アノテーションは変更していません。",
        "zh": "Dify 已没有此回答,因此没有更改任何标注。",
    },
    "annotation_refused": {
        "en": "Dify did not take this for its annotations. Whoever runs me can find the reason in the log.",
        "ja": "Dify がアノテーションの変更を受け付けませんでした。理由は管理者がログで確認できます。",
        "zh": "Dify 没有接受对标注的更改。管理员可以在日志中找到原因。",
    },
    "annotations_off": {
        "en": "I can't keep this: only chat, agent and chatflow apps have annotations in Dify.",
        "ja": "保存できません。Dify でアノテーションを使えるのは、チャット、エージェント、チャットフローのアプリだけです。",
        "zh": "无法保存:在 Dify 中,只有聊天、Agent 和 Chatflow 应用有标注。",
    },
    "privacy_policy": {
        "en": "Privacy policy: {url}",
        "ja": "プライバシーポリシー: {url}",
        "zh": "隐私政策: {url}",
    },
}  # fmt: skip

"""What a newcomer does on the demo's page, in a real browser, with the real bot."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.heavy]

SLACK_ANSWER = "#slack .threadpanel .message.bot"
DISCORD_ANSWER = "#discord .message.bot"

OVERFLOWS = """() => {
    const { scrollHeight, clientHeight } = document.querySelector("#discord .scroller");
    return scrollHeight > clientHeight * 1.5;
}"""
AT_END = """() => {
    const { scrollHeight, scrollTop, clientHeight } = document.querySelector("#discord .scroller");
    return scrollHeight - scrollTop - clientHeight < 2;
}"""


async def length(page, selector):
    return len(await page.inner_text(f"{selector} .body"))


async def growth(page, selector):
    """The lengths of an answer's text that could be seen while it was being written, and at its end."""
    await page.wait_for_selector(f"{selector}.is-writing")
    seen = [await length(page, selector)]
    while await page.query_selector(f"{selector}.is-writing"):
        await page.wait_for_function(
            "([selector, than]) => document.querySelector(`${selector} .body`).innerText.length > than"
            " || !document.querySelector(`${selector}.is-writing`)",
            arg=[selector, seen[-1]],
        )
        seen.append(await length(page, selector))
    return sorted(set(seen))


async def test_a_question_in_the_slack_channel_is_answered_before_ones_eyes_and_rated(page):
    await page.fill("#slack .main textarea", "How do I reset my password?")
    await page.press("#slack .main textarea", "Enter")
    lengths = await growth(page, SLACK_ANSWER)
    assert len(lengths) >= 3
    assert "Forgot password" in await page.inner_text(SLACK_ANSWER)
    assert await page.locator(f"{SLACK_ANSWER} ol > li").count() == 3
    assert await page.locator(f"{SLACK_ANSWER} table tbody tr").count() == 3
    assert "API calls" in await page.inner_text(f"{SLACK_ANSWER} .cost")
    await page.hover(SLACK_ANSWER)
    await page.click(f"{SLACK_ANSWER} .tools [data-emoji='👍']")
    await page.wait_for_selector("#dify .rating.like")
    await page.click(f"{SLACK_ANSWER} .chip[aria-pressed='true']")
    await page.wait_for_selector("#dify .rating.like", state="detached")


async def test_a_question_in_the_discord_dm_is_answered_before_ones_eyes_and_rated(page):
    await page.click("#discord .item:has-text('Parley')")
    await page.fill("#discord textarea", "How does a refund work?")
    await page.press("#discord textarea", "Enter")
    assert len(await growth(page, DISCORD_ANSWER)) >= 3
    await page.hover(DISCORD_ANSWER)
    await page.click(f"{DISCORD_ANSWER} .tools [data-emoji='👎']")
    await page.wait_for_selector("#dify .rating.dislike")


async def test_it_all_works_by_keyboard(page, demo):
    demo.stage.pace = 300
    await page.focus("#slack .suggestion >> nth=0")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#slack .threadpanel textarea:focus")  # where the talk goes on
    await page.wait_for_selector(f"{SLACK_ANSWER}:not(.is-writing)")
    await page.keyboard.type("and then?")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#slack .threadpanel .message >> nth=3")
    thumb = f"{SLACK_ANSWER} .tools [data-emoji='👍'] >> nth=0"
    await page.focus(thumb)
    await page.keyboard.press("Space")
    await page.wait_for_selector("#dify .rating.like")
    assert await page.evaluate("document.activeElement.dataset.emoji") == "👍"
    await page.focus("#slack .threadpanel .close")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#slack .main textarea:focus")


async def test_a_message_without_the_mention_is_left_alone(page, demo):
    await page.click("#slack .mention-toggle")
    await page.fill("#slack .main textarea", "Just talking")
    await page.press("#slack .main textarea", "Enter")
    await page.wait_for_selector("#slack .main .message")
    said = demo.stage.slack.world.messages("support")
    assert [message.text for message in said] == ["Just talking"]


async def test_a_growing_answer_follows_the_reader_but_never_pulls_one_back(page, demo):
    demo.stage.pace = 120
    await page.click("#discord .item:has-text('Parley')")
    await page.fill("#discord textarea", "A long answer please")
    await page.press("#discord textarea", "Enter")
    await page.wait_for_function(OVERFLOWS)
    assert await page.evaluate(AT_END)
    await page.evaluate("document.querySelector('#discord .scroller').scrollTop = 0")
    await page.wait_for_selector(f"{DISCORD_ANSWER} >> nth=1")
    await page.wait_for_selector("#discord .latest:not([hidden])")
    assert await page.evaluate("document.querySelector('#discord .scroller').scrollTop") == 0
    await page.click("#discord .latest")
    assert await page.evaluate(AT_END)


async def test_stopping_with_a_reaction_ends_the_answer(page, demo):
    demo.stage.pace = 6
    await page.click("#slack .suggestion >> nth=0")
    await page.wait_for_selector(f"{SLACK_ANSWER}.is-writing")
    await page.hover(SLACK_ANSWER)
    await page.click(f"{SLACK_ANSWER} .tools [data-emoji='🛑']")
    await page.wait_for_selector("#dify .state.stopped")
    await page.wait_for_selector(f"{SLACK_ANSWER} .part.notice")
    assert "1 stop call" in await page.inner_text("#dify .counts")


async def test_a_failing_model_is_said_in_the_chat(page):
    await page.click("#dify .trouble:has-text('Model fails')")
    await page.wait_for_selector("#dify .trouble[aria-pressed='true']")
    await page.click("#discord .suggestion >> nth=0")
    await page.wait_for_selector("#dify .state.failed")
    await page.wait_for_selector(f"{DISCORD_ANSWER} .subtext")


HOSTILE = """<img src=x onerror=alert(1)> [a](javascript:alert(1)) <javascript:alert(1)|b> **<b>bold</b>**
```html"><script>
<script>alert(1)</script>
```
[ok](https://example.com/?q="onmouseover="x) `<i>` <https://example.com|label<u>> ||x||"""


@pytest.mark.parametrize("kind", ["markdown", "mrkdwn", "notice", "discord", "plain"])
async def test_nothing_in_a_message_becomes_markup(page, kind):
    rendered = await page.evaluate(
        """async ([text, kind]) => {
            const { render } = await import("/markdown.js");
            const box = document.createElement("div");
            box.append(...render(text, kind));
            document.body.append(box);
            const all = [...box.querySelectorAll("*")];
            return {
                tags: all.map((each) => each.localName),
                links: all.filter((each) => each.localName === "a").map((each) => each.protocol),
                attributes: all.flatMap((each) => each.getAttributeNames()),
                text: box.textContent,
            };
        }""",
        [HOSTILE, kind],
    )
    assert set(rendered["tags"]) <= {"p", "a", "strong", "em", "u", "pre", "code", "span"}
    assert set(rendered["links"]) <= {"https:"}
    assert set(rendered["attributes"]) <= {"href", "rel", "target", "tabindex", "class"}
    assert "<img src=x onerror=alert(1)>" in rendered["text"]


MARKDOWN = """# One
Text with **bold**, *italic*, `a*b` and [a link](https://example.com/a_(b)).
- x
  - y
1. z

> quoted

| a | b |
| - | - |
| 1 | &lt;2 |
```
open"""

TABLE = "<thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><2</td></tr></tbody>"


async def test_markdown_is_shown_as_slack_shows_it(page):
    shape = await page.evaluate(
        """async (text) => {
            const { render } = await import("/markdown.js");
            const shape = (node) => node.nodeType === Node.TEXT_NODE ? node.textContent
                : `<${node.localName}>${[...node.childNodes].map(shape).join("")}</${node.localName}>`;
            return render(text, "markdown").map(shape);
        }""",
        MARKDOWN,
    )
    assert shape == [
        "<h3>One</h3>",
        "<p>Text with <strong>bold</strong>, <em>italic</em>, <code>a*b</code> and <a>a link</a>.</p>",
        "<ul><li>x<ul><li>y</li></ul></li></ul>",
        "<ol><li>z</li></ol>",
        "<blockquote><p>quoted</p></blockquote>",
        f"<div><table>{TABLE}</table></div>",
        "<pre><code>open</code></pre>",
    ]

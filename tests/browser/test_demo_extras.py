"""Buttons, forms, whispers, commands and files on the demo's page, in a real browser, with the real bot."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.heavy]

SLACK, DISCORD = "#slack .threadpanel", "#discord"
DRAWN = "image => image.complete && image.naturalWidth > 100"


@pytest.fixture
def quick(demo):
    demo.stage.pace = 200


async def said(page, window, text):
    box = f"{window} .composer textarea"
    await page.fill(box, text)
    await page.press(box, "Enter")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("window", "thread"), [("#slack .main", SLACK), (DISCORD, DISCORD)])
async def test_a_suggestion_under_an_answer_asks_the_next_question_when_it_is_pressed(page, window, thread):
    await said(page, window, "How do I reset my password?")
    await page.click(f"{thread} .press:has-text('What if no mail arrives?')")
    await page.wait_for_selector(f"{thread} .message.bot:has-text('question 2 of our conversation')")
    assert await page.locator("#dify .turn").inner_text() == "turn 2"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("window", "thread"), [("#slack .main", SLACK), (DISCORD, DISCORD)])
async def test_steps_sources_and_a_picture_are_seen_where_they_are_asked_for(page, window, thread):
    await said(page, window, "Show me a picture, your steps and your sources")
    answer = f"{thread} .message.bot:has-text('Read the page'):has-text('Handbook: accounts.md')"
    await page.wait_for_selector(answer)
    picture = await page.wait_for_selector(f"{thread} .picture img")
    await page.wait_for_function(DRAWN, arg=picture)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("window", "thread"), [("#slack", SLACK), (DISCORD, DISCORD)])
async def test_a_form_is_filled_in_and_then_a_person_decides(page, window, thread):
    await page.click(f"{window} .item:has-text('requests')")
    await page.click(f"{window} .suggestion >> visible=true")
    await page.click(f"{thread} .press:has-text('Fill in')")
    form = f"{window} dialog[open]"
    await page.wait_for_selector(f"{form} [data-field=name] input:focus")
    await page.click(f"{form} .submit")  # the browser itself asks for what is missing
    assert await page.locator(f"{form} [data-field=name] input:invalid").count() == 1
    await page.fill(f"{form} [data-field=name] input", "Alice <b>")
    await page.select_option(f"{form} [data-field=team] select", "Sales")
    await page.check(f"{form} [data-field=urgent] input")
    await page.click(f"{form} .submit")
    await page.wait_for_selector(f"{thread} .message.bot:has-text('of Sales'):has-text('urgent')")
    assert await page.locator(f"{window} dialog[open]").count() == 0
    await said(page, thread, "approve")
    asks = f"{thread} .message:has(.press:has-text('Approve'))"
    await page.wait_for_selector(f"{asks}:not(.is-writing)")  # it waits for a person
    await page.click(f"{thread} .press:has-text('Approve')")
    await page.fill(f"{form} [data-field=note] textarea", "Fine with me")
    await page.click(f"{form} .submit")
    await page.wait_for_selector(f"{thread} .message.bot:has-text('approved'):has-text('Fine with me')")


@pytest.mark.parametrize(("window", "command"), [("#slack .main", "/parley help"), (DISCORD, "/help")])
async def test_a_command_is_picked_from_the_list_and_its_answer_is_seen_by_one_person_alone(
    page, window, command
):
    await page.fill(f"{window} .composer textarea", "/")
    await page.click(f"{window} .command:has-text('{command}')")
    assert await page.input_value(f"{window} .composer textarea") == command
    await page.press(f"{window} .composer textarea", "Enter")
    whisper = f"{window} .message.whisper:has-text('Ask me anything')"
    await page.wait_for_selector(f"{whisper}:has-text('Only visible to you')")
    await page.click("label[for=persona-bob]")
    await page.wait_for_selector(whisper, state="detached")
    await page.click("label[for=persona-alice]")
    await page.click(f"{whisper} .dismiss")
    await page.wait_for_selector(whisper, state="detached")


async def test_a_command_that_can_not_be_given_is_not_lost(page):
    await said(page, DISCORD, "/fly away")
    await page.wait_for_selector(".toast:has-text('try /help')")
    assert await page.input_value("#discord textarea") == "/fly away"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("window", "thread"), [("#slack .main", SLACK), (DISCORD, DISCORD)])
async def test_a_small_file_goes_to_the_app_with_the_question(page, demo, window, thread):
    file = {"name": "my <i>notes.txt", "mimeType": "text/plain", "buffer": b"notes"}
    await page.set_input_files(f"{window} input[type=file]", file)
    await page.wait_for_selector(f"{window} .pick:not(.is-coming):has-text('my <i>notes.txt')")
    await said(page, window, "What is this?")
    await page.wait_for_selector(f"{thread} .file:has-text('my <i>notes.txt')")
    await page.wait_for_selector(f"{thread} .message.bot:has-text('I got your file')")
    assert await page.locator(f"{window} .pick").count() == 0
    assert demo.stage.dify.runs[0].files[0].data == b"notes"


@pytest.mark.usefixtures("quick")
async def test_slacks_direct_messages_begin_with_a_greeting_and_questions(page):
    await page.click("#slack .item:has-text('Parley')")
    await page.wait_for_selector("#slack .main .message.bot:has-text('support app')")
    await page.click("#slack .prompts .suggestion:has-text('password')")
    await page.wait_for_selector(f"{SLACK} .message.bot:has-text('Forgot password')")
    assert await page.locator("#slack .prompts").count() == 0


async def test_the_page_says_what_can_be_tried(page):
    await page.click("#try summary")
    assert await page.locator("#try li").count() == 7
    assert await page.is_visible("#try li:has-text('paper clip')")
    await page.keyboard.press("Escape")
    assert not await page.is_visible("#try li >> nth=0")


@pytest.mark.usefixtures("quick")
async def test_only_who_asked_decides_and_the_other_is_told_alone(page):
    await page.click("#discord .item:has-text('requests')")
    await page.click("#discord .suggestion")
    await page.click("#discord .press:has-text('Fill in')")
    await page.fill("#discord dialog[open] [data-field=name] input", "Alice")
    await page.select_option("#discord dialog[open] select", "Sales")
    await page.click("#discord dialog[open] .submit")
    await page.wait_for_selector("#discord .message.bot:has-text('of Sales')")
    await said(page, DISCORD, "approve")
    await page.wait_for_selector("#discord .press:has-text('Approve')")
    await page.click("label[for=persona-bob]")
    await page.click("#discord .press:has-text('Approve')")
    await page.wait_for_selector("#discord .whisper:has-text('whoever asked')")
    assert await page.locator("dialog[open]").count() == 0


async def test_a_command_is_completed_by_keyboard(page):
    await page.focus("#discord textarea")
    await page.keyboard.type("/he")
    await page.keyboard.press("Tab")
    assert await page.input_value("#discord textarea") == "/help"
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#discord .message.whisper")


async def test_a_form_is_put_away_by_keyboard_and_opened_again(page, demo):
    demo.stage.pace = 200
    await page.click("#discord .item:has-text('requests')")
    await page.click("#discord .suggestion")
    for _ in range(2):
        await page.click("#discord .press:has-text('Fill in')")
        await page.wait_for_selector("#discord dialog[open]")
        await page.keyboard.press("Escape")
        await page.wait_for_selector("#discord dialog[open]", state="detached")
    assert not demo.stage.dify.runs

"""What Discord would refuse of forms, commands, buttons and addresses is refused here too."""

import copy
import io

import discord as library
import pytest
from discord.http import Route

from simulators.discord import modals
from simulators.discord.command_rules import check as check_command
from simulators.discord.content import check as check_message
from simulators.discord.errors import Refusal
from simulators.discord.rest_messages import kept_name

TEXT = {"type": 4, "custom_id": "a", "style": 1}
SELECT = {"type": 3, "custom_id": "b", "options": [{"label": "x", "value": "x"}]}
UPLOAD = {"type": 19, "custom_id": "c"}
BOX = {"type": 23, "custom_id": "d", "default": True}


def modal(*inputs, **changes):
    parts = [{"type": 18, "label": f"L{at}", "component": each} for at, each in enumerate(inputs)]
    return {"custom_id": "m", "title": "T", "components": copy.deepcopy(parts)} | changes


def test_a_form_as_it_should_be():
    modals.check(modal(TEXT, SELECT, UPLOAD, BOX))
    modals.check(modal(UPLOAD | {"required": False, "min_values": 0, "max_values": 10}))


@pytest.mark.parametrize(
    "wrong",
    [
        modal(),
        modal(*({**TEXT, "custom_id": str(at)} for at in range(6))),
        modal(TEXT, TEXT),
        modal(TEXT, title=""),
        modal(TEXT, title="x" * 46),
        modal(TEXT, custom_id="x" * 101),
        modal(TEXT, components=[TEXT]),
        modal(TEXT, components=[{"type": 18, "label": "x" * 46, "component": TEXT}]),
        modal(TEXT, components=[{"type": 18, "label": "x", "description": "x" * 101, "component": TEXT}]),
        modal({"type": 2, "custom_id": "a", "style": 1}),
        modal(TEXT | {"style": 3}),
        modal(TEXT | {"max_length": 4001}),
        modal(TEXT | {"max_length": 3, "value": "four"}),
        modal(SELECT | {"options": []}),
        modal(SELECT | {"options": SELECT["options"] * 2}),
        modal(SELECT | {"options": [{"label": "x" * 101, "value": "x"}]}),
        modal(SELECT | {"options": [{"label": str(at), "value": str(at)} for at in range(26)]}),
        modal(SELECT | {"disabled": True}),
        modal(UPLOAD | {"max_values": 11}),
        modal(UPLOAD | {"min_values": 0}),
    ],
)
def test_forms_that_are_refused(wrong):
    with pytest.raises(Refusal) as refused:
        modals.check(wrong)
    assert refused.value.code == 50035


def test_what_the_client_sends_of_a_form():
    [text, select, box] = (each["component"] | {"id": 2} for each in modal(TEXT, SELECT, BOX)["components"])
    assert modals.filled(text, {"a": "hi"}) == {"type": 4, "id": 2, "custom_id": "a", "value": "hi"}
    assert modals.filled(box, {})["value"] is True
    for wrong in (
        (text, {"a": ""}),
        (text | {"max_length": 1}, {"a": "hi"}),
        (select, {"b": ["y"]}),
        (select, {}),
    ):
        with pytest.raises(ValueError, match=r".+"):
            modals.filled(*wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Ask", "description": "x"},
        {"name": "a b", "description": "x"},
        {"name": "ask", "description": ""},
        {"name": "ask", "description": "x" * 101},
        {"name": "ask", "description": "x", "description_localizations": {"zh": "x"}},
        {"name": "ask", "description": "x", "options": [{"type": 3, "name": "text"}]},
        {
            "name": "ask",
            "description": "x",
            "options": [
                {"type": 3, "name": "a", "description": "x"},
                {"type": 3, "name": "b", "description": "x", "required": True},
            ],
        },
    ],
)
def test_commands_that_are_refused(wrong):
    with pytest.raises(Refusal):
        check_command(wrong, "0")
    check_command({"name": "ask", "description": "x", "description_localizations": {"ja": "x"}}, "0")


@pytest.mark.parametrize("wrong", [{"label": ""}, {"custom_id": ""}, {"type": 23}])
def test_buttons_that_are_refused(wrong):
    button = {"type": 2, "style": 2, "label": "x", "custom_id": "x"} | wrong
    with pytest.raises(Refusal):
        check_message({"content": "x", "components": [{"type": 1, "components": [button]}]}, 0)


async def test_addresses_are_renewed(bot, world, general, alice):
    message = world.post(general, alice, attachments=[world.file("a.txt", b"abc")])
    old = (await bot.next("message")).attachments[0].url
    world.cdn.expire_all()
    route = Route("POST", "/attachments/refresh-urls")
    told = await bot.http.request(route, json={"attachment_urls": [old, "https://example.com/x"]})
    ours, foreign = told["refreshed_urls"]
    assert await bot.http.get_from_cdn(ours["refreshed"]) == b"abc"
    assert (ours["original"], foreign["refreshed"]) == (old, "https://example.com/x")
    assert message.attachments
    with pytest.raises(library.HTTPException):
        await bot.http.request(route, json={"attachment_urls": []})


def test_names_of_files_are_kept_in_plain_characters():
    assert [kept_name(name) for name in ("a b.txt", "報告書.pdf", "résumé.doc", "x")] == [
        "a_b.txt",
        "unknown.pdf",
        "rsum.doc",
        "x",
    ]


async def test_a_boosted_guild_takes_larger_files(bot, world, general):
    size = 11 * 1024 * 1024
    channel = bot.get_partial_messageable(general.id)
    with pytest.raises(library.HTTPException) as refused:
        await channel.send(file=library.File(io.BytesIO(b"x" * size), "a.bin"))
    assert (refused.value.status, refused.value.code) == (413, 40005)
    general.guild.premium_tier = 2
    sent = await channel.send(file=library.File(io.BytesIO(b"x" * size), "a.bin"))
    assert sent.attachments[0].size == size


async def test_nothing_more_is_reachable_while_it_is_not(bot, world):
    await bot.http.get_user(world.bot.id)  # leaves a line that could be used again
    async with world.unreachable():
        with pytest.raises((library.HTTPException, OSError)):
            await bot.http.get_user(world.bot.id)

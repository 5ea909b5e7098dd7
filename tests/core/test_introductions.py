"""What an app says of itself: the words of its web page, shown with care."""

from core.dify.about import Site
from core.introductions import introduced


def test_nothing_is_said_where_nobody_wrote_anything():
    assert introduced(Site(), "Helpdesk", "", "en") == ""
    assert introduced(Site(title="Help", icon="🤖", default_language="en-US"), "Helpdesk", " ", "en") == ""


def test_all_that_people_look_for():
    site = Site(
        title="The Helpdesk",
        description="Answers about\nholidays.",
        copyright="Acme 2026",
        privacy_policy="https://acme.example/privacy",
        custom_disclaimer="It may be wrong.",
    )
    assert introduced(site, "helpdesk", "unused", "en").split("\n\n") == [
        "**The Helpdesk**",
        "Answers about\nholidays.",
        "It may be wrong.",
        "Privacy policy: https://acme.example/privacy",
        "© Acme 2026",
    ]
    assert "プライバシーポリシー: https://acme.example/privacy" in introduced(site, "x", "", "ja")


def test_the_apps_own_words_where_its_page_has_none():
    assert introduced(Site(), "Helpdesk", "Answers.", "en") == "**Helpdesk**\n\nAnswers."


def test_only_a_whole_web_address_is_a_privacy_policy():
    for policy in (
        "javascript:alert(1)",
        "see the wiki",
        "https://a b",
        "https://x/<@U1>",
        "http://" + "x" * 400,
    ):
        assert introduced(Site(privacy_policy=policy), "Helpdesk", "", "en") == ""


def test_a_title_stays_one_line_and_bold():
    site = Site(title="**Help**\n# desk", description="D", copyright="© Acme")
    assert introduced(site, "x", "", "en") == "**Help # desk**\n\nD\n\n© Acme"


def test_it_is_short_enough_to_leave_room_for_the_help():
    long = Site(title="t" * 999, description="d" * 999, custom_disclaimer="c" * 999, copyright="o" * 999)
    assert len(introduced(long, "x", "", "en")) < 1_250

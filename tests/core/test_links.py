"""Which links in a person's words are files that an app may be asked to fetch."""

import pytest

from core.dify.about import FormField
from core.dify.remote_files import name_in, names_type, remote_file
from core.links import is_public, links_in

PDF = "https://e.com/a.pdf"
OWN = ("chat.com",)


def takes(name):
    return names_type(name) and not name.endswith(".mp3")


def found(text):
    return links_in(text, takes, OWN)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (PDF, [PDF]),
        (f"look at {PDF} please", [PDF]),
        (f"{PDF}\nand {PDF}", [PDF]),  # once
        ("https://e.com/a.pdf https://e.com/b.png", [PDF, "https://e.com/b.png"]),
        ("HTTPS://E.com/A.PDF", ["HTTPS://E.com/A.PDF"]),
        ("http://e.com:8080/x/y/a.docx", ["http://e.com:8080/x/y/a.docx"]),
        # what follows in a sentence
        (f"Is it {PDF}?", [PDF]),
        (f"It is {PDF}.", [PDF]),
        (f"({PDF})", [PDF]),
        (f"(see {PDF}).", [PDF]),
        (f"“{PDF}”, '{PDF}'!", [PDF]),
        (f"<{PDF}>", [PDF]),
        (f"**{PDF}** and __{PDF}__ and ~~{PDF}~~ and `{PDF}` and ||{PDF}||", [PDF]),
        (f"{PDF},https://e.com/b.png;https://e.com/c.txt", [PDF, "https://e.com/b.png", "https://e.com/c.txt"]),
        ("https://e.com/a_(1).pdf", ["https://e.com/a_(1).pdf"]),
        ("https://e.com/File:A_(b).png", ["https://e.com/File:A_(b).png"]),
        # Markdown, and what platforms make of their own links
        (f"[the plan]({PDF})", [PDF]),
        ("[the plan](https://e.com/a_(1).pdf)", ["https://e.com/a_(1).pdf"]),
        (f"[{PDF}]({PDF})", [PDF]),
        (f'[the plan]({PDF} "A plan")', [PDF]),
        (f"[the plan](<{PDF}>)", [PDF]),
        (f"the plan ({PDF})", [PDF]),
        (f"<{PDF}|a.pdf>", [PDF]),
        # scripts that put no spaces
        (f"请看{PDF}这个文件", [PDF]),
        (f"{PDF}を要約して", [PDF]),
        (f"{PDF}。次に", [PDF]),
        (f"「{PDF}」を", [PDF]),
        (f"（{PDF}）", [PDF]),
        (f"{PDF}，https://e.com/b.png、", [PDF, "https://e.com/b.png"]),
        (f"{PDF}和https://e.com/b.png", [PDF, "https://e.com/b.png"]),
        (f"{PDF}和b.pdf", [PDF]),
        ("https://e.com/报告.pdf请看", ["https://e.com/报告.pdf"]),
        ("https://e.com/v1.2版/报告.pdf", ["https://e.com/v1.2版/报告.pdf"]),
        ("https://e.com/%E5%A0%B1.pdf", ["https://e.com/%E5%A0%B1.pdf"]),
        (f"{PDF}?x=1を要約して", [f"{PDF}?x=1"]),
        (f"{PDF}\u200b", [PDF]),
        ("https://例え.jp/a.pdf", ["https://例え.jp/a.pdf"]),
        ("https://xn--r8jz45g.jp/a.pdf", ["https://xn--r8jz45g.jp/a.pdf"]),
        ("https://münchen.de/a.pdf", ["https://münchen.de/a.pdf"]),
        # queries and fragments
        (f"{PDF}?sig=a%2Fb&e=1.", [f"{PDF}?sig=a%2Fb&e=1"]),
        (f"{PDF}?a=(1)", [f"{PDF}?a=(1)"]),
        (f"({PDF}?a=1)", [f"{PDF}?a=1"]),
        (f"{PDF}#page=3", [f"{PDF}#page=3"]),
        ("https://e.com/get?name=a.pdf", []),
        ("https://e.com/page?u=https://e.com/a.pdf", []),
        ("https://web.e.com/2020/https://e.com/a.pdf", ["https://web.e.com/2020/https://e.com/a.pdf"]),
        # no file, or none that is taken
        ("https://e.com", []),
        ("https://e.com/", []),
        ("https://report.md", []),  # a host
        ("https://e.com/a.mp3", []),
        ("https://e.com/a.php", []),
        ("https://e.com/pdf", []),
        ("https://e.com/a.pdf/", []),
        ("ftp://e.com/a.pdf file:///a.pdf e.com/a.pdf", []),
        ("https://", []),
        ("https:///a.pdf", []),
        # inner addresses, and what hides them
        ("http://localhost/a.pdf", []),
        (f"http://127.0.0.1/a.pdf {PDF}", [PDF]),
        ("https://chat.com/a.pdf https://files.chat.com/a.pdf", []),
        ("https://notchat.com/a.pdf", ["https://notchat.com/a.pdf"]),
        ("https://ann:secret@e.com/a.pdf https://e.com@127.0.0.1/a.pdf", []),
        ("http://[::1]/a.pdf http://[2606:4700::1111]/a.pdf", []),
    ],
)  # fmt: skip
def test_links_to_files_are_found_as_they_were_written(text, links):
    assert found(text) == links


@pytest.mark.parametrize(
    "host", ["e.com", "e.com.", "8.8.8.8", "a-b.e.co.jp", "a_b.e.com", "1.e.com", "例え.jp"]
)
def test_what_everybody_can_open_is_public(host):
    assert is_public(f"https://{host}/a.pdf")


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost.", "a.localhost", "printer", "nas.local", "db.internal", "x.lan", "x.home"),
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "0", "1.0x7f"),
        *("redis.default.svc", "a.svc.cluster", "vault.service.consul", "router.fritz.box", "x.intra"),
        *("127.0.0.1.nip.io", "a-10-0-0-7.sslip.io", "169-254-169-254.sslip.io", "168.63.129.16"),
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
        *("１２７.0.0.1", "127。0。0。1", "ⓛocalhost", "127%2e0.0.1", "e..com", ".", "", "[::1]"),
        *("ann@e.com", "e.com:0", "e.com:99999", "e.com:x", f"{'a' * 64}.com", "metadata.google.internal"),
        *("1.168.192.in-addr.arpa", "chat.com", "files.chat.com", "FILES.Chat.com."),
    ],
)
def test_what_only_some_can_open_is_not(host):
    assert not is_public(f"https://{host}/a.pdf", OWN)


@pytest.mark.parametrize(
    ("url", "name"),
    [(f"{PDF}?x=/b.png#c", "a.pdf"), ("https://e.com/x/%E5%A0%B1.pdf", "報.pdf"), ("https://e.com", "")],
)
def test_a_file_is_called_what_its_address_ends_with(url, name):
    assert name_in(url) == name


def variable(types=(), extensions=(), methods=(), kind="file"):
    return FormField(
        type=kind,
        variable="x",
        allowed_file_types=list(types),
        allowed_file_extensions=list(extensions),
        allowed_file_upload_methods=list(methods),
    )


@pytest.mark.parametrize(
    ("value", "field", "kind"),
    [
        (PDF, variable(), "document"),
        (f" {PDF}\n", variable(("image", "document")), "document"),
        ({"url": PDF}, variable(("document",)), "document"),
        ({"type": "document", "transfer_method": "remote_url", "url": PDF}, variable(), "document"),
        ({"type": "image", "url": PDF}, variable(("image",)), "image"),  # who writes it knows it
        ("https://e.com/a.pptx", variable(("document",)), "document"),
        ("https://e.com/a.zip", variable(("custom",), (".ZIP",)), "custom"),
        ("https://e.com/get?id=5", variable(("image",)), "image"),  # the only one that it can be
        ("http://10.0.0.1/a.pdf", variable(), "document"),  # the configuration may know inner servers
        (PDF, variable(methods=("local_file", "remote_url")), "document"),
        (PDF, variable(("image",)), None),
        ("https://e.com/get?id=5", variable(("image", "document")), None),
        ("https://e.com/a.zip", variable(), None),
        ("https://e.com/a.pptx", variable(("image",)), None),
        (PDF, variable(methods=("local_file",)), None),
        ({"type": "picture", "url": PDF}, variable(), None),
        ({"type": "image", "url": PDF}, variable(("document",)), None),
        ({"url": 5}, variable(), None),
        ("a.pdf", variable(), None),
        (f"{PDF} {PDF}", variable(), None),
        ("https://ann:secret@e.com/a.pdf", variable(), None),
        ("https://e.com:x/a.pdf", variable(), None),
        ("ftp://e.com/a.pdf", variable(), None),
    ],
)
def test_an_address_becomes_a_file_of_the_type_that_the_variable_takes(value, field, kind):
    made = remote_file(field, value)
    assert (made.type if made else None) == kind
    if made:
        assert made.model_dump(exclude_none=True) == {
            "type": kind,
            "transfer_method": "remote_url",
            "url": (value if isinstance(value, str) else value["url"]).strip(),
        }

"""Links to files in what somebody wrote, as far as an app's server may be asked to fetch them. Pure.

Nothing is fetched here, and no name is looked up: a public name can stand for an inner address. Against that
Dify guards its own network (its SSRF proxy).
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator
from urllib.parse import urlsplit

from core.dify.remote_files import name_in

_ZERO_WIDTH = "\u200b-\u200f\u202a-\u202e\u2060\ufeff"
_WIDE_MARKS = "「」『』（）［］｛｝【】〔〕《》〈〉、。，．！？：；“”‘’…・｜"
_LONGEST = 2_048  # characters of a link
_LINK = re.compile(
    rf"https?://[^\s<>\"`|\\^{{}}\[\]{_WIDE_MARKS}{_ZERO_WIDTH}]{{1,{_LONGEST}}}", re.IGNORECASE
)
# One begins right behind another, or behind a word of a script that puts no spaces.
_BEGINS = re.compile(r"(?:(?<=[,;()])|(?<=[^\x00-\x7f]))(?=https?://)", re.IGNORECASE)
# In a path: an ending, and behind it a word of such a script.
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}(?=[^\x00-\x7f])")
_WIDE = re.compile(r"[^\x00-\x7f]")
_TRAILING = ".,;:!?'*_~"
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+")
_INNER = frozenset(
    ("localhost", "local", "internal", "intranet", "private", "lan", "home", "corp", "localdomain", "arpa",
     "invalid", "onion", "svc", "cluster", "consul", "docker", "box", "test", "intra")
)  # fmt: skip


def links_in(text: str, takes: Callable[[str], bool], own_hosts: Collection[str] = ()) -> list[str]:
    """The links to files in a text that anybody can open, each once, as they were written.

    `takes` says of a file's name whether the app takes it. `own_hosts` are those of the chat platform, and
    what is under them: others can't open what lies there.
    """
    found = (_end_of(link[0], takes) for link in _LINK.finditer(_BEGINS.sub(" ", text)))
    wanted = (link for link in found if takes(name_in(link)) and is_public(link, own_hosts))
    return list(dict.fromkeys(wanted))


_NUMBER_IN_NAME = re.compile(r"(?<!\d)(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})(?!\d)")
_HOSTERS = frozenset(("168.63.129.16",))  # global by its number, but it tells each machine its own secrets


def is_public(link: str, own_hosts: Collection[str] = ()) -> bool:
    """Whether an address looks like one that anybody can open: no inner host, no name and password in it."""
    host = _host(link)
    if host is None or not _HOST.fullmatch(host):
        return False
    labels = host.split(".")
    if labels[-1].isdigit() or labels[-1].startswith("0x"):  # other programs read 127.1 as an address too
        return _is_public_number(host)
    if any(not _is_public_number(".".join(number)) for number in _NUMBER_IN_NAME.findall(host)):
        return False  # a name that stands for the number in it (127.0.0.1.nip.io)
    return labels[-1] not in _INNER and not any(host == own or host.endswith(f".{own}") for own in own_hosts)


def _host(link: str) -> str | None:
    """The host as it is looked up (full-width digits are digits, other scripts in ASCII); None: no good."""
    try:
        parts = urlsplit(link)
        port_fits = parts.port != 0
        host = (parts.hostname or "").removesuffix(".").encode("idna").decode("ascii").lower()
    except (ValueError, UnicodeError):
        return None
    return host if parts.scheme in {"http", "https"} and "@" not in parts.netloc and port_fits else None


def _is_public_number(host: str) -> bool:
    try:
        number = ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return number.is_global and not number.is_multicast and host not in _HOSTERS


def _end_of(link: str, takes: Callable[[str], bool]) -> str:
    """The link without what follows it in a sentence."""
    at = min((found for found in (link.find("?"), link.find("#")) if found >= 0), default=len(link))
    head, tail = link[:at], link[at:]
    if (cut := next(_cuts(head, takes), None)) is not None:
        return head[:cut]
    tail = _WIDE.split(tail, maxsplit=1)[0]  # who copies an address gets its other scripts encoded
    return _trimmed(head + tail)


def _cuts(head: str, takes: Callable[[str], bool]) -> Iterator[int]:
    """Where the path may end, before a word that follows without a space."""
    ends = (ending.end() for ending in _ENDING.finditer(head))
    return (end for end in ends if takes(name_in(head[:end])))


def _trimmed(link: str) -> str:
    while link and (link[-1] in _TRAILING or (link[-1] == ")" and link.count(")") > link.count("("))):
        link = link[:-1]
    return link

"""Markdown tables in a form that Discord can show: it renders none itself."""

import re
import unicodedata

WIDEST = 72  # columns; a code block wraps beyond that even in a wide window
_DELIMITER = re.compile(r"^\s*\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?$")
_PIPE = re.compile(r"(?<!\\)\|")
_MARKED = re.compile(  # code first, for nothing in it is a mark; the lengths keep odd lines from taking long
    r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>.{1,300}?)(?<!`)(?P=ticks)(?!`)"
    r"|\*\*(?=\S)(?P<bold>.{1,300}?)(?<=\S)\*\*|(?<!\w)__(?=\S)(?P<under>.{1,300}?)(?<=\S)__(?!\w)"
)


def begins(lines: list[str], at: int) -> bool:
    """Whether a table's header stands at this line: a row of cells above a row of dashes."""
    if at + 1 >= len(lines) or "|" not in lines[at] or not _DELIMITER.match(lines[at + 1]):
        return False
    return len(_cells(lines[at])) == len(_cells(lines[at + 1]))


def ends(lines: list[str], at: int) -> int:
    """The first line after the table that begins at this one."""
    end = at + 2
    while end < len(lines) and "|" in lines[end] and lines[end].strip():
        end += 1
    return end


def show(lines: list[str]) -> list[str]:
    """The table's lines as aligned columns in a code block, or as a list where it is too wide for one.

    What would grow beyond three times its size (long headers, many rows) stays as it was written.
    """
    rows = [_cells(line) for line in (lines[0], *lines[2:])]
    width = len(rows[0])
    rows = [(row + [""] * width)[:width] for row in rows]
    plain = [[unmarked(cell, code=False) for cell in row] for row in rows]
    sizes = [max(columns(row[i]) for row in plain) for i in range(width)]
    if sum(sizes) + 3 * (width - 1) <= WIDEST:
        return ["```", *_aligned(plain, sizes, _cells(lines[1])), "```"]
    listed = _listed(rows)
    if listed and len("\n".join(listed)) <= 3 * len("\n".join(lines)):
        return listed
    return ["```", *(line.replace("```", "'''") for line in lines), "```"]


def unmarked(text: str, *, code: bool = True) -> str:
    """The text without marks of bold type, and of code unless it stays; what is no pair is text (2**8)."""
    if "`" not in text and "**" not in text and "__" not in text:
        return text

    def inner(found: re.Match[str]) -> str:
        if found["code"]:
            return found[0] if code else found["code"]
        return unmarked(found["bold"] or found["under"], code=code)

    return _MARKED.sub(inner, text)


def columns(text: str) -> int:
    """How many columns a monospaced font needs: East Asian wide characters two, combining ones none."""
    return len(text) if text.isascii() else sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip().replace("\\|", "|").replace("<br>", " ") for cell in _PIPE.split(inner)]


def _aligned(rows: list[list[str]], sizes: list[int], delimiters: list[str]) -> list[str]:
    shown = [
        " | ".join(_pad(cell, size, how) for cell, size, how in zip(row, sizes, delimiters, strict=True))
        for row in rows
    ]
    rule = "-+-".join("-" * size for size in sizes)
    return [line.rstrip().replace("```", "'''") for line in (shown[0], rule, *shown[1:])]


def _pad(cell: str, size: int, delimiter: str) -> str:
    room = size - columns(cell)
    if not delimiter.endswith(":"):
        return cell + " " * room
    left = room // 2 if delimiter.startswith(":") else room
    return " " * left + cell + " " * (room - left)


def strong(text: str) -> str:
    """The text in bold type; as it is where asterisks of its own would end that early."""
    return text if "**" in text else f"**{text}**"


def _listed(rows: list[list[str]]) -> list[str]:
    """A row per bullet, headed by its first cell; the others below it with their header's name."""
    header, *body = rows
    lines = []
    for row in body:
        title = unmarked(row[0])
        lines.append(f"- {strong(title)}" if title else "- —")
        lines += [f"  - {name}: {cell}" for name, cell in zip(header[1:], row[1:], strict=True) if cell]
    return lines

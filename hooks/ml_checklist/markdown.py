"""Read Markdown as far as a checklist needs: sections, front matter, placeholders."""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

MAX_HEADING = 300  # characters
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"^\s{0,3}(```+|~~~+)")
_PROMPT = re.compile(r"^\s*>\s*fill:", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"\b(TODO|TBD|TBC|FIXME|XXX)\b|lorem ipsum|more information needed|<fill"
    r"|\bto be (filled|written|decided|determined)\b",
    re.IGNORECASE,
)
MIN_PAIRS = 12  # which no repeated word reaches, and every sentence does
MAX_PROSE = 20_000  # characters that are looked at


class Section(NamedTuple):
    """One heading with the text below it, down to the next heading of its level or above."""

    title: str
    level: int
    line: int
    body: str


def slug(title: str) -> str:
    """The anchor that GitHub gives to a heading."""
    text = unicodedata.normalize("NFC", title).strip().lower()
    return "".join(c for c in text.replace(" ", "-") if c.isalnum() or c in "-_")


def sections(text: str) -> list[Section]:
    """All sections of a document, fenced code left alone."""
    lines = text.replace("\r\n", "\n").split("\n")
    heads = _heads(lines)
    found = []
    for (at, level, title), end in zip(heads, _ends(heads, len(lines)), strict=True):
        found.append(Section(title, level, at + 1, "\n".join(lines[at + 1 : end])))
    return found


def _ends(heads: list[tuple[int, int, str]], n_lines: int) -> list[int]:
    """The line after each section: where the next heading of its level or above stands."""
    ends = [n_lines] * len(heads)
    open_: list[int] = []
    for number, (at, level, _) in enumerate(heads):
        while open_ and heads[open_[-1]][1] >= level:
            ends[open_.pop()] = at
        open_.append(number)
    return ends


def _heads(lines: list[str]) -> list[tuple[int, int, str]]:
    heads, fence = [], ""
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and (head := _heading(line)):
            heads.append((number, len(head[1]), head[2]))
    return heads


def _heading(line: str) -> re.Match[str] | None:
    return _HEADING.match(line) if len(line) <= MAX_HEADING else None


@lru_cache(maxsize=64)
def by_anchor(text: str) -> dict[str, Section]:
    """The sections of a document by their anchors; of two with one anchor the first counts."""
    found: dict[str, Section] = {}
    for part in sections(text):
        found.setdefault(slug(part.title), part)
    return found


def unfilled(body: str) -> tuple[int, str] | None:
    """Line (from 1) and text of the first thing still to be written, None when there is none."""
    for number, line in enumerate(body.replace("\r\n", "\n").split("\n"), 1):
        if _PROMPT.match(line) or _PLACEHOLDER.search(line):
            return number, line.strip()
    return None


def prompts(body: str) -> bool:
    return any(_PROMPT.match(line) for line in body.splitlines())


def without_comments(text: str) -> str:
    """A text without `<!-- comments -->`; one that never ends is text."""
    parts, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        parts.append(text[at:start])
        at = end + 3
    return " ".join([*parts, text[at:]])


def prose(body: str) -> str:
    """Prose, tables and code of a body, without comments, headings and quoted prompts."""
    lines = without_comments(body).splitlines()
    return "\n".join(x for x in lines if not _heading(x) and not _PROMPT.match(x))


def n_letters(text: str) -> int:
    """Letters of any script; one of Chinese, Japanese or Korean says as much as two others."""
    return sum(1 + _is_wide(char) for char in text if char.isalpha())


def repeats(text: str) -> bool:
    """Whether a text is one word or two again and again: few different neighbours of letters."""
    pairs = {a + b for a, b in pairwise(text[:MAX_PROSE].casefold()) if (a + b).isalpha()}
    return sum(1 + _is_wide(pair[0]) for pair in pairs) < MIN_PAIRS


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def front_matter(text: str) -> str | None:
    """The YAML between the two `---` lines at the very top."""
    lines = text.replace("\r\n", "\n").lstrip("\ufeff").split("\n")
    if lines[0].strip() != "---":
        return None
    end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    return None if end is None else "\n".join(lines[1:end])

"""Probes that read prose: files, sections, front matter, decisions, lines."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ml_checklist import markdown, yaml_io
from ml_checklist.gitrepo import NO_REPOSITORY
from ml_checklist.probes.data import wrong
from ml_checklist.probes.finding import Finding, found, missing, unknown
from ml_checklist.probes.tree import MAX_BYTES, Tree

DECISIONS = tuple(
    f"{folder}/*.md"
    for folder in ("docs/decisions", "docs/adr", "doc/adr", "docs/architecture/decisions")
)
ACCEPTED = ("accepted", "approved", "decided")
MAX_NUMBER = 10**9
MIN_LETTERS, LETTERS_A_WORD = 20, 5
UNREADABLE = f"the file is larger than {MAX_BYTES >> 20} MiB or not UTF-8, so nobody can tell"
MIN_WORDS_OF_A_DECISION = 30


def file(tree: Tree, *, file: str, min_bytes: int = 1) -> Finding:
    names = tree.find(file)
    for name in names:
        size = (tree.root / name).stat().st_size
        if size >= min_bytes:
            return found(f"{name} has {size} bytes", name, size, min_bytes)
    if names:
        return missing(f"{names[0]} has fewer than {min_bytes} bytes", names[0], limit=min_bytes)
    return missing("there is no such file", tree.theirs(file), absent=file)


def heading(tree: Tree, *, file: str, heading: str, min_words: int = 8) -> Finding:
    """A section of a document is filled in."""
    best = missing("there is no such file", tree.theirs(file), absent=file)
    for name in tree.find(file):
        best = _section(tree, name, heading, min_words)
        if best.holds:
            return best
    return best


def _section(tree: Tree, name: str, heading: str, min_words: int) -> Finding:
    if tree.text(name) is None:
        return missing(UNREADABLE, name)
    part = tree.section(name, heading)
    if part is None:
        return missing("there is no such heading", name, remedy=f'add "{heading}" to {name}')
    fill = f'fill "{part.title}" in {name}'
    left = markdown.unfilled(part.body)
    if left:
        line = part.line + left[0]
        return missing(f"line {line} is text of the template", f"{name}:{line}", remedy=fill)
    fault = no_prose(part.body, MIN_LETTERS if min_words >= 8 else min_words)
    if fault:
        return missing(f"it {fault}", f"{name}:{part.line}", remedy=fill)
    text = f"{name}#{markdown.slug(part.title)} is filled in{_short(part.body, min_words)}"
    return found(text, f"{name}:{part.line}")


def no_prose(body: str, least: int = MIN_LETTERS) -> str:
    """What keeps a text from being prose in any script; nothing if it is."""
    words = markdown.prose(body)
    letters = markdown.n_letters(words)
    if letters < least:
        return f"has {letters} letters, at least {least} are wanted"
    repeated = least >= MIN_LETTERS and markdown.repeats(words)
    return "says the same words again and again" if repeated else ""


def _short(body: str, min_words: int) -> str:
    """A remark on a text that is shorter than most; how much is enough, its reader decides."""
    wanted = min_words * LETTERS_A_WORD
    letters = markdown.n_letters(markdown.prose(body))
    return f", though short: {letters} letters of about {wanted}" if letters < wanted else ""


def front_matter(
    tree: Tree,
    *,
    file: str,
    keys: list[str],
    numbers: Sequence[str] = (),
    dates: Sequence[str] = (),
    max_age_days: int = 36_500,
) -> Finding:
    """The front matter of a document fills in these keys.

    numbers: keys of numbers of 0 or more. dates: keys of days that are at most so long ago.
    """
    bounds: dict[str, dict[str, Any]] = {key: {"min": 0, "max": MAX_NUMBER} for key in numbers}
    bounds |= {key: {"within_days": (max_age_days, tree.today)} for key in dates}
    best = missing("there is no such file", tree.theirs(file), absent=file)
    for name in tree.find(file):
        written = read_front_matter(name, tree.text(name) or "")
        data = {str(key).casefold(): value for key, value in written.items()}
        empty = [key for key in keys if not _filled(data.get(key.casefold()))]
        faults = [(key, wrong(data.get(key), **bound)) for key, bound in bounds.items()]
        fault = next((f"{key} {fault}" for key, fault in faults if fault), "")
        if not empty and not fault:
            return found(f"{name} fills {', '.join(keys)}", name)
        fill = f"fill in {listed(empty)} at the top of {name}"
        best = missing(f"{listed(empty)} not yet" if empty else fault, f"{name}:1", remedy=fill)
    return best


def read_front_matter(name: str, text: str) -> dict[str, Any]:
    """The front matter of a document; empty where there is none or it cannot be read."""
    return yaml_io.table(markdown.front_matter(text) or "", name)


def _filled(value: Any) -> bool:
    if isinstance(value, str):
        prompt = value.startswith(("fill:", "<", "> fill"))
        return bool(value.strip()) and not prompt and not markdown.unfilled(value)
    return value is not None and value not in ([], {})


def decision(tree: Tree, *, about: str) -> Finding:
    """There is an accepted decision about something."""
    best = missing(f"no decision has `about: {about}` in its front matter", "docs/decisions/")
    for name in [name for pattern in DECISIONS for name in tree.find(pattern)]:
        text = tree.text(name) or ""
        data = read_front_matter(name, text)
        if str(data.get("about")).strip().casefold() != tree.term(about):
            continue
        best = _decided(name, text, data)
        if best.holds:
            return best
    return best


def _decided(name: str, text: str, data: dict[str, Any]) -> Finding:
    status = str(data.get("status")).strip()
    if status.casefold() not in ACCEPTED:
        return missing(f"its status is {status!r}, not accepted", name)
    left = markdown.unfilled(text)
    if left:
        return missing(f"line {left[0]} of {name} is still to be written", f"{name}:{left[0]}")
    fault = no_prose(text.partition("\n---")[2])
    if fault:
        return missing(f"it {fault}", name)
    return found(f"{name} is accepted{_short(text, MIN_WORDS_OF_A_DECISION)}", name)


def text(tree: Tree, *, file: str, matches: str, absent: bool = False) -> Finding:
    """A file holds a pattern, or with `absent` no file does."""
    names = tree.find(file)
    if not names:
        where = tree.theirs(file)
        nothing = f"there is no {where}"
        return unknown(nothing, "") if absent else missing(nothing, where, absent=file)
    pattern = re.compile(matches, re.MULTILINE)
    for name in names:
        blocks = tree.blocks(name)
        if blocks is None and absent:
            return missing(f"{name}: {UNREADABLE}", name)
        line = _line_of(pattern, blocks or ())
        if line:
            # Never the line itself: it may hold what must not be seen.
            place, seen = f"{name}:{line}", f"{name} line {line}"
            return missing(f"{seen} says otherwise", place) if absent else found(seen, place)
    if absent:
        return found(f"looked through {len(names)} file{'' if len(names) == 1 else 's'}")
    nowhere = f"none of {file} shows it" if len(names) > 1 else f"{names[0]} does not show it"
    return missing(nowhere, names[0])


def _line_of(pattern: re.Pattern[str], blocks: Iterable[tuple[int, str]]) -> int:
    """The line of the first match, 0 where there is none."""
    for first, block in blocks:
        hit = pattern.search(block)
        if hit:
            return first + block.count("\n", 0, hit.start())
    return 0


def listed(names: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def notebooks_clean(tree: Tree) -> Finding:
    """Committed notebooks carry no outputs."""
    tracked = tree.tracked
    if tracked is None:
        return unknown("there is no git repository", NO_REPOSITORY)
    names = [name for name in tracked if name.endswith(".ipynb")]
    for name in names:
        dirty = _cells_with_output(tree.text(name))
        if dirty:
            return missing(f"{dirty[0]} does", name)
    return found(f"{len(names)} notebooks without outputs", value=len(names))


def _cells_with_output(content: str | None) -> list[str]:
    try:
        cells = json.loads(content or "{}").get("cells", [])
    except (ValueError, AttributeError, RecursionError):
        return ["a file that is not a notebook"]
    dirty = [bool(cell.get("outputs") or cell.get("execution_count")) for cell in cells]
    return [f"cell {number}" for number, is_dirty in enumerate(dirty, 1) if is_dirty]

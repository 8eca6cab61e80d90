"""Probes that read prose: files, sections, front matter, decisions, lines."""

import json
import re
from collections.abc import Iterable
from typing import Any

from ml_checklist import markdown, yaml_io
from ml_checklist.errors import DataError
from ml_checklist.gitrepo import NO_REPOSITORY
from ml_checklist.probes.finding import Finding, found, missing, unknown
from ml_checklist.probes.tree import MAX_BYTES, Tree

DECISIONS = "docs/decisions/*.md"
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
    return missing("there is no such file", tree.theirs(file))


def heading(tree: Tree, *, file: str, heading: str, min_words: int = 8) -> Finding:
    """A section of a document is filled in."""
    best = missing("there is no such file", tree.theirs(file))
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
        return missing(f"line {line} still says what to write there", f"{name}:{line}", remedy=fill)
    words = markdown.n_words(part.body)
    if words < min_words:
        text = f"it has {words} words, {min_words} are wanted"
        return missing(text, f"{name}:{part.line}", words, min_words, fill)
    text = f"{name}#{markdown.slug(part.title)} has {words} words"
    return found(text, f"{name}:{part.line}", words, min_words)


def front_matter(tree: Tree, *, file: str, keys: list[str]) -> Finding:
    """The front matter of a document fills in these keys."""
    best = missing("there is no such file", tree.theirs(file))
    for name in tree.find(file):
        data = read_front_matter(name, tree.text(name) or "")
        empty = [key for key in keys if not _filled(data.get(key))]
        if not empty:
            return found(f"{name} fills {', '.join(keys)}", name)
        fill = f"fill in {listed(empty)} at the top of {name}"
        best = missing(f"{listed(empty)} not yet", f"{name}:1", remedy=fill)
    return best


def read_front_matter(name: str, text: str) -> dict[str, Any]:
    """The front matter of a document; empty where there is none or it cannot be read."""
    raw = markdown.front_matter(text)
    if raw is None:
        return {}
    try:
        data = yaml_io.parse(raw.encode(), name, strict=False)
    except DataError:
        return {}
    return data if isinstance(data, dict) else {}


def _filled(value: Any) -> bool:
    if isinstance(value, str):
        prompt = value.startswith(("fill:", "<", "> fill"))
        return bool(value.strip()) and not prompt and not markdown.unfilled(value)
    return value is not None and value not in ([], {})


def decision(tree: Tree, *, about: str) -> Finding:
    """There is an accepted decision about something."""
    best = missing(f"no decision has `about: {about}` in its front matter", "docs/decisions/")
    for name in tree.find(DECISIONS):
        text = tree.text(name) or ""
        data = read_front_matter(name, text)
        if data.get("about") != about:
            continue
        best = _decided(name, text, data)
        if best.holds:
            return best
    return best


def _decided(name: str, text: str, data: dict[str, Any]) -> Finding:
    if data.get("status") != "accepted":
        return missing(f"its status is {data.get('status')!r}, not accepted", name)
    left = markdown.unfilled(text)
    if left:
        return missing(f"line {left[0]} of {name} is still to be written", f"{name}:{left[0]}")
    words = markdown.n_words(text)
    if words < MIN_WORDS_OF_A_DECISION:
        return missing(f"it has {words} words, {MIN_WORDS_OF_A_DECISION} are wanted", name, words)
    return found(f"{name} is accepted", name)


def text(tree: Tree, *, file: str, matches: str, absent: bool = False) -> Finding:
    """A file holds a pattern, or with `absent` no file does."""
    names = tree.find(file)
    if not names:
        nothing = f"there is no {tree.theirs(file)}"
        return unknown(nothing, "") if absent else missing(nothing, tree.theirs(file))
    pattern = re.compile(matches, re.MULTILINE)
    for name in names:
        blocks = tree.blocks(name)
        if blocks is None and absent:
            return missing(f"{name}: {UNREADABLE}", name)
        line = _line_of(pattern, blocks or ())
        if line:
            # Never the line itself: it may hold what must not be seen.
            place = f"{name}:{line}"
            seen = f"{name} line {line}"
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

"""Source, documents, messages and catalog use the field's words, and not private ones."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, tracked_files

FOLDERS = ("template", "hooks", "checklists", "docs", "bench")
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "copier.yml", "components.yml")
# Nowhere, whole or as a part of an identifier; those with a capital are names of classes.
ANYWHERE = ["said", "told", "doors?", "vouch(?:e[sd]|ing)?", "truths", "companions", "weighed"]
ANYWHERE += [r"born\s+here", r"takes\s+away"]
CLASSES = ["Hunt", "Desk", "DoesNotHold"]
# Ordinary words in a sentence, private ones as an identifier.
NAMES = {"agreed", "heard", "asking", "asked"}

PROSE = re.compile(rf"(?<![a-z])(?:{'|'.join(ANYWHERE)})(?![a-z])", re.IGNORECASE)
CLASS = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(CLASSES)})(?![a-z])")

# Ids of the catalog that were released; ticks are kept under them for ever.
RELEASED = re.compile(r"\b(?:deployment\.door|evaluation\.told)\b")

Place = tuple[int, str]


def parts(name: str) -> set[str]:
    """The words of an identifier: `_asked_forHelp` has asked, for and help."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", name)}


def in_text(text: str) -> Iterator[Place]:
    """Words that are used nowhere, with their lines."""
    text = RELEASED.sub("", text)
    for pattern in (PROSE, CLASS):
        for found in pattern.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, found[0]


def in_names(text: str) -> Iterator[Place]:
    """Identifiers of Python that are private words."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and parts(token.string) & NAMES:
            yield token.start[0], token.string


def in_headings(text: str) -> Iterator[Place]:
    """Headings of Markdown that use `agreed` as a name."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"#+ ", line) and "agreed" in parts(line):
            yield number, line


def own_text(node: Any) -> str:
    """The text of a catalog, without names and titles of what it cites."""
    if isinstance(node, dict):
        quoted = {"url", "title", "name"} if "url" in node else {"paper", "url"}
        quoted |= {"name"} if "paper" in node else set()
        return "\n".join(own_text(value) for key, value in node.items() if key not in quoted)
    if isinstance(node, list):
        return "\n".join(map(own_text, node))
    return str(node)


def in_test_names(text: str) -> Iterator[Place]:
    """Names of tests that hold a private word."""
    for node in ast.walk(ast.parse(text)):
        name = node.name if isinstance(node, ast.FunctionDef) else ""
        if name.startswith("test_") and PROSE.search(name):
            yield node.lineno, name  # type: ignore[attr-defined]


def found_in(name: str, text: str) -> list[Place]:
    """Every private word in a file."""
    if name.startswith("tests/"):
        return list(in_test_names(text)) if name.endswith(".py") else []
    if name.startswith("checklists/") and name.endswith(".yml"):
        return [(0, word) for _, word in in_text(own_text(yaml.load(text, yaml.CSafeLoader)))]
    found = list(in_text(text))
    if name.endswith(".py"):
        found += in_names(text)
    if name.endswith((".md", ".md.jinja")):
        found += in_headings(text)
    return found


def changelog() -> str:
    """The sections since 0.4.0, without quoted names; the older ones stay as they were released."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return re.sub(r"`[^`\n]*`", "", text[: text.index("## 0.3.1 ")])


def readable() -> Iterator[tuple[str, str]]:
    """Name and text of every file that is looked at."""
    yield "CHANGELOG.md", changelog()
    for name in tracked_files():
        if name in PAGES or name.split("/")[0] in (*FOLDERS, "tests"):
            try:
                yield name, (ROOT / name).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_no_private_word_is_used():
    lines = []
    for name, text in readable():
        if name == Path(__file__).relative_to(ROOT).as_posix():
            continue
        lines += [f"{name}:{line}: {word}" for line, word in found_in(name, text)]
        lines += [f"{name}: its name" for place in [Path(name).stem] if PROSE.search(place)]

    assert not lines, "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("docs/a.md", "He said so.\n\nVouched for, at the door.", ["said", "Vouched", "door"]),
        ("docs/a.md", "The service desk asked for doorways. All agreed.", []),
        ("docs/a.md", "# What was agreed\n", ["# What was agreed"]),
        ("hooks/a.py", "class Desk:\n    what_said = 1\n", ["said", "Desk"]),
        ("hooks/a.py", "asked_for = agreed = 1  # asked\n", ["asked_for", "agreed"]),
        ("checklists/a.yml", "title: It is told\nrefs: [{title: He said, url: x}]", ["told"]),
        ("tests/a.py", "def test_what_was_said():\n    said = 1\n", ["test_what_was_said"]),
        ("tests/a.py", "def helper_said():\n    pass\n", []),
    ],
)
def test_a_private_word_is_found(name, text, words):
    assert [word for _, word in found_in(name, text)] == words

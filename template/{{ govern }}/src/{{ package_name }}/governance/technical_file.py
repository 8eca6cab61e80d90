"""Bring records and cards together in docs/compliance/: `technical-file`."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json, write_text
from ..utils.logs import log

PATH = Path("docs", "compliance", "technical-documentation.md")
INVENTORY = Path("reports", "inventory.json")
FILL = "> fill:"
# A source is FILE, FOLDER/, FILE.md#Heading or FILE.json#key.of.a.fact. What the document cites
# below a heading is its own line `<!-- from SOURCE, SOURCE -->`; this is an entry of the inventory.
ENTRY = {
    **{key: f"reports/promotion.json#{key}" for key in ("version", "model", "sha256", "run")},
    **{key: f"reports/promotion.json#{key}" for key in ("data", "config_sha256", "created")},
    "purpose": "docs/problem.md#Objective",
    "intended_use": "docs/model-card.md#Intended use",
    "risk_class": "docs/responsible.md#Risk class",
    "who_decides": "docs/oversight.md#Who decides",
}
SECTION = re.compile(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)")
BLOCK = re.compile(r"(?s)(<!-- from (.*?) -->\n).*?(?=<!-- end -->)")


def run(args: argparse.Namespace) -> None:
    """Write the file and the inventory; raises CheckFailed for what is empty or stale."""

    def block(found: re.Match[str]) -> str:
        cited = (line for source in found[2].split(", ") for line in _cite(root, source))
        return found[1] + "".join(f"* {line}\n" for line in cited)

    root, path = args.root, args.root / PATH
    text = BLOCK.sub(block, path.read_text(encoding="utf-8"))
    write_text(path, text)
    entry = {key: _value(root, source) for key, source in ENTRY.items()}
    name = {"name": __name__.partition(".")[0], "technical_file": PATH.as_posix()}
    write_json(root / INVENTORY, name | entry)
    log("document", f"{PATH.as_posix()} and {INVENTORY.as_posix()}")
    if faults := list(find_faults(root, text)):
        raise CheckFailed("\n".join(f"{PATH.as_posix()}: {one}" for one in faults))


def find_faults(root: Path, text: str) -> Iterator[str]:
    """A sentence for each heading without words, each source that is empty, and each link."""
    for heading, body in SECTION.findall(text):
        if not _words(body):
            yield f"'{heading}' is empty"
    for source in (one for block in BLOCK.findall(text) for one in block[1].split(", ")):
        if not list(_cite(root, source)):
            yield f"needs {source}, which is missing or empty"
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in link and not (root / PATH.parent / link).exists():
            yield f"{link}: no such file"


def _cite(root: Path, source: str) -> Iterator[str]:
    """Lines about a source, with a link to it; none where it is missing or empty."""
    if source.endswith("/"):
        for path in sorted((root / source).glob("[0-9]*.md")):
            title = path.read_text(encoding="utf-8").lstrip("# ").partition("\n")[0]
            if not path.name.startswith("0000"):
                yield f"[{source}{path.name}](../../{source}{path.name}): {title}"
    elif (value := _value(root, source)) is not None:
        name, _, key = source.partition("#")
        yield f"[{name}](../../{name}){f': {key}: {value}' if key else ''}"


def _value(root: Path, source: str) -> Any:
    """The first sentence below a heading, or a fact of a report; None where there is none."""
    name, _, key = source.partition("#")
    path = root / name
    if not path.is_file() or not key:
        return "" if path.is_file() else None
    if path.suffix == ".json":
        found = content = read_json(path)
        for part in key.format_map(content).split("."):
            found = (found or {}).get(part)
        return found
    bodies = dict(SECTION.findall(path.read_text(encoding="utf-8")))
    words = " ".join(_words(bodies.get(key, "")).split())
    return re.split(r"(?<=[.!?])\s", words, maxsplit=1)[0] or None


def _words(body: str) -> str:
    """What people wrote: without what is generated, and without prompts up to an empty line."""
    body = re.sub(r"(?s)<!-- from .*?<!-- end -->|<!--.*?-->", "", body)
    return "\n".join(part for part in re.split(r"\n\s*\n", body) if FILL not in part).strip()

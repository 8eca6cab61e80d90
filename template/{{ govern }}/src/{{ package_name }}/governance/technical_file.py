"""Bring records and cards together in docs/compliance/: `technical-file`."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..evaluation.text import interval_text, metric_text
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json, write_text
from ..utils.logs import log

PATH = Path("docs", "compliance", "technical-documentation.md")
INVENTORY = Path("reports", "inventory.json")
FILL = "> fill:"
PROMOTION, EVALUATION = "reports/promotion.json", "reports/evaluation.json"
# What is cited of a report; of others `created`.
FACTS = {
    PROMOTION: "version",
    "reports/live.json": "quality.value",
    "reports/membership.json": "membership.auc",
    "reports/robustness.json": "worst_drop",
}
# An entry of the inventory: what reports/promotion.json has, and documents.
PROMOTED = ("version", "model", "sha256", "run", "data", "config_sha256", "created")
DESCRIBED = {
    "purpose": "docs/problem.md#Objective",
    "intended_use": "docs/model-card.md#Intended use",
    "risk_class": "docs/responsible.md#Risk class",
    "who_decides": "docs/oversight.md#Who decides",
}
# The points of Annex IV. Below each, the document names what is cited: `<!-- from FILE, FILE -->`.
HEADINGS = (
    "General description",
    "Development and design",
    "Monitoring and control",
    "Fitness of the metrics",
    "Risk management",
    "Changes over the lifecycle",
    "Standards applied",
    "Declaration of conformity",
    "Post-market monitoring",
)
BLOCK = re.compile(r"(?s)(<!-- from (.*?) -->\n).*?(?=<!-- end -->)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--check`."""
    parser.add_argument("--check", action="store_true", help="write nothing")


def run(args: argparse.Namespace) -> None:
    """Write the file and the inventory; raises CheckFailed for what is empty or stale."""
    text = (args.root / PATH).read_text(encoding="utf-8")
    written = update(args.root, text)
    faults = list(find_faults(args.root, written))
    if args.check and written != text:
        faults.append(f"{PATH.as_posix()}: its sources have changed; run `technical-file`")
    if not args.check:
        write_text(args.root / PATH, written)
        write_json(args.root / INVENTORY, inventory(args.root))
        log("technical-file", f"{PATH.as_posix()} and {INVENTORY.as_posix()}")
    if faults:
        raise CheckFailed("\n".join(faults))


def update(root: Path, text: str) -> str:
    """The document with its generated parts as the sources are now."""

    def write(found: re.Match[str]) -> str:
        lines = [f"* {line}\n" for one in found[2].split(", ") for line in _cite(root, one)]
        return found[1] + "".join(lines)

    return BLOCK.sub(write, text)


def find_faults(root: Path, text: str) -> Iterator[str]:
    """A sentence for each heading that is missing or empty, each source that is, and each link."""
    for heading in HEADINGS:
        own = re.sub(r"<!--.*?-->", "", BLOCK.sub("", section(text, heading) or ""))
        if not _words(own):
            yield f"{PATH.as_posix()}: '{heading}' is empty"
    for source in (one for block in BLOCK.findall(text) for one in block[1].split(", ")):
        if not list(_cite(root, source)):
            yield f"{PATH.as_posix()}: needs {source}, which is missing or empty"
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in link and not (root / PATH.parent / link).exists():
            yield f"{PATH.as_posix()}: {link}: no such file"


def section(text: str, heading: str) -> str | None:
    """The text below a heading of the second level, or None."""
    found = re.search(rf"(?ms)^## {re.escape(heading)}\s*\n(.*?)(?=^## |\Z)", text)
    return None if found is None else found[1]


def _words(body: str) -> str:
    """What people wrote: without prompts, which go on until an empty line."""
    paragraphs = [part for part in re.split(r"\n\s*\n", body) if FILL not in part]
    return "\n".join(paragraphs).strip()


def _cite(root: Path, source: str) -> Iterator[str]:
    """Lines about a source, with a link to it; none where it is missing or empty."""
    name, _, heading = source.partition("#")
    path = root / name
    if path.is_dir():
        for one in sorted(path.glob("[0-9]*.md")):
            title = one.read_text(encoding="utf-8").lstrip("# ").partition("\n")[0]
            if not one.name.startswith("0000"):
                yield f"{_link(f'{name}{one.name}')}: {title}"
    elif path.suffix == ".json" and path.is_file():
        yield f"{_link(name)}: {_fact(name, read_json(path))}"
    elif heading and path.is_file():
        if words := _words(section(path.read_text(encoding="utf-8"), heading) or ""):
            yield f"{_link(name, heading)}: {_first_sentence(words)}"
    elif path.is_file():
        yield _link(name)


def _link(name: str, heading: str = "") -> str:
    anchor = f"#{heading.lower().replace(' ', '-')}" if heading else ""
    return f"[{name}{f', {heading}' if heading else ''}](../../{name}{anchor})"


def _first_sentence(words: str) -> str:
    return re.split(r"(?<=[.!?])\s", " ".join(words.split()), maxsplit=1)[0]


def _fact(name: str, content: dict[str, Any]) -> str:
    if name == EVALUATION:
        metric = content["metric"]
        return f"{metric_text(metric)} {interval_text(content['metrics'][metric])} on the test part"
    found: Any = content
    for key in FACTS.get(name, "created").split("."):
        found = (found or {}).get(key)
    return f"{FACTS.get(name, 'created')} {'is not known' if found is None else found}"


def inventory(root: Path) -> dict[str, Any]:
    """The champion as an entry of an organisation's list of models; null where nothing is known."""
    path = root / PROMOTION
    promotion = read_json(path) if path.is_file() else {}
    return {
        "name": __name__.partition(".")[0],
        **{key: promotion.get(key) for key in PROMOTED},
        **{key: _text(root, source) for key, source in DESCRIBED.items()},
        "technical_file": PATH.as_posix(),
    }


def _text(root: Path, source: str) -> str | None:
    line = next(_cite(root, source), None)
    return line.partition("): ")[2] if line else None

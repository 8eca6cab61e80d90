"""First versions of document sections, made from reports and facts, for a person to read and sign.

Nothing is guessed: what only a person knows stays a prompt, and a section that somebody has
begun to write is left alone.
"""

import textwrap
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ml_checklist import markdown
from ml_checklist.errors import DataError, nearest
from ml_checklist.probes.tree import Tree

RARE = 0.05  # share of rows below which a value is called rare
N_ROWS, N_COLUMNS = 10, 5  # how many rows and columns a draft names
MANIFEST, PROFILE = "data/manifest.json", "reports/profile.json"
EVALUATION = "reports/evaluation.json"
SIGNS = "Whoever signs this section has verified it."


class Draft(NamedTuple):
    """Where a draft goes, and what makes it of the project's files and facts."""

    file: str
    heading: str
    make: Callable[[Tree, Mapping[str, Any]], list[str]]


def _read(tree: Tree, name: str, remedy: str) -> Any:
    found = tree.find(name)
    if not found:
        raise DataError(f"{name} is missing; run `{remedy}`")
    return tree.data(found[0], "json")


def _sources(tree: Tree, key: str) -> list[dict[str, Any]]:
    """The data files of the manifest, all of which have `key`."""
    files: list[dict[str, Any]] = _read(tree, MANIFEST, "make prepare")["files"]
    if not all(file.get(key) for file in files):
        raise DataError(f"data.{key} in conf/default.yaml is not set; set it and `make prepare`")
    return files


def origin(tree: Tree, facts: Mapping[str, Any]) -> list[str]:
    return [
        f"`{file['file']}`: {file['origin']}. Retrieved on {file['retrieved']}, "
        f"{file['size_bytes']} bytes, SHA-256 `{file['sha256'][:16]}`."
        for file in _sources(tree, "origin")
    ]


def licence(tree: Tree, facts: Mapping[str, Any]) -> list[str]:
    files = _sources(tree, "licence")
    lines = [f"`{file['file']}`: {file['licence']}, as data.licence says." for file in files]
    return [*lines, f"Its terms allow storage and training for this use. {SIGNS}"]


def known_gaps(tree: Tree, facts: Mapping[str, Any]) -> list[str]:
    """Empty cells and rare values, as the profile counts them."""
    n_rows = _read(tree, MANIFEST, "make prepare")["rows"]["kept"]
    columns = _read(tree, PROFILE, "make prepare")["columns"]
    gaps = sorted((c for c in columns if c["nulls"]), key=lambda c: -c["nulls"])[:N_COLUMNS]
    empty = [f"`{c['name']}` {c['nulls'] / n_rows:.1%}" for c in gaps]
    rare = [
        f"`{c['name']}` = {top['value']} ({top['rows']})"
        for c in columns
        if c["type"] in ("category", "boolean")
        for top in c.get("top") or ()
        if top["rows"] < RARE * n_rows
    ]
    return [
        f"{n_rows} rows. Empty cells: {', '.join(empty) or 'none'}.",
        f"Values of fewer than {RARE:.0%} of the rows: {', '.join(rare[:N_ROWS]) or 'none'}.",
        "> fill: Add the cases that the source never records and the use will meet, "
        "or that you looked and found none.",
    ]


def errors_seen(tree: Tree, facts: Mapping[str, Any]) -> list[str]:
    """The confused classes, the worst rows and the weakest slice of the evaluation."""
    report = _read(tree, EVALUATION, "make train evaluate")
    worst = [
        f"{each['row']} ({each['y_true']} predicted as {each['y_pred']})"
        for each in report.get("worst_errors", ())[:N_ROWS]
    ]
    return [
        f"{report['n_rows']} test rows. {_confusion(report)}".rstrip(),
        f"Rows with the largest errors: {', '.join(worst) or 'none'}.",
        "> fill: Read these rows, sort them by cause with a count each, and say what you do "
        "about the largest cause.",
    ]


def _confusion(report: Mapping[str, Any]) -> str:
    table = report.get("confusion")
    if not table:
        return ""
    names = table["classes"]
    wrong = [
        f"{n} {names[row]} as {names[column]}"
        for row, counts in enumerate(table["counts"])
        for column, n in enumerate(counts)
        if n and row != column
    ]
    return f"Predicted wrongly: {', '.join(wrong) or 'none'}."


def risk_class(tree: Tree, facts: Mapping[str, Any]) -> list[str]:
    if facts.get("risk_tier") != "minimal" or facts.get("affects_people") is not False:
        raise DataError("only minimal risk without decisions about people can be drafted")
    return [
        "Minimal: by the facts of this project a wrong prediction is at most annoying, and no "
        "prediction decides about people.",
        "No use that Article 5 of the AI Act prohibits or that Article 6 with Annex III names, "
        f"and no safety component. {SIGNS}",
    ]


DRAFTS = {
    "data.origin": Draft("docs/data-card.md", "Origin", origin),
    "data.licence": Draft("docs/data-card.md", "Licence", licence),
    "data.known-gaps": Draft("docs/data-card.md", "Known gaps", known_gaps),
    "evaluation.error-analysis": Draft("docs/model-card.md", "Errors seen", errors_seen),
    "responsible-ai.risk-class": Draft("docs/responsible.md", "Risk class", risk_class),
}


def filled(tree: Tree, facts: Mapping[str, Any], name: str) -> tuple[str, str]:
    """The document of an item and its text with the draft; DataError says why there is none."""
    if name not in DRAFTS:
        raise DataError(f"has no draft{nearest(name, DRAFTS)}")
    draft = DRAFTS[name]
    file = next(iter(tree.find(draft.file)), "")
    text = (tree.text(file) if file else None) or ""
    part = tree.section(file, draft.heading) if text else None
    if part is None:
        raise DataError(f"{draft.file} has no section {draft.heading!r}")
    if not _untouched(part.body):
        raise DataError(f"{file}: {draft.heading!r} is written already; it is left as it is")
    lines = text.split("\n")
    start, end = part.line, part.line + part.body.count("\n") + 1
    body: list[str] = []
    for line in draft.make(tree, facts):
        wrapped = textwrap.wrap(line, 120, break_long_words=False, break_on_hyphens=False)
        body += ["", line] if line.startswith(">") else wrapped
    tail = [""] if end < len(lines) else []
    return file, "\n".join([*lines[:start], "", *body, *tail, *lines[end:]])


def _untouched(body: str) -> bool:
    """Whether a section holds its prompt and nothing else."""
    lines = [line for line in body.splitlines() if line.strip()]
    return markdown.prompts(body) and all(line.lstrip().startswith(">") for line in lines)

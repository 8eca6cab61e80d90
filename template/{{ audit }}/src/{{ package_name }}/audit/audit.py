"""Print the faults of the project by severity, with file and line: `audit`."""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from ..configs.load import load
from ..configs.settings import Section
from ..evaluation.report import render
from ..utils.errors import CheckFailed
from ..utils.files import write_json, write_text
from ..utils.logs import log
from .changes import print_changes
from .code import find_in_code
from .records import CHECKS, Finding, Records, rules

REPORT, PAGE, ACCEPTED = "reports/audit.json", "reports/audit.html", "conf/audit-accepted.yaml"
SKIPPED = {  # silence about what could not be looked at is no good news
    "manifest": "data/: not prepared, or changed since: scaling, protected attributes; `prepare`",
    "run": "logs/: no finished run: scaling, lineage; `train`",
}


class Accepted(Section):
    """Findings of one kind in one file, accepted through the day `until`."""

    id: str
    file: str
    reason: Annotated[str, Field(min_length=10)]
    until: date


class Acceptances(Section):
    """conf/audit-accepted.yaml."""

    accepted: tuple[Accepted, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--changed`."""
    text = "which stage of the pipeline changed a number between two runs, or versions in models/"
    parser.add_argument("--changed", nargs=2, metavar="RUN", help=text)


def run(args: argparse.Namespace) -> None:
    """Write reports/audit.json and its page; raises CheckFailed where an error stands."""
    if args.changed:
        return print_changes(args.root, args.changed)
    report = audit(args.root)
    write_json(args.root / REPORT, report)
    write_text(args.root / PAGE, render("audit/audit.html", report=report))
    n = report["n"]
    counts = f"{n['error']} errors, {n['warning']} warnings; {len(report['accepted'])} accepted"
    log("audit", f"{counts}; {report['n_sources']} sources")
    for one in report["findings"]:
        line = f":{one['line']}" if one["line"] else ""
        log(one["severity"], f"{one['id']}  {one['file']}{line}")
        log("", one["seen"])
    for line in report["skipped"]:
        log("skipped", line)
    log("", f"why, and what to do: {PAGE}      record  {REPORT}")
    if n["error"]:
        raise CheckFailed(f"audit: {n['error']} errors; settle them, or accept them for a time")


def audit(root: Path) -> dict[str, Any]:
    """The content of reports/audit.json."""
    now, records = datetime.now(UTC), Records(root)
    n_sources, found = find_in_code(root)
    for check in CHECKS:
        try:
            found += check(records)
        except Exception as error:  # a record of another form
            seen = f"{check.__name__}: {type(error).__name__}: {error}".replace(f"{root}/", "")
            found.append(Finding("audit.unreadable", seen[:200], "reports/"))
    listed = load(root, ACCEPTED, Acceptances).accepted
    valid = [one.model_dump(mode="json") for one in listed if one.until >= now.date()]
    known = {(one["id"], one["file"]): one for one in valid}
    entries = [one._asdict() | rules()["kinds"][one.id] for one in dict.fromkeys(found)]
    entries.sort(key=lambda one: (one["severity"], one["file"], one["line"] or 0))
    standing = [one for one in entries if (one["id"], one["file"]) not in known]
    accepted = [one for one in entries if one not in standing]
    return {
        "created": now.isoformat(timespec="seconds"),
        "run": records.run.folder.name if records.run else None,
        "n_sources": n_sources,
        "n": {s: sum(one["severity"] == s for one in standing) for s in ("error", "warning")},
        "findings": standing,
        "accepted": [one | known[one["id"], one["file"]] for one in accepted],
        "skipped": [text for name, text in SKIPPED.items() if getattr(records, name) is None],
    }

"""Print the faults of the project by severity, with file and line: `audit`."""

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from ..evaluation.report import render
from ..utils.errors import CheckFailed
from ..utils.files import write_json, write_text
from ..utils.logs import log
from .changes import print_changes
from .code import find_in_code
from .findings import SEVERITIES, Finding, acceptances, kinds
from .records import Records, find_compliance, find_drift, find_gaps, find_skew
from .training import find_loss, find_scaling

REPORT, PAGE = "reports/audit.json", "reports/audit.html"
Check = Callable[[Records], Iterator[Finding]]
OF_RECORDS = (find_gaps, find_drift, find_skew, find_compliance)
CHECKS: tuple[Check, ...] = (find_scaling, find_loss, *OF_RECORDS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--changed`."""
    text = "which stage of the pipeline changed a number between two runs, or versions in models/"
    parser.add_argument("--changed", nargs=2, metavar="RUN", help=text)


def run(args: argparse.Namespace) -> None:
    """Write reports/audit.json and its page; raises CheckFailed where an error stands."""
    if args.changed:
        print_changes(args.root, (args.changed[0], args.changed[1]))
        return
    report = audit(args.root)
    write_json(args.root / REPORT, report)
    write_text(args.root / PAGE, render("audit/audit.html", report=report))
    _print(report)
    if n_errors := report["n"]["error"]:
        raise CheckFailed(f"audit: {n_errors} errors; settle them, or accept them for a time")


def audit(root: Path) -> dict[str, Any]:
    """The content of reports/audit.json."""
    records = Records(root)
    n_sources, found = find_in_code(root)
    found += [one for check in CHECKS for one in _findings(check, records)]
    entries = sorted((_entry(one) for one in dict.fromkeys(found)), key=_order)
    now = datetime.now(UTC)
    known = acceptances(root, now.date())
    standing = [one for one in entries if (one["id"], one["file"]) not in known]
    accepted = [one | known[one["id"], one["file"]] for one in entries if one not in standing]
    return {
        "created": now.isoformat(timespec="seconds"),
        "run": records.run.folder.name if records.run else None,
        "n_sources": n_sources,
        "n": {one: sum(entry["severity"] == one for entry in standing) for one in SEVERITIES},
        "findings": standing,
        "accepted": accepted,
        "skipped": list(_skipped(records)),
    }


def _findings(check: Check, records: Records) -> list[Finding]:
    """What a check finds; a record of another form is a finding itself."""
    try:
        return list(check(records))
    except (KeyError, TypeError, AttributeError, ValueError, yaml.YAMLError) as error:
        text = str(error).replace(f"{records.root}/", "")
        seen = f"{check.__name__}: {type(error).__name__}: {text}"
        return [Finding("audit.unreadable", seen, "reports/")]


def _order(entry: dict[str, Any]) -> tuple[int, str, int]:
    return SEVERITIES.index(entry["severity"]), entry["file"], entry["line"] or 0


def _entry(finding: Finding) -> dict[str, Any]:
    place = {"file": finding.file, "line": finding.line, "seen": finding.seen}
    return {"id": finding.kind, **place, **kinds()[finding.kind].model_dump()}


def _skipped(records: Records) -> Iterator[str]:
    """What could not be looked at, and why: silence about it is no good news."""
    if records.manifest is None:
        yield "data/: not prepared, or changed since: scaling, protected attributes; `prepare`"
    if records.run is None:
        yield "logs/: no finished run: scaling, lineage; `train`"


def _print(report: dict[str, Any]) -> None:
    n, n_accepted = report["n"], len(report["accepted"])
    counts = f"{n['error']} errors, {n['warning']} warnings; {n_accepted} accepted"
    log("audit", f"{counts}; {report['n_sources']} sources")
    for one in report["findings"]:
        place = one["file"] + (f":{one['line']}" if one["line"] else "")
        log(one["severity"], f"{one['id']}  {place}")
        log("", one["seen"])
    for line in report["skipped"]:
        log("skipped", line)
    log("", f"why, and what to do: {PAGE}      record  {REPORT}")

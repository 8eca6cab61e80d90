"""Print the faults of the project by severity, with file and line: `audit`."""

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..evaluation.report import metric_text, number_text, render
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import write_json, write_text
from ..utils.logs import log
from .architecture import find_architecture, read_layers
from .findings import SEVERITIES, Finding, apply_acceptances, kinds
from .leakage import find_leakage
from .lineage import compare_runs, find_gaps
from .operation import find_compliance, find_drift, find_skew
from .records import Records
from .sources import read_sources
from .training import find_loss, find_scaling, find_suspects

REPORT, PAGE, CHANGED = "reports/audit.json", "reports/audit.html", "reports/audit-changed.json"
MAX_SHOWN = 3  # differences of a stage; the others are in reports/audit-changed.json
Check = Callable[[Records], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    *(find_suspects, find_scaling, find_loss, find_gaps),
    *(find_drift, find_skew, find_compliance),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--changed`."""
    text = "which stage of the pipeline changed a number between two runs, or versions in models/"
    parser.add_argument("--changed", nargs=2, metavar="RUN", help=text)


def run(args: argparse.Namespace) -> None:
    """Write reports/audit.json and its page; raises CheckFailed where an error stands."""
    if args.changed:
        _print_changed(args.root, (args.changed[0], args.changed[1]))
        return
    report = audit(args.root)
    write_json(args.root / REPORT, report)
    write_text(args.root / PAGE, render("audit/audit.html", report=report))
    _print(report)
    if n_errors := report["n"]["error"]:
        raise CheckFailed(f"audit: {n_errors} errors; settle them, or accept them for a time")


def audit(root: Path) -> dict[str, Any]:
    """The content of reports/audit.json."""
    records, layers = Records(root), read_layers(root)
    sources, found = read_sources(root)
    found += [one for source in sources for one in find_leakage(source)]
    found += [one for source in sources for one in find_architecture(source, layers)]
    found += [one for check in CHECKS for one in _findings(check, records)]
    today = datetime.now(UTC).date()
    standing, accepted = apply_acceptances(root, dict.fromkeys(found), today)
    entries = sorted(map(_entry, standing), key=_order)
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "run": records.run.folder.name if records.run else None,
        "trees": runs.trees(root),
        "data": records.run.record["data"] if records.run else None,
        "n_sources": len(sources),
        "n": {one: sum(entry["severity"] == one for entry in entries) for one in SEVERITIES},
        "findings": entries,
        "accepted": [{**_entry(one), **why.model_dump(mode="json")} for one, why in accepted],
        "skipped": list(_skipped(records, layers)),
    }


def _findings(check: Check, records: Records) -> list[Finding]:
    """What a check finds; a record of another form is a finding itself."""
    try:
        return list(check(records))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        text = str(error).replace(f"{records.root}/", "")
        seen = f"{check.__name__}: {type(error).__name__}: {text}"
        return [Finding("audit.unreadable", seen, "reports/")]


def _order(entry: dict[str, Any]) -> tuple[int, str, int]:
    return SEVERITIES.index(entry["severity"]), entry["file"], entry["line"] or 0


def _entry(finding: Finding) -> dict[str, Any]:
    kind, of_kind = kinds()[finding.kind], {"id": finding.kind}
    place = {"file": finding.file, "line": finding.line, "seen": finding.seen}
    return {**of_kind, **place, **kind.model_dump()}


def _skipped(records: Records, layers: list[set[str]]) -> Iterator[str]:
    """What could not be looked at, and why: silence about it is no good news."""
    if records.manifest is None:
        yield "data/: not prepared, or changed since: leaks, imbalance, licences; `prepare`"
    if records.run is None:
        yield "logs/: no finished run: scaling, lineage; `train`"
    if not layers:
        yield "pyproject.toml: no contract of layers: imports"


def _print(report: dict[str, Any]) -> None:
    n = report["n"]
    text = f"{n['error']} errors, {n['warning']} warnings, {n['note']} notes"
    log("audit", f"{text}; {len(report['accepted'])} accepted; {report['n_sources']} sources")
    for one in report["findings"]:
        place = one["file"] + (f":{one['line']}" if one["line"] else "")
        log(one["severity"], f"{one['id']}  {place}")
        log("", one["seen"])
    for line in report["skipped"]:
        log("skipped", line)
    log("", f"why, and what to do: {PAGE}      record  {REPORT}")


def _print_changed(root: Path, names: tuple[str, str]) -> None:
    report = compare_runs(root, names)
    write_json(root / CHANGED, report)
    values = [f"{one['run']} {number_text(one['value'])}" for one in report["runs"]]
    log("changed", f"{metric_text(report['metric'])} on valid: {', '.join(values)}")
    for number, stage in enumerate(report["stages"]):
        differences = stage["differences"]
        more = f", {len(differences)} values" if len(differences) > 1 else ""
        log("", f"{'first' if number == 0 else 'later'}     {stage['stage']}{more}")
        for one in differences[:MAX_SHOWN]:
            shown = " -> ".join(str(value)[:40] for value in one["values"])
            log("", f"          {one['place']}: {shown}")
    if not report["stages"]:
        log("", "no stage differs; what is not recorded: threads, hardware, the environment")
    log("", f"record    {CHANGED}; later stages may follow from the first")

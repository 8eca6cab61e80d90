"""Faults around a model in use: drift that nobody sees, skew, and duties towards people."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import yaml  # type: ignore[import-untyped]

from .findings import Finding, line_of
from .records import ALIASES, CONF, Records

LIVE, DRIFT, SKEW = "reports/live.json", "reports/drift.json", "reports/skew.json"
MONITORING, GOVERNANCE = "conf/monitoring.yaml", "conf/governance.yaml"
FAIRNESS, FAIRNESS_REPORT = "conf/fairness.yaml", "reports/fairness.json"
CARD, SCHEMA = "docs/data-card.md", "conf/schema.yaml"
MAX_UNEQUAL = 0.001  # share of rows, as `skew` has it
DAY_S = 86_400
SEGMENTS = (".parquet", ".jsonl")  # of the log: closed ones, and the one that is written
# Names that columns about a person often have, in English; whole words of the name.
PERSONAL = re.compile(
    r"(^|_)(first_?name|last_?name|full_?name|surname|e_?mail|phone|mobile|street|postcode|zip"
    r"|birth|dob|ssn|iban|passport|ip_?address|latitude|longitude|patient_?id)(_|$)"
)


def find_drift(records: Records) -> Iterator[Finding]:
    """A served model that nobody watches, and columns that moved."""
    if records.is_served and not (records.root / MONITORING).is_file():
        assert records.champion is not None
        seen = f"version {records.champion.name} is champion, and there is no {MONITORING}"
        yield records.finding("drift.unwatched", seen, ALIASES, "champion")
    live, served = records.json(LIVE), _served_at(records)
    if served and (records.root / MONITORING).is_file():
        window_days = float(_yaml(records, MONITORING)["windows"]["days"])
        seen_at = _time(live["created"]) if live else served[0]
        overdue = (served[-1] - seen_at) / DAY_S
        if overdue > window_days:
            seen = f"predictions of {overdue:.1f} days since; windows.days is {window_days:g}"
            yield records.finding("drift.report-old", seen, LIVE, "created")
    moved = [one["column"] for one in records.json(DRIFT).get("columns", []) if one["moved"]]
    live_moved = live.get("drift", {}).get("columns", [])
    reports = ((DRIFT, "columns", moved), (LIVE, "drift", live_moved))
    for file, key, columns in reports:
        if columns and not _trained_since(records, records.json(file)["created"]):
            yield records.finding("drift.unanswered", f"moved: {', '.join(columns)}", file, key)


def find_skew(records: Records) -> Iterator[Finding]:
    """Columns that differ between the service and training, and comparisons that are missing."""
    report = records.json(SKEW)
    for number, one in enumerate(report.get("columns", [])):
        if one["unequal_share"] > MAX_UNEQUAL:
            seen = f"{one['column']}: {one['unequal_share']:.2%} of rows differ"
            yield records.finding("skew.over-limit", seen, SKEW, "columns", number)
    if not report and _served_at(records):
        yield records.finding("skew.absent", f"predictions are logged, and no {SKEW}", SKEW)
    champion = records.champion
    if report and champion is not None and report["model_version"] != champion.name:
        seen = f"of version {report['model_version']}; {champion.name} is champion"
        yield records.finding("skew.old", seen, SKEW, "model_version")


def find_compliance(records: Records) -> Iterator[Finding]:
    """Licences, personal columns and protected attributes."""
    if records.manifest is not None:
        for one in records.manifest["files"]:
            if not one["licence"]:
                seen = f"data.licence of {one['file']} is empty"
                yield records.finding("compliance.licence", seen, CONF, "data", "licence")
    line = _empty_section(records, "Licence")
    if line:
        yield Finding("compliance.licence", "the section Licence is empty", CARD, line)
    schema = _yaml(records, SCHEMA).get("columns", {})
    names = [name for name in schema if PERSONAL.search(name.lower())]
    governed = (records.root / GOVERNANCE).is_file() and not _empty_section(
        records, "Personal data"
    )
    for name in [] if governed else names:
        line = line_of(records.root, SCHEMA, "columns", name)
        yield Finding("compliance.personal", f"{name} may be about a person", SCHEMA, line)
    yield from _find_protected(records)


def _find_protected(records: Records) -> Iterator[Finding]:
    """What conf/fairness.yaml and its report say of the attributes that it names."""
    columns = _yaml(records, FAIRNESS).get("columns") or []
    features = records.manifest["features"] if records.manifest else []
    for name in [name for name in columns if name in features]:
        seen = f"{name} of {FAIRNESS} is a feature"
        yield records.finding("compliance.protected", seen, CONF, "data", "ignore")
    report = records.json(FAIRNESS_REPORT)
    if columns and not report:
        seen = f"{', '.join(columns)} are named, and proxies were not looked for"
        yield records.finding("compliance.proxy", seen, FAIRNESS, "columns")
    for one in report.get("proxies", []):
        if one["auc"] > report["max_auc"] and one["feature"] not in report["kept_because"]:
            seen = f"{one['feature']} predicts {one['attribute']}, area {one['auc']:.2f}"
            yield records.finding("compliance.proxy", seen, FAIRNESS_REPORT, "proxies")


def _served_at(records: Records) -> list[float]:
    """When the files of the prediction log were written, in seconds, in order."""
    files = (records.root / "data" / "served" / "predictions").glob("*")
    return sorted(path.stat().st_mtime for path in files if path.suffix in SEGMENTS)


def _trained_since(records: Records, created: str) -> bool:
    return records.run is not None and _time(records.run.record["started"]) > _time(created)


def _time(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _yaml(records: Records, file: str) -> dict[str, Any]:
    path = records.root / file
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}


def _empty_section(records: Records, heading: str) -> int | None:
    """The line of a heading of the data card that nobody has filled in; else None."""
    path = records.root / CARD
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if f"## {heading}" not in lines:
        return None
    start = lines.index(f"## {heading}") + 1
    rest = [*lines[start:], "## "]
    body = rest[: next(n for n, line in enumerate(rest) if line.startswith("## "))]
    filled = [line for line in body if line.strip() and not line.startswith("> fill:")]
    return None if filled else start

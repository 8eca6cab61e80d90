"""List the runs in logs/ with their page, or compare two: `runs`."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from ..evaluation.report import render, write_script
from ..evaluation.text import interval_text, metric_text
from ..utils import runs
from ..utils.files import write_text
from ..utils.logs import log

PAGE = "reports/runs.html"
COMPARED = ("config", "data", "git", "trees", "environment")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--compare`."""
    parser.add_argument("--compare", nargs=2, metavar="RUN", help="what differs between two runs")


def run(args: argparse.Namespace) -> None:
    """Print all runs, the newest last, and draw them; or compare two."""
    if args.compare:
        return compare(*(runs.find(args.root, name).record for name in args.compare))
    rows = sorted(map(summarize, runs.every(args.root)), key=lambda row: str(row["started"]))
    for row in rows:
        value = interval_text(row["value"]) if row["value"] else row["status"]
        text = f"{row['model']:<10}{metric_text(row['metric'])} {value}"
        log("runs", f"{row['run']}  {text}  {row['commit']}")
    write_script(args.root)
    write_text(args.root / PAGE, render("history/runs.html", title="Runs", rows=rows[::-1]))
    log("", f"page      {PAGE}")


def summarize(one: runs.Run) -> dict[str, Any]:
    """run, started, status, command, model, metric, its value on valid or None, and commit."""
    config, record = one.record["config"], one.record
    commit, valid = record["git"]["commit"], record.get("metrics", {}).get("valid", {})
    return {
        **{key: record[key] for key in ("run", "started", "status", "command")},
        **{key: config[key] for key in ("model", "metric")},
        "value": valid.get(config["metric"]),
        "commit": (commit or "no commit")[:9] + ("+changes" if record["git"]["dirty"] else ""),
    }


def compare(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Print the values of two run records that differ, and their metrics on valid."""
    log("runs", f"{one['run']} -> {other['run']}")
    for part in COMPARED:
        for key, old, new in differences(one[part], other[part]):
            log("", f"{part}.{key}: {old} -> {new}")
    for name, value in one["metrics"]["valid"].items():
        shown = interval_text(other["metrics"]["valid"].get(name, {"value": None, "low": None}))
        log("", f"{metric_text(name):<24}{interval_text(value)} -> {shown} on valid")


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """(key, value, other value) wherever two nested mappings differ; None for a missing key."""
    for key in dict.fromkeys([*one, *other]):
        old, new = one.get(key), other.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from ((f"{key}.{inner}", *pair) for inner, *pair in differences(old, new))
        elif old != new:
            yield key, old, new

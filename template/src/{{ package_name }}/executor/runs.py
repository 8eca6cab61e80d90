"""List the runs in logs/, compare two of them, or draw them all."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ..configs.schema import Config
from ..utils import runs
from ..utils.files import write_text
from ..utils.logs import say
from . import comparing, scoring

PAGE = Path(runs.LOGS, "runs.html")
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--compare`, `--plot`, `--all`, `--command`, `--json`."""
    parser.add_argument("--compare", nargs=2, metavar="RUN", help="two runs, side by side")
    parser.add_argument("--plot", action="store_true", help=f"all runs on one page, {PAGE}")
    parser.add_argument("--all", action="store_true", help=f"more than the newest {SHOWN}")
    parser.add_argument("--command", help="only runs of this command, such as train or tune")
    parser.add_argument("--json", action="store_true", help="the same, for a program")


def run(config: Config, args: argparse.Namespace) -> int:
    """Reads run.json files and nothing else, so that it answers at once."""
    if args.compare:
        found = comparing.compare(*(runs.find(args.root, name).record for name in args.compare))
        _print(found) if args.json else _say_difference(found)
        return 0
    records = [one.record for one in runs.every(args.root)]
    chosen = [record for record in records if args.command in (None, record["command"])]
    chosen.sort(key=lambda record: (str(record["started"]), str(record["run"])))
    listed = [comparing.line_of(record) for record in chosen]
    if args.plot:
        _plot(args.root, config.metric, listed)
    elif args.json:
        _print({"runs": listed})
    else:
        _say_list(listed, SHOWN if not args.all else len(listed))
    return 0


def _print(content: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _say_list(listed: list[dict[str, Any]], n_shown: int) -> None:
    say("runs", f"{len(listed)} in {runs.LOGS}/")
    for one in listed[len(listed) - min(n_shown, len(listed)) :]:
        say("", "  ".join([f"{one['run']:<22}{one['command']:<8}", _result(one)]))
    if len(listed) > n_shown:
        say("", f"and {len(listed) - n_shown} older ones (--all)")


def _result(one: dict[str, Any]) -> str:
    model = f"{one['model'] or '':<10}"
    if one["status"] != "finished":
        return f"{model}{one['status']}"
    if one["value"] is None:
        return f"{model}no value"
    value = f"{scoring.in_words(one['metric'])} {scoring.interval(one['value'])} on {one['part']}"
    return f"{model}{value}"


def _say_difference(found: dict[str, Any]) -> None:
    one, other = found["runs"]
    say("runs", f"{one} and {other}")
    for name in ("config", "data", "code", "environment"):
        _say_part(name, found[name])
    for part, metrics in found["metrics"].items():
        for metric, pair in metrics.items():
            said = "  ".join("-" if value is None else scoring.interval(value) for value in pair)
            say("", f"{part:<7}{scoring.in_words(metric):<22}{said}")
    if found["data"]:
        say("", "the data differ: the metrics are of other rows, and say nothing of each other")


def _say_part(name: str, different: dict[str, list[Any]]) -> None:
    if not different:
        say("", f"{name:<12}the same")
    for key, (one, other) in different.items():
        pair = " -> ".join("-" if value is None else str(value) for value in (one, other))
        say("", f"{name:<12}{key}: {pair}")


def _plot(root: Path, metric: str, listed: list[dict[str, Any]]) -> None:
    from ..evaluation.report import whole
    from ..evaluation.runs_page import parts

    drawn = [one for one in listed if one["value"] is not None and one["metric"] == metric]
    if not drawn:
        raise ValueError(f"{runs.LOGS}/: no finished run with {metric}; run `train` first")
    write_text(root / PAGE, whole("runs", parts(metric, drawn)))
    say("runs", f"{len(drawn)} of {len(listed)} drawn to {PAGE.as_posix()}")

"""`checklist-fleet PLACE...`: who is on which template version, phase and gate, stale and waived.

0 every repository was read, 1 some were not, 2 bad usage.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ml_checklist import files

from ml_fleet.page import page
from ml_fleet.read import read_all
from ml_fleet.row import Row, rank, to_line
from ml_fleet.table import table

READ, LOST, BAD = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Read, show, and say in the exit code whether all could be read."""
    args = _parser().parse_args(argv)
    try:
        places = [*args.place, *_listed(args.list)]
        if not places:
            raise ValueError("name a repository, a file of JSON lines, or --list FILE")
        rows = sorted(read_all(places, args.jobs), key=rank)
        _put(args.output, _shown(rows, args.format))
        lost = [row.place for row in rows if row.error]
        if args.failed:
            files.write(Path(args.failed), "".join(f"{place}\n" for place in lost))
    except (ValueError, OSError) as error:
        print(f"checklist-fleet: {error}", file=sys.stderr)
        return BAD
    return LOST if lost else READ


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="checklist-fleet", description=__doc__)
    add = parser.add_argument
    add("place", nargs="*", help="a repository, or a file of JSON lines (- reads standard input)")
    add("--list", metavar="FILE", help="more places, one a line")
    add("--format", choices=("table", "jsonl", "html"), default="table")
    add("-o", "--output", metavar="FILE", help="write there instead of to standard output")
    add(
        "--failed", metavar="FILE", help="write what could not be read there, to be given to --list"
    )
    add("-j", "--jobs", type=_count, help="processes (default: one a core)")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return number


def _listed(file: str | None) -> list[str]:
    if file is None:
        return []
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _shown(rows: Sequence[Row], form: str) -> str:
    if form == "jsonl":
        return "\n".join(json.dumps(to_line(row), ensure_ascii=False) for row in rows)
    return page(rows) if form == "html" else table(rows)


def _put(output: str | None, text: str) -> None:
    if output:
        files.write(Path(output), text + "\n")
    else:
        print(text)

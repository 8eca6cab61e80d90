"""What the fleet costs: `python bench/bench_fleet.py PROJECT [--repositories 1000]`.

PROJECT is a generated project that is committed. It is laid out many times (hard links, so that
it costs no disk), with a tick of its own in each. Then the page is made from all checkouts, and
from the JSON report of each, each in a process of its own, whose time and memory are taken.
Exit code 1 when a limit is missed: 20 s and 500 MiB for the page of a thousand reports.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TICK = "status: done\nby: '@ann'\ndate: '2026-11-20'\nitem_rev: 1\nevidence:\n  - url: https://example.org/{n}\n"
ITEM = "version-control.reviewed"  # a person signs it off, with an address
MAX_SECONDS, MAX_MIB = 20.0, 500.0
MIB = 1 << 20
MEASURED = """
import resource, sys
from ml_fleet.cli import main

code = main(sys.argv[1:])
seen = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = sum(one.ru_utime + one.ru_stime for one in seen)
print(cpu, max(one.ru_maxrss for one in seen) * 1024)
sys.exit(code)
"""


def main() -> int:
    """Measure, print, and compare with the limits."""
    args = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        places = _lay_out(args.project.resolve(), top / "fleet", args.repositories)
        reports = _reports(places[0], top / "reports.jsonl", args.repositories)
        listed = top / "list.txt"
        listed.write_text("".join(f"{place}\n" for place in places), encoding="utf-8")
        page = ["--format", "html", "-o", str(top / "fleet.html")]
        from_reports = _measured([str(reports), *page])
        from_checkouts = _measured(["--list", str(listed), *page])
    print(f"{args.repositories} repositories      wall s   CPU s   peak MiB of one process")
    for name, (wall, cpu, peak) in (("reports", from_reports), ("checkouts", from_checkouts)):
        print(f"from their {name:<12} {wall:8.1f} {cpu:7.1f} {peak:10.0f}")
    limit = MAX_SECONDS * args.repositories / 1000
    holds = from_reports[0] <= limit and max(from_reports[2], from_checkouts[2]) <= MAX_MIB
    print("all limits hold" if holds else f"limits: {limit:g} s from reports, {MAX_MIB:g} MiB")
    return 0 if holds else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path, help="a generated project that is committed")
    parser.add_argument("--repositories", type=int, default=1000)
    return parser.parse_args()


def _lay_out(project: Path, into: Path, count: int) -> list[Path]:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=project, check=True, capture_output=True, text=True
    )
    names = [name for name in tracked.stdout.split("\0") if name]
    kept: list[Path] = [p for p in (project / ".git").rglob("*") if p.is_file()]
    git = [path.relative_to(project).as_posix() for path in kept]
    places = [into / f"project-{n:04}" for n in range(count)]
    for n, place in enumerate(places):
        for name in [*names, *git]:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(project / name, place / name)
        for folder in (".git/refs", ".git/objects"):
            (place / folder).mkdir(parents=True, exist_ok=True)
        tick = place / "checklist/ticks" / f"{ITEM}.yml"
        tick.parent.mkdir(exist_ok=True)
        tick.unlink(missing_ok=True)
        tick.write_text(TICK.format(n=n), encoding="utf-8")
    return places


def _reports(place: Path, into: Path, count: int) -> Path:
    command = [sys.executable, "-m", "ml_checklist", "report", "--root", str(place)]
    done = subprocess.run(
        [*command, "--format", "json"], check=True, capture_output=True, text=True
    )
    line = " ".join(done.stdout.split("\n"))
    into.write_text(f"{line}\n" * count, encoding="utf-8")
    return into


def _measured(words: list[str]) -> tuple[float, float, float]:
    """Wall and CPU seconds of the command, and the peak memory of its largest process in MiB."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words], check=True, capture_output=True, text=True
    )
    cpu, peak = map(float, done.stdout.split())
    return time.perf_counter() - started, cpu, peak / MIB


if __name__ == "__main__":
    if shutil.which("git") is None:
        raise SystemExit("git is missing; install it first")
    raise SystemExit(main())

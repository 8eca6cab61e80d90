"""Rows per second, memory and kills of `batch` beside a bare loop over the same rows.

Usage: python bench/bench_batch.py PROJECT [--rows 4e6] [--rounds 4] [--kills 10] [--folder DIR]

PROJECT is a generated project with a champion and numeric columns. Files are mixes of its own rows.
The bare loop reads blocks with polars, predicts with the same fitted preprocessing and estimator,
and writes Parquet parts: no validation, no row lists, no resume. The two run in turn, so that other
load falls on both; whole processes are timed, imports included, and the fastest of each counts.
Memory is the peak of the child's resident set. A job is killed with SIGKILL at random moments until
it is done, and its files are compared with those of a job that nobody killed. Exit code 1 where a
limit is missed: 70 % of the bare rows per second, 15 % more memory for ten times the rows (from the
second size on), and the same bytes.
"""

import argparse
import hashlib
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

LEAST_RATIO = 0.7
MOST_GROWTH = 1.15
KIB = 1024
ENDINGS = (".parquet", ".csv")

# Mixes of two rows stay within the ranges of the schema, and no two are the same.
MAKE = """
import sys
from pathlib import Path
import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

rows = pl.read_parquet(sys.argv[1]).drop("_row")
n_rows, path = int(sys.argv[2]), Path(sys.argv[3])
floats = [name for name in rows.columns if rows[name].dtype.is_float()]

def blocks(*_):
    chance = np.random.default_rng(0)
    for first in range(0, n_rows, 100_000):
        size = min(100_000, n_rows - first)
        one, other = (rows[chance.integers(len(rows), size=size)] for _ in range(2))
        share = pl.Series(chance.random(size))
        yield one.with_columns(
            (one[name] + (other[name] - one[name]) * share).round(6).alias(name) for name in floats
        )

if path.suffix == ".parquet":
    made = register_io_source(blocks, schema=rows.schema)
    made.sink_parquet(path, row_group_size=100_000)
else:
    with path.open("wb") as file:
        for count, block in enumerate(blocks()):
            block.write_csv(file, include_header=not count)
"""

# What one would write in a quarter of an hour: no validation, no list of rows, no resume.
BARE = """
import importlib, json, sys
from pathlib import Path
import numpy as np
import polars as pl

package, model, path, out = sys.argv[1], *map(Path, sys.argv[2:])
description = json.loads((model / "model.json").read_text())
store = importlib.import_module(f"{package}.model.store")
predictor, _ = store.load(model)
scan = pl.scan_parquet if path.suffix == ".parquet" else pl.scan_csv
rows = scan(path).select(description["columns"])
out.mkdir()
first = 1
for n, block in enumerate(rows.collect_batches(chunk_size=50_000, maintain_order=True)):
    predicted = predictor.predict(block)
    columns = {"row": np.arange(first, first + len(block))}
    if predicted.y_score is None:
        columns["prediction"] = predicted.y_pred
    else:
        columns["prediction"] = np.array(predictor.classes)[predicted.y_pred].tolist()
        for code, label in enumerate(predictor.classes):
            columns[f"probability_{label}"] = predicted.y_score[:, code]
    pl.DataFrame(columns).write_parquet(out / f"part-{n:05}.parquet")
    first += len(block)
"""


@dataclass(frozen=True)
class Cost:
    """Of one process: wall and CPU seconds, peak MB."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True)
class Place:
    """The project, and a folder for what is made here."""

    project: Path
    folder: Path

    @property
    def python(self) -> str:
        """The project's interpreter."""
        return str((self.project / ".venv/bin/python").absolute())

    @property
    def model(self) -> Path:
        """The champion's folder."""
        code = "import json; print(json.load(open('models/aliases.json'))['champion'])"
        words = [self.python, "-c", code]
        version = subprocess.run(
            words, cwd=self.project, text=True, capture_output=True, check=True
        )
        return (self.project / "models" / version.stdout.strip()).absolute()

    def file(self, n_rows: int, ending: str) -> Path:
        """A file of so many rows."""
        path = self.folder / f"{n_rows}{ending}"
        if not path.is_file():
            part = (self.project / "data/train/part-0.parquet").absolute()
            run([self.python, "-c", MAKE, str(part), str(n_rows), str(path)], self.project)
        return path

    def batch(self, path: Path, to: Path) -> list[str]:
        """The command line of `batch`."""
        return [self.python, "-m", self.package, "batch", str(path), str(to)]

    def bare(self, path: Path, to: Path) -> list[str]:
        """The command line of the bare loop."""
        return [self.python, "-c", BARE, self.package, str(self.model), str(path), str(to)]

    @property
    def package(self) -> str:
        """The name of the project's package."""
        return next(self.project.glob("src/*/__main__.py")).parent.name


def main() -> int:
    """Measure, print tables, and say which limits are missed."""
    args = arguments()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        place = Place(args.project, Path(folder))
        missed = [*speed(place, int(args.rows), args.rounds), *memory(place, args.sizes)]
        missed += kills(place, int(args.sizes[-2]), args.kills)
    for line in missed:
        print(f"missed: {line}")
    return int(bool(missed))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path, help="a generated project with a champion")
    parser.add_argument("--rows", type=float, default=4e6, help="rows of the timed files")
    parser.add_argument("--rounds", type=int, default=4, help="measurements of each (default 4)")
    parser.add_argument("--sizes", type=float, nargs="+", default=[1e5, 1e6, 1e7])
    parser.add_argument("--kills", type=int, default=10, help="least kills of a job (default 10)")
    parser.add_argument("--folder", type=Path, help="where there are 10 GB of room")
    return parser.parse_args()


def speed(place: Place, n_rows: int, rounds: int) -> list[str]:
    """Rows per second of both, for each format."""
    missed = []
    line = "{:<9} {:<6}{:>10}{:>10}{:>12}{:>8}"
    print(line.format(f"{n_rows:.0e}", "", "wall min", "CPU min", "rows/s", "peak"))
    for ending in ENDINGS:
        path, to = place.file(n_rows, ending), place.folder / "out"
        commands = {"bare": place.bare(path, to), "batch": place.batch(path, to)}
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                shutil.rmtree(to, ignore_errors=True)
                costs[name].append(run(command, place.project))
        fastest = {name: min(cost.wall for cost in seen) for name, seen in costs.items()}
        for name, seen in costs.items():
            cpu, peak = min(cost.cpu for cost in seen), max(cost.peak_mb for cost in seen)
            rate = f"{n_rows / fastest[name]:,.0f}"
            wall = f"{fastest[name]:.2f} s"
            print(line.format(ending[1:], name, wall, f"{cpu:.2f} s", rate, f"{peak:.0f}M"))
        ratio = fastest["bare"] / fastest["batch"]
        print(f"{ending[1:]:<9} ratio {ratio:.2f}; limit {LEAST_RATIO:g}\n")
        if ratio < LEAST_RATIO:
            missed.append(f"{ending[1:]}: {ratio:.2f} of the bare rows per second")
    return missed


def memory(place: Place, sizes: list[float]) -> list[str]:
    """Peak memory by number of rows."""
    missed = []
    print("{:<9}".format("peak MB") + "".join(f"{size:>10.0e}" for size in sizes))
    for ending in ENDINGS:
        peaks = []
        for size in sizes:
            path, to = place.file(int(size), ending), place.folder / "out"
            shutil.rmtree(to, ignore_errors=True)
            peaks.append(run(place.batch(path, to), place.project).peak_mb)
        print(f"{ending[1:]:<9}" + "".join(f"{peak:>10.0f}" for peak in peaks))
        for less, more in itertools.pairwise(peaks[1:]):
            if more > MOST_GROWTH * less:
                missed.append(f"{ending[1:]}: memory grows from {less:.0f} to {more:.0f} MB")
    print()
    return missed


def kills(place: Place, n_rows: int, least: int) -> list[str]:
    """Kill jobs at random moments until there were enough kills; compare what they leave."""
    missed, n_kills, n_jobs = [], 0, 0
    uncut, cut = place.folder / "uncut", place.folder / "cut"
    while n_kills < least:
        path = place.file(n_rows, ENDINGS[n_jobs % len(ENDINGS)])
        for folder in (uncut, cut):
            shutil.rmtree(folder, ignore_errors=True)
        whole = run(place.batch(path, uncut), place.project).wall
        while killed(place.batch(path, cut), place.project, random.uniform(0, 1.1 * whole)):
            n_kills += 1
        n_jobs += 1
        if content(cut) != content(uncut):
            missed.append(f"{path.name}: other bytes after kills")
    print(f"{n_kills} kills in {n_jobs} jobs of {n_rows:.0e} rows; {len(missed)} left other bytes")
    return missed


def run(command: list[str], project: Path) -> Cost:
    """What a process costs; ends the program where it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=project, env=environment(), stdout=output, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(command[:4])}: {output.read().decode()}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / KIB)


def killed(command: list[str], project: Path, after_s: float) -> bool:
    """Whether the process had to be killed; False where it was done before."""
    with subprocess.Popen(
        command, cwd=project, env=environment(), stdout=subprocess.DEVNULL
    ) as process:
        try:
            if process.wait(after_s):
                raise SystemExit(f"{' '.join(command[:4])}: exit code {process.returncode}")
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    return False


def environment() -> dict[str, str]:
    """Ours, with bytecode: without it every import compiles anew."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def content(folder: Path) -> dict[str, str]:
    """The hash of every file, by name."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


if __name__ == "__main__":
    sys.exit(main())

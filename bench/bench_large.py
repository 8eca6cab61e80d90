"""`prepare train evaluate` of a large table beside a bare script; `make test` beside the sample.

Usage: PROJECT/.venv/bin/python bench/bench_large.py PROJECT [--rows 2000000]
       [--tests 54000 2000000] [--python PATH]

PROJECT is a generated project (set up, or with --python of another environment); it is copied. The
table is made: ten columns like those of diamonds, six numbers, three categories, one target. The
bare script reads, splits, fits once with the project's parameters and native categories, and
scores. One thread each; CPU seconds are compared, since load only adds to wall time. Peak memory is
that of the largest process. `look` is the part of `prepare` that looks for suspicious data. Exit
code 1 above --limit, --look-limit or --memory, or --test-limit for a test run.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

KINDS = {
    "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
    "color": list("DEFGHIJ"),
    "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
}
CONF = {
    "task": "regression",
    "metric": "mae",
    "file": "rows.csv",
    "target": "price",
    "model": "boosting",
}
BARE = """
import sys
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split

table = pl.read_csv(sys.argv[1])
kinds = ["cut", "color", "clarity"]
X = table.drop("price").with_columns(pl.col(kinds).cast(pl.Categorical).to_physical()).to_numpy()
parts = train_test_split(X, table["price"].to_numpy(), test_size=0.2, random_state=0)
X_train, X_test, y_train, y_test = parts
model = HistGradientBoostingRegressor(categorical_features=[1, 2, 3], random_state=0)
model.fit(X_train, y_train)
print(mean_absolute_error(y_test, model.predict(X_test)))
"""
# `prepare`, which adds the CPU seconds of its look to a file.
LOOK = """
import importlib
import sys
import time
from pathlib import Path

path, package, *words = sys.argv[1:]
prepare = importlib.import_module(f"{package}.executor.prepare")


def timed(function):
    def call(*args, **kwargs):
        before = time.process_time()
        result = function(*args, **kwargs)
        with Path(path).open("a") as file:
            print(time.process_time() - before, file=file)
        return result
    return call


prepare.look, prepare.write_profile = timed(prepare.look), timed(prepare.write_profile)
sys.exit(importlib.import_module(f"{package}.main").main(["prepare", *words]))
"""


class Cost(NamedTuple):
    """CPU and wall seconds of a command, and the peak memory of its process in MB."""

    cpu: float
    wall: float
    peak: float


def main() -> int:
    """Measure, print a table, and compare the ratios with the limits."""
    args = _arguments()
    python = str(args.python or args.project.absolute() / ".venv/bin/python")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        too_much = _run_ratio(args, python, Path(folder)) if args.rows else False
        if args.tests:
            too_much |= _test_ratio(args, python, Path(folder))
    return int(too_much)


def made_table(n_rows: int, seed: int = 0) -> pl.DataFrame:
    """Stones of ten columns whose price depends on size and grades, with 12 % of noise."""
    generator = np.random.default_rng(seed)
    carat = np.exp(generator.normal(-0.4, 0.55, n_rows)).clip(0.2, 5.0)
    codes = {name: generator.integers(0, len(k), n_rows) for name, k in KINDS.items()}
    width = 6.4 * carat ** (1 / 3) * np.exp(generator.normal(0, 0.02, n_rows))
    length = width * np.exp(generator.normal(0, 0.01, n_rows))
    depth = generator.normal(61.7, 1.4, n_rows)
    grades = 0.04 * codes["cut"] - 0.08 * codes["color"] + 0.11 * codes["clarity"]
    price = 4000 * carat**1.7 * np.exp(grades + generator.normal(0, 0.12, n_rows))
    return pl.DataFrame(
        {
            "carat": carat.round(2),
            **{n: pl.Series(kinds).gather(codes[n]) for n, kinds in KINDS.items()},
            "depth": depth.round(1),
            "table": generator.normal(57.5, 2.2, n_rows).round(1),
            "price": price.round(0),
            "x": length.round(3),
            "y": width.round(3),
            "z": (depth / 100 * (length + width) / 2 + generator.normal(0, 0.05, n_rows)).round(3),
        }
    )


def _run_ratio(args: argparse.Namespace, python: str, folder: Path) -> bool:
    project = _copy(args.project, folder / "run", args.rows)
    package = _package(project)
    seconds = folder / "look.txt"
    costs = {
        "bare script": _cost([python, "-c", BARE, "rows.csv"], project),
        "prepare": _cost([python, "-c", LOOK, str(seconds), package, *args.words], project),
    }
    for stage in ("train", "evaluate"):
        costs[stage] = _cost([python, "-m", package, stage, *args.words], project)
    ours = [cost for name, cost in costs.items() if name != "bare script"]
    cpu, wall, peak = zip(*ours, strict=True)
    costs["all three"] = Cost(sum(cpu), sum(wall), max(peak))
    unit = costs["bare script"]
    print(f"{args.rows} rows{'CPU':>14}{'wall':>11}{'peak':>11}{'CPU ratio':>11}")
    for name, cost in costs.items():
        times = f"{cost.cpu:9.1f} s{cost.wall:9.1f} s{cost.peak:8.0f} MB"
        print(f"{name:<14}{times}{cost.cpu / unit.cpu:9.2f} x")
    time_ratio, memory_ratio = sum(cpu) / unit.cpu, max(peak) / unit.peak
    look_ratio = sum(map(float, seconds.read_text(encoding="utf-8").split())) / unit.cpu
    print(f"CPU {time_ratio:.2f} x (limit {args.limit:g}), memory {memory_ratio:.2f} x")
    print(f"the look alone: CPU {look_ratio:.2f} x (limit {args.look_limit:g})")
    found = (time_ratio, look_ratio, memory_ratio)
    limits = (args.limit, args.look_limit, args.memory)
    return any(ratio > limit for ratio, limit in zip(found, limits, strict=True))


def _test_ratio(args: argparse.Namespace, python: str, folder: Path) -> bool:
    """The project's tests on its sample, then on made tables."""
    too_much, unit = False, None
    limits = dict(zip(args.tests, args.test_limit, strict=True))
    for n_rows in (0, *args.tests):
        project = _copy(args.project, folder / f"tests-{n_rows}", n_rows)
        cost = _cost([python, "-m", "pytest", "-q", "-p", "no:cacheprovider"], project)
        unit = unit or cost
        ratio = cost.cpu / unit.cpu
        name = f"tests, {n_rows} rows" if n_rows else "tests, sample"
        print(f"{name:<22}{cost.cpu:7.1f} s{cost.wall:9.1f} s{cost.peak:8.0f} MB{ratio:9.2f} x")
        too_much |= n_rows > 0 and ratio > limits[n_rows]
    return too_much


def _copy(project: Path, to: Path, n_rows: int) -> Path:
    """Code, configuration and tests of the project with a made table of n_rows, or the sample."""
    for name in ("src", "conf", "tests", "docs"):
        ignore = shutil.ignore_patterns("__pycache__", "schema.yaml", "tuned.yaml")
        shutil.copytree(project / name, to / name, ignore=ignore)
    shutil.copy(project / "pyproject.toml", to)
    if n_rows:
        made_table(n_rows).write_csv(to / "rows.csv")
        path = to / "conf/default.yaml"
        text = path.read_text(encoding="utf-8")
        for key, value in CONF.items():
            text = re.sub(rf"(?m)^( *{key}:) \S+", rf"\1 {value}", text, count=1)
        path.write_text(text, encoding="utf-8")
    return to


def _package(project: Path) -> str:
    return next(path.parent.name for path in project.glob("src/*/__main__.py"))


def _cost(command: Sequence[str], project: Path) -> Cost:
    """Run a command with one thread; raises SystemExit where it fails."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTHONPATH": str(project / "src")}
    # Without bytecode every import compiles anew, which measures the compiler.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        done = subprocess.Popen(command, cwd=project, env=environment, stdout=out, stderr=out)
        _, status, usage = os.wait4(done.pid, 0)
        out.seek(0)
        if status:
            raise SystemExit(f"{' '.join(command)} failed\n{out.read()[-3000:]}")
    per_mb = 1 << 20 if sys.platform == "darwin" else 1 << 10
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(cpu, time.perf_counter() - started, usage.ru_maxrss / per_mb)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path, help="a generated project")
    parser.add_argument("words", nargs="*", help="key=value of conf/ for each stage")
    parser.add_argument("--rows", type=int, default=2_000_000, help="0 leaves the run out")
    parser.add_argument("--limit", type=float, default=3.0, help="highest CPU ratio of the run")
    parser.add_argument("--look-limit", type=float, default=1.0, help="highest CPU ratio of it")
    parser.add_argument("--memory", type=float, default=1.5, help="highest ratio of peak memory")
    parser.add_argument("--tests", type=int, nargs="*", default=[], help="rows of test runs")
    parser.add_argument("--test-limit", type=float, nargs="*", help="highest CPU ratio of each")
    parser.add_argument("--python", type=Path, help="of another environment than PROJECT/.venv")
    parser.add_argument("--folder", type=Path, help="where the tables are written for a while")
    args = parser.parse_args()
    args.test_limit = args.test_limit or [3.0 if n <= 100_000 else 5.0 for n in args.tests]
    return args


if __name__ == "__main__":
    sys.exit(main())

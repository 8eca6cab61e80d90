"""`batch` on the engine `ray` beside the local engine and a bare loop of Ray tasks; tasks and fits.

Usage: python bench/bench_ray.py PROJECT [--sizes 1e6 1e7] [--rounds 3] [--format csv]

PROJECT is a generated project with component ray, a champion and numeric columns. The engine and
the two bare loops run in turn on one cluster, each once before it counts; rows per second are
without the start, which is printed for itself. `bare` is one task for each part around the same
scorer, which writes the part: no order, no record, no resume. `barest` only predicts and writes: no
validation. Memory is the highest sum of the proportional set sizes of the process and of all that
Ray starts. Exit code 1 where a limit is missed: 80 % of the rows per second of `bare`, 15 % more
CPU seconds a row from one size to the next, 3 GiB.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.bench_batch import Place

LEAST_RATIO, MOST_GROWTH, MOST_GIB = 0.8, 1.15, 3.0

# Runs in the project's environment.
MEASURE = r"""
import json, logging, os, sys, threading, time
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
import polars as pl

package, kind, path, rounds, folder = sys.argv[1:6]
of = lambda name: import_module(f"{package}.{name}")
batch, store, engines = of("batch.batch"), of("model.store"), of("utils.engines")
root, n_rounds, ROWS = Path.cwd(), int(rounds), 50_000
config = of("configs.load").load_project(root)


def family():
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(words[1])
    found, new = set(), {os.getpid()}
    while new:
        found |= new
        new = {pid for pid, parent in parents.items() if parent in new} - found
    return found


def pss_mb():
    total = 0
    for pid in family():
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


class Peak(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.mb, self.stop = 0.0, threading.Event()

    def run(self):
        while not self.stop.wait(0.5):
            self.mb = max(self.mb, pss_mb())


def engine_job(to, spread):
    to.mkdir(parents=True)
    about = {"rows_per_part": ROWS}
    batch.Job.open(to, about).work(scorer, spread)


def bare_part(to, scorer, first):
    found = next(scorer.score(first, ROWS, only_one=True))
    batch.write(to / f"part-{first // ROWS:05}.parquet", found[1])


def barest_part(to, predictor, first):
    rows = pl.scan_parquet if path.endswith(".parquet") else pl.scan_csv
    block = rows(path).select(predictor.columns).slice(first, ROWS).collect()
    found = predictor.predict(block)
    columns = {"row": range(first + 1, first + 1 + len(block)), "prediction": found.y_pred}
    columns |= {f"p{n}": found.y_score[:, n] for n in range(found.y_score.shape[1])}
    pl.DataFrame(columns).write_parquet(to / f"part-{first // ROWS:05}.parquet")


def bare_job(function, model, to, spread):
    import ray

    to.mkdir(parents=True)
    shared, task = ray.put(model), ray.remote(function)
    ray.get([task.remote(to, shared, first) for first in range(0, n_rows, ROWS)])


def cpu_seconds():
    total = 0
    for pid in family():
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(words[11]) + int(words[12])
    return total / os.sysconf("SC_CLK_TCK")


def timed(job, *args):
    began = time.perf_counter()
    job(*args)
    return time.perf_counter() - began


def measure_batch(result, spread):
    jobs = {
        "ray": engine_job,
        "bare": partial(bare_job, bare_part, scorer),
        "barest": partial(bare_job, barest_part, scorer.predictor),
    }
    for number in range(n_rounds + 1):
        for name, job in jobs.items():
            cpu = cpu_seconds()
            seconds = timed(job, Path(folder, f"{name}-{number}"), spread)
            if number:
                result.setdefault(name, []).append(seconds)
                result.setdefault(f"{name}_cpu", []).append(cpu_seconds() - cpu)


def nothing(item):
    return item


def bare_nothing(n_tasks):
    import ray

    task = ray.remote(nothing)
    ray.get([task.remote(item) for item in range(n_tasks)])


def measure_tasks(result, spread):
    compare, folds = of("executor.compare"), of("dataloader.folds")
    manifest = of("executor.prepare").ensure(config, root)
    rows = of("dataloader.manifest").read_part(root, "train")
    cut = folds.folds_of(config, rows, 5, 40)
    candidates = [(config, config.model, cut)]
    n_tasks = 10_000
    list(spread(nothing, range(100)))
    compare.score_folds(candidates[:1], manifest, rows, spread)  # imports
    result["tasks"] = n_tasks / timed(lambda: list(spread(nothing, range(n_tasks))))
    result["bare_tasks"] = n_tasks / timed(bare_nothing, n_tasks)
    result["fits"] = timed(compare.score_folds, candidates, manifest, rows, spread)
    result["local_fits"] = timed(compare.score_folds, candidates, manifest, rows)


result = {}
if kind == "batch":
    model = Path("models", json.loads(Path("models/aliases.json").read_text())["champion"])
    scorer = batch.BatchScorer(model, config.data, root, path)
    scan = pl.scan_parquet if path.endswith(".parquet") else pl.scan_csv
    n_rows = scan(path).select(pl.len()).collect().item()
    local = [timed(engine_job, Path(folder, f"local-{n}"), map) for n in range(n_rounds)]
    result = {"local": local}
peak = Peak()
peak.start()
began = time.perf_counter()
with engines.engine("ray", root) as spread:
    result["start"] = time.perf_counter() - began
    (measure_batch if kind == "batch" else measure_tasks)(result, spread)
peak.stop.set()
print(json.dumps(result | {"peak_mb": peak.mb}))
"""


def main() -> int:
    """Measure, print tables, and say which limits are missed."""
    args = arguments()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        place, missed = Place(args.project.absolute(), Path(folder)), []
        costs: list[float] = []
        for size in args.sizes:
            found = measure(place, "batch", str(place.file(int(size), f".{args.format}")), args)
            missed += report(size, found, costs)
        tasks(measure(place, "tasks", "-", args))
    for line in missed:
        print(f"missed: {line}")
    return int(bool(missed))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path, help="a generated project with a champion")
    parser.add_argument("--sizes", type=float, nargs="+", default=[1e6, 1e7])
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each (default 3)")
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    parser.add_argument("--folder", type=Path, help="where there are 10 GB of room")
    return parser.parse_args()


def measure(place: Place, kind: str, path: str, args: argparse.Namespace) -> dict[str, Any]:
    """What MEASURE prints, run in the project."""
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        words = [place.python, "-c", MEASURE, place.package, kind, path, str(args.rounds), folder]
        done = subprocess.run(words, cwd=place.project, text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def report(size: float, found: dict[str, Any], costs: list[float]) -> list[str]:
    """Print a table of one size; the limits that it misses.

    costs: CPU seconds for a million rows, of the sizes before.
    """
    fastest = {name: size / min(found[name]) for name in ("local", "ray", "bare", "barest")}
    print(f"{size:.0e} rows; start {found['start']:.1f} s; peak {found['peak_mb']:,.0f} MB")
    for name, rate in fastest.items():
        print(f"  {name:<8}{rate:>12,.0f} rows/s{rate / fastest['bare']:>8.2f} of bare")
    cost = 1e6 * min(found["ray_cpu"]) / size
    print(f"  {cost:.2f} CPU seconds for a million rows")
    missed = []
    if (ratio := fastest["ray"] / fastest["bare"]) < LEAST_RATIO:
        missed.append(f"{size:.0e} rows: {ratio:.2f} of the bare loop's rows per second")
    if costs and cost > MOST_GROWTH * costs[-1]:
        missed.append(f"{size:.0e} rows: {cost / costs[-1]:.2f} of the CPU seconds a row")
    if found["peak_mb"] > MOST_GIB * 1024:
        missed.append(f"{size:.0e} rows: {found['peak_mb']:,.0f} MB")
    costs.append(cost)
    return missed


def tasks(found: dict[str, Any]) -> None:
    """Print what tasks and fits cost."""
    each, bare = (1000 / found[name] for name in ("tasks", "bare_tasks"))
    print(f"10,000 tasks that do nothing: {each:.2f} ms each; bare {bare:.2f} ms")
    print(f"200 fits of folds: {found['fits']:.2f} s; local {found['local_fits']:.2f} s")


if __name__ == "__main__":
    sys.exit(main())

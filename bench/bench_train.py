"""CPU time of `train` beside a bare script that does the same fit in the same environment.

Usage: python bench/bench_train.py PROJECT [--rounds 8] [--limit 1.8]

PROJECT is a generated project that is set up. The two run in turn, so that whatever else the
machine does falls on both. CPU time of the process and its children counts, not wall time; the
ratio of the minima is judged, since load only ever adds. Exit code 1 above the limit.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_breast_cancer(return_X_y=True)
X_train, X_valid, y_train, y_valid = train_test_split(X, y, test_size=0.2, random_state=0)
model = make_pipeline(
    SimpleImputer(strategy="median"),
    StandardScaler(),
    LogisticRegression(C=1.0, max_iter=1000, class_weight="balanced"),
)
model.fit(X_train, y_train)
print(balanced_accuracy_score(y_valid, model.predict(X_valid)))
"""


def main() -> int:
    """Measure, print a table, and compare the ratio with the limit."""
    args = _arguments()
    python = _python(args.project)
    package = next(path.parent.name for path in args.project.glob("src/*/__main__.py"))
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        words = {
            "bare script": [python, str(bare)],
            "train": [python, "-m", package, "train"],
        }
        seen = _interleaved(words, args.project, args.rounds)
    return _report(seen, args.limit)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path, help="a generated project that is set up")
    parser.add_argument("--rounds", type=int, default=8, help="measurements of each (default 8)")
    parser.add_argument("--limit", type=float, default=1.8, help="highest ratio (default 1.8)")
    return parser.parse_args()


def _python(project: Path) -> str:
    for place in ("bin/python", "Scripts/python.exe"):
        if (project / ".venv" / place).is_file():
            return str((project / ".venv" / place).absolute())
    raise SystemExit(f"{project}: has no .venv; run `make setup` there")


def _interleaved(
    words: dict[str, list[str]], project: Path, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """(CPU seconds, wall seconds) of each round; one more round before them warms the caches."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in words}
    for count in range(rounds + 1):
        for name, command in words.items():
            cost = _cost(command, project)
            if count:
                seen[name].append(cost)
    return seen


def _cost(command: list[str], project: Path) -> tuple[float, float]:
    # Without bytecode every import compiles anew, which measures the compiler.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    cpu, wall = _children_cpu(), time.perf_counter()
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return _children_cpu() - cpu, time.perf_counter() - wall


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _report(seen: dict[str, list[tuple[float, float]]], limit: float) -> int:
    line = "{:<14}{:>10}{:>12}{:>10}"
    print(line.format("", "CPU min", "CPU median", "wall min"))
    for name, costs in seen.items():
        cpu, wall = zip(*costs, strict=True)
        numbers = (min(cpu), statistics.median(cpu), min(wall))
        print(line.format(name, *(f"{number:.2f} s" for number in numbers)))
    bare, train = ([cpu for cpu, _ in seen[name]] for name in ("bare script", "train"))
    ratio, median = min(train) / min(bare), statistics.median(train) / statistics.median(bare)
    print(f"ratio of minima {ratio:.2f}, of medians {median:.2f}; limit {limit:g}")
    return int(ratio > limit)


if __name__ == "__main__":
    sys.exit(main())

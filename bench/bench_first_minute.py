"""From an empty folder to a trained, evaluated model: seconds a stage, as ratios to a bare script.

`python bench/bench_first_minute.py [--cold]`: --cold starts with an empty package cache. The bare
script does the same fit in the environment that `make setup` made; its seconds are the unit, since
machines are noisy and differ.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BARE = """
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_breast_cancer(return_X_y=True)
X_train, X_valid, y_train, y_valid = train_test_split(X, y, random_state=0)
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X_train, y_train)
print(balanced_accuracy_score(y_valid, model.predict(X_valid)))
"""


def timed(command: list[str], cwd: Path, env: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command; raises when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, env=env, check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print one line a stage and the total."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="with an empty package cache")
    cold = parser.parse_args().cold
    env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "MAKEFLAGS")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PYTHONWARNINGS"] = "ignore"
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        if cold:
            env["UV_CACHE_DIR"] = str(Path(folder) / "cache")
        project = Path(folder) / "project"
        copy = ["copier", "copy", "--quiet", "--defaults", "--vcs-ref", "HEAD", str(ROOT)]
        stages = {
            "copier copy": ([*copy, str(project)], Path(folder)),
            "make setup": (["make", "setup"], project),
            "make train": (["make", "train"], project),
            "make evaluate": (["make", "evaluate"], project),
        }
        took = {name: timed(command, cwd, env) for name, (command, cwd) in stages.items()}
        python = str(project / ".venv/bin/python")
        timed([python, "-c", BARE], project, env)  # writes the bytecode
        unit = min(timed([python, "-c", BARE], project, env) for _ in range(3))
    took["all"] = (sum(w for w, _ in took.values()), sum(c for _, c in took.values()))
    print(f"bare script  {unit[0]:.2f} s wall, {unit[1]:.2f} s CPU: the unit")
    for name, (wall, cpu) in took.items():
        print(f"{name:14s} {wall:6.2f} s wall {cpu:6.2f} s CPU   {wall / unit[0]:5.1f} x")
    return 0


if __name__ == "__main__":
    sys.exit(main())

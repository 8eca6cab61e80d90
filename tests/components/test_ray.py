"""The engine `ray`: equal results, kills of workers and of the command, and nothing left behind.

Most tests share one cluster, which is started as a command starts its own; a few start another.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.components.ray_cluster import PATIENCE_S, Cluster, hosted, wait_for
from tests.conftest import Render, copy_installed, run

# A part, or a fold, takes so long that a signal meets it.
SLOW = '''"""Features."""
import time
import polars as pl


def add_features(table: pl.DataFrame) -> pl.DataFrame:
    """The columns as they are, after a while."""
    time.sleep({seconds})
    return table
'''


@pytest.fixture(scope="module")
def prepared(installed_project, tmp_path_factory) -> Path:
    """A project with a champion, and its sample twice over in rows.csv, with an invalid row."""
    try:
        installed = installed_project(components=["tune", "batch", "ray"])
    except AssertionError as error:
        if "ray" in str(error) and "wheel" in str(error):
            pytest.skip("Ray has no wheel for this Python or this machine")
        raise
    project: Path = copy_installed(installed, tmp_path_factory.mktemp("ray") / "project")
    python = str(project / ".venv/bin/python")
    for word in ("train", "evaluate", "register", "promote"):
        run(python, "-m", "my_model", word, cwd=project, PYTHONPATH="src")
    header, *rows = (project / "data/original/breast_cancer.csv").read_text().splitlines()
    rows = [*rows, *rows]
    rows[500] = "x," + rows[500].partition(",")[2]
    (project / "rows.csv").write_text("\n".join([header, *rows]) + "\n")
    return project


@pytest.fixture(scope="module")
def cluster(prepared: Path) -> Iterator[Cluster]:
    """One for all."""
    with hosted(prepared) as found:
        yield found


@pytest.fixture
def project(prepared: Path, tmp_path: Path) -> Path:
    """The prepared project, to be changed."""
    run("cp", "-r", str(prepared), str(tmp_path / "project"), cwd=tmp_path)
    return tmp_path / "project"


def command(project: Path, *words: str) -> list[str]:
    return [str(project / ".venv/bin/python"), "-m", "my_model", *words]


def local(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(*command(project, *words), cwd=project, check=False, PYTHONPATH="src")


def begin(cluster: Cluster, project: Path, *words: str) -> subprocess.Popen[str]:
    return cluster.begin(project, *words, "engine=ray")


def on_ray(cluster: Cluster, project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return cluster.run(project, *words, "engine=ray")


def batch(to: Path, file: str = "rows.csv") -> list[str]:
    return ["batch", file, str(to), "--rows-per-part", "50"]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def n_parts(folder: Path) -> int:
    job = folder / "job.json"
    return len(json.loads(job.read_text())["parts"]) if job.is_file() else 0


def n_told(project: Path) -> int:
    """How many trials have a value; 1 is the journal's number for that state."""
    found = [path.read_text() for path in project.glob("logs/studies/*.journal")]
    return sum(text.count('"state":1,') for text in found)


def busy(cluster: Cluster) -> list[int]:
    """The workers of this cluster that run a task."""
    return cluster.processes("ray::apply")


def is_working(cluster: Cluster, folder: Path, n_done: int) -> bool:
    return n_parts(folder) >= n_done and bool(busy(cluster))


def slow_down(project: Path, seconds: float) -> None:
    (project / "src/my_model/model/features.py").write_text(SLOW.format(seconds=seconds))


def test_batch_writes_the_same_bytes_as_here(cluster, project, tmp_path):
    here = local(project, *batch(tmp_path / "here"))

    there = on_ray(cluster, project, *batch(tmp_path / "there"))

    assert here.returncode == there.returncode == 0, there.stderr
    assert content(tmp_path / "there") == content(tmp_path / "here")
    assert "invalid-00010.parquet" in content(tmp_path / "here")
    assert n_parts(tmp_path / "there") == 23


@pytest.mark.slow
def test_a_file_that_cannot_be_read_ends_in_the_same_line(cluster, project, tmp_path):
    lines = (project / "rows.csv").read_text().splitlines()
    lines[700] += ",1"
    (project / "broken.csv").write_text("\n".join(lines) + "\n")

    here = local(project, *batch(tmp_path / "here", "broken.csv"))
    there = on_ray(cluster, project, *batch(tmp_path / "there", "broken.csv"))

    assert (here.returncode, there.returncode) == (2, 2)
    assert there.stderr == here.stderr
    assert "32 cells" in here.stderr


@pytest.mark.slow
def test_a_batch_whose_workers_are_killed_is_finished_with_the_same_bytes(
    cluster, project, tmp_path
):
    local(project, *batch(tmp_path / "here"))
    slow_down(project, 0.2)
    process = begin(cluster, project, *batch(tmp_path / "there"))
    for count in (2, 8, 14):
        wait_for(partial(is_working, cluster, tmp_path / "there", count), process)
        os.kill(busy(cluster)[0], signal.SIGKILL)

    out, problem = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0, problem
    assert "1138 rows" in out
    assert content(tmp_path / "there") == content(tmp_path / "here")


@pytest.mark.slow
def test_a_batch_that_is_killed_goes_on_where_it_was(cluster, project, tmp_path):
    local(project, *batch(tmp_path / "here"))
    slow_down(project, 0.2)
    process = begin(cluster, project, *batch(tmp_path / "there"))
    wait_for(lambda: n_parts(tmp_path / "there") >= 5, process)
    process.kill()
    process.communicate()
    n_before = n_parts(tmp_path / "there")
    slow_down(project, 0)

    again = on_ray(cluster, project, *batch(tmp_path / "there"))

    assert f"{n_before} of 23 parts were done before" in again.stdout, again.stderr
    assert content(tmp_path / "there") == content(tmp_path / "here")


@pytest.mark.slow
def test_compare_has_the_same_score_on_each_fold(cluster, project):
    words = ["compare", "seed=0,1", "model=forest", "models.forest.n_estimators=10"]
    words += ["models.forest.max_depth=2,null"]
    found = []
    for done in (local(project, *words), on_ray(cluster, project, *words)):
        assert done.returncode == 0, done.stderr
        report = json.loads((project / "reports/compare.json").read_text())
        found.append([(one.get("overrides"), one["scores"]) for one in report["runs"]])

    assert len(found[0]) == 4
    assert found[0] == found[1]


def trials(project: Path, done: subprocess.CompletedProcess[str]) -> tuple[list[str], object]:
    """The lines of the trials, and the record."""
    assert done.returncode == 0, done.stderr
    lines = re.findall(r"trial \d+ .*", done.stdout)
    record = json.loads((project / "reports/study.json").read_text())
    (project / "conf/tuned.yaml").unlink(missing_ok=True)
    return lines, record


@pytest.mark.slow
@pytest.mark.parametrize("pruning", ["none", "median"])
def test_tune_has_the_same_trials_one_at_a_time(cluster, project, tmp_path, pruning):
    words = ["tune", "n_trials=8", f"pruning={pruning}"]
    here = trials(project, local(project, *words))
    (project / "logs/studies").rename(tmp_path / "studies")

    there = trials(project, on_ray(cluster, project, *words))

    assert len(here[0]) == 8
    assert there == here
    assert [path.name for path in (project / "logs/studies").iterdir()] == [
        path.name for path in (tmp_path / "studies").iterdir()
    ]


@pytest.mark.slow
def test_tune_with_several_trials_at_once_has_the_same_trials_each_time(cluster, project, tmp_path):
    words = ["tune", "n_trials=8", "n_parallel=4"]
    first = trials(project, on_ray(cluster, project, *words))
    (project / "logs/studies").rename(tmp_path / "studies")

    second = trials(project, on_ray(cluster, project, *words))

    assert len(first[0]) == 8
    assert first == second


@pytest.mark.slow
def test_a_search_whose_worker_is_killed_has_the_same_trials(cluster, project, tmp_path):
    here = trials(project, local(project, "tune", "n_trials=4"))
    (project / "logs/studies").rename(tmp_path / "studies")
    slow_down(project, 0.2)
    process = begin(cluster, project, "tune", "n_trials=4")
    wait_for(lambda: n_told(project) >= 1 and bool(busy(cluster)), process)
    os.kill(busy(cluster)[0], signal.SIGKILL)

    out, problem = process.communicate(timeout=PATIENCE_S)

    there = trials(project, subprocess.CompletedProcess([], process.returncode, out, problem))
    assert there[0] == here[0]


@pytest.mark.slow
def test_a_search_that_is_killed_goes_on(cluster, project):
    slow_down(project, 0.2)
    process = begin(cluster, project, "tune", "n_trials=6")
    wait_for(lambda: n_told(project) >= 2, process)
    process.kill()
    process.communicate()
    n_before = n_told(project)

    again = on_ray(cluster, project, "tune", "n_trials=6")

    assert f"6 trials, {n_before} of them done before" in again.stdout, again.stderr
    assert n_told(project) == 6


TAKEN = """
from pathlib import Path
from my_model.utils.engines import engine
taken = []
def items():
    for one in range(40):
        taken.append(one)
        yield one
def twice(one):
    return 2 * one
with engine("ray", Path.cwd()) as spread:
    for count, result in enumerate(spread(twice, items())):
        assert result == 2 * count
        assert len(taken) <= min(40, count + 1 + 4), (count, len(taken))
assert len(taken) == 40
"""


@pytest.mark.slow
def test_no_more_items_are_taken_than_are_in_flight(cluster, project):
    conf = project / "conf/ray.yaml"
    conf.write_text(conf.read_text().replace("in_flight: null", "in_flight: 4"))
    python = str(project / ".venv/bin/python")

    done = subprocess.run(
        [python, "-c", TAKEN], cwd=project, env=cluster.env, text=True, capture_output=True
    )

    assert done.returncode == 0, done.stderr


def marked(mark: str) -> list[str]:
    """The command lines of processes that have this value in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append((path.parent / "cmdline").read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(None, 0), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]
)
def test_a_cluster_of_its_own_ends_with_the_command(prepared, project, tmp_path, number, code):
    mark = f"mark-{tmp_path.name}"
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    for folder in (home, temporary):
        folder.mkdir()
    known = {path for path in project.rglob("*") if "__pycache__" not in path.parts}
    slow_down(project, 0.0 if number is None else 0.2)
    own = {"HOME": str(home), "TMPDIR": "/tmp", "MARK": mark, "PYTHONPATH": "src"}
    before = set(Path("/tmp").glob(".ray-*"))
    process = subprocess.Popen(
        command(project, *batch(tmp_path / "out"), "engine=ray"),
        cwd=project,
        env={key: v for key, v in os.environ.items() if not key.startswith("RAY_")} | own,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if number is not None:
        wait_for(lambda: n_parts(tmp_path / "out") >= 2, process)
        process.send_signal(number)

    _, problem = process.communicate(timeout=PATIENCE_S)

    if "did not start" in problem:
        pytest.skip(f"Ray does not start here: {problem}")
    assert process.returncode == code, problem
    deadline = time.monotonic() + 180  # after SIGKILL two agents of Ray look for it a while
    while marked(mark) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert marked(mark) == []
    assert list(home.iterdir()) == []
    left = {path for path in project.rglob("*") if "__pycache__" not in path.parts} - known
    assert {path.relative_to(project).parts[0] for path in left} <= {"logs"}
    sockets = set(Path("/tmp").glob(".ray-*")) - before
    assert number == signal.SIGKILL or not [*sockets, *project.glob("logs/.ray-*")]
    for folder in sockets:  # of the killed one; the next start would remove it
        shutil.rmtree(folder, ignore_errors=True)


START = """
import sys, types
from my_model.distributed import cluster
calls = []
def init(**options):
    calls.append(options)
    if len(calls) <= {n_failing}:
        raise Exception("The current node timed out during startup. This could happen")
sys.modules["ray"] = types.SimpleNamespace(init=init, shutdown=lambda: None)
cluster.start({{"address": "local"}}, 2)
print(len(calls))
"""


@pytest.mark.parametrize(("n_failing", "out"), [(0, "1"), (1, "2"), (2, "CheckFailed")])
def test_a_start_that_times_out_is_tried_again(rendered: Render, installed_project, n_failing, out):
    python = installed_project() / ".venv/bin/python"
    project = rendered(components=["ray"])

    done = run(
        str(python),
        "-c",
        START.format(n_failing=n_failing),
        cwd=project,
        check=False,
        PYTHONPATH="src",
    )

    assert out in (done.stdout + done.stderr).splitlines()[-1]


def test_an_engine_that_no_component_brings_is_refused(installed_project, tmp_path):
    project = copy_installed(installed_project(), tmp_path / "project")

    done = local(project, "compare", "engine=ray", "model=logistic")

    assert done.returncode == 2
    assert done.stderr == "conf/default.yaml: engine: unknown name 'ray'; known: local\n"


def test_a_project_without_ray_does_not_name_it(rendered: Render):
    project = rendered(scaffold="production", ci="gitlab")

    named = [
        path.relative_to(project).as_posix()
        for folder in ("src", "conf", "tests", "docs", "make", "deploy")
        for path in (project / folder).rglob("*")
        if path.is_file() and re.search(r"\bray\b", path.read_text("utf-8", "ignore"), re.I)
    ]
    assert named == []

"""docs/your-own-data.md, followed word for word on another file, with the refusal that it shows."""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import copy_installed, run

PAGE = "docs/your-own-data.md"
END = "## What prepare looks for"
N_ROWS, N_COMMENTS = 344, 26
SPECIES = {
    "Adelie": (39, 18, 190, 3700),
    "Chinstrap": (49, 18, 196, 3730),
    "Gentoo": (47, 15, 217, 5080),
}
MAX_REPORT_BYTES = 1_300_000

Step = tuple[str, list[str]]


def steps_of(page: str) -> Iterator[Step]:
    """(kind, lines) of each block before END: yaml, or a transcript of one command."""
    for kind, block in re.findall(r"(?s)```(\w*)\n(.*?)```", page.partition(END)[0]):
        lines = block.splitlines()
        if kind == "yaml" or lines[0].startswith("$ "):
            yield kind, lines


def write_penguins(path: Path) -> None:
    """A made file with the columns of the page's, as many rows and as many comments."""
    draw = random.Random(0)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names = ["species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
        writer.writerow([*names, "body_mass_g", "sex", "year", "comments"])
        for number in range(N_ROWS):
            species = draw.choice(list(SPECIES))
            means = SPECIES[species]
            measured: list[Any] = [round(draw.gauss(m, m / 15), 1) for m in means]
            cells = [species, draw.choice(["Biscoe", "Dream"]), *measured]
            sex = draw.choice(["male", "female", "NA"])
            comment = f"seen {number} times" if number < N_COMMENTS else ""
            writer.writerow([*cells, sex, draw.choice([2007, 2008, 2009]), comment])


def set_lines(folder: Path, lines: list[str]) -> None:
    """Set what a block of the page says in conf/default.yaml, key by key."""
    path = folder / "conf" / "default.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key, values in yaml.safe_load("\n".join(lines)).items():
        content[key] |= values
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(
    installed_project: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A fresh project, and the file of the page in the home folder beside it."""
    home = tmp_path_factory.mktemp("first")
    (home / "Downloads").mkdir()
    write_penguins(home / "Downloads" / "penguins.csv")
    return copy_installed(installed_project(), home / "project")


def test_the_first_steps_work_as_the_page_says(folder: Path) -> None:
    page = (folder / PAGE).read_text(encoding="utf-8")
    refused, followed = 0, []

    for kind, lines in steps_of(page):
        if kind == "yaml" and not lines[0].startswith(" "):
            set_lines(folder, lines)
        elif kind == "yaml":
            schema = yaml.safe_load((folder / "conf/schema.yaml").read_text(encoding="utf-8"))
            shown = yaml.safe_load("\n".join(lines))
            assert {n: one["type"] for n, one in shown.items()}.items() <= {
                name: one["type"] for name, one in schema["columns"].items()
            }.items()
        else:
            refused += follow(folder, lines)
            followed.append(lines[0])

    assert refused == 1
    assert [words.split()[1] for words in followed] == ["cp", "make", "make", "uv"]
    predicted = (folder / "predictions.csv").read_text(encoding="utf-8").splitlines()
    assert len(predicted) == N_ROWS + 1
    assert predicted[0].startswith("row,prediction,probability_Adelie")


def follow(folder: Path, lines: list[str]) -> bool:
    """Run the command of a transcript and compare what it prints; whether it refused."""
    command = lines[0].removeprefix("$ ").replace("uv run ", "uv run --no-sync ")
    done = run("bash", "-c", command, cwd=folder, check=False, HOME=str(folder.parent))
    is_refusal = len(lines) == 2 and "; put it in" in lines[1]
    if is_refusal:
        assert done.returncode
        assert lines[1] in done.stderr.splitlines()
        return True
    assert not done.returncode, f"{command}\n{done.stdout}\n{done.stderr}"
    steps = {line.split()[0] for line in lines[1:] if not line.startswith(" ")}
    assert steps <= {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    return False


def test_a_fresh_project_has_the_folder_for_data_and_commits_no_data(folder: Path) -> None:
    (folder / "data" / "original" / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    kept = run("git", "ls-files", "data/original", cwd=folder).stdout.split()
    untracked = run("git", "status", "--porcelain", "data/original", cwd=folder).stdout

    assert kept == ["data/original/.gitkeep"]
    assert untracked == ""


def test_the_report_lists_each_column_with_its_importance_suspects_first(folder: Path) -> None:
    (path,) = folder.glob("logs/*/report.html")
    table = path.read_text(encoding="utf-8").partition("<h2>Columns</h2>")[2]
    rows = re.findall(r"<tr>(<td>.*?)</tr>", table)
    found = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    profile, evaluation = (read(folder, name) for name in ("profile", "evaluation"))
    names = [one["name"] for one in profile["columns"]]
    suspects = {n for one in profile["suspects"] for n in one["columns"] if n in names}

    assert sorted(cells[0] for cells in found) == sorted(names)
    assert {cells[0] for cells in found[: len(suspects)]} == suspects
    assert {cells[0]: cells[1] for cells in found}.items() >= {"sex": "category"}.items()
    assert {cells[0] for cells in found if cells[4] != "-"} == set(evaluation["importances"])
    assert max(evaluation["importances"].values()) > 0.1


def read(folder: Path, name: str) -> Any:
    """A file of reports/."""
    return json.loads((folder / "reports" / f"{name}.json").read_text(encoding="utf-8"))


def test_the_files_of_a_run_take_at_most_1300_kilobytes(folder: Path) -> None:
    (record,) = {path.parent for path in folder.glob("logs/*/report.html")}
    pages = [*record.rglob("*"), *(folder / "reports").rglob("*")]

    assert {path.name for path in pages} >= {"report.html", "profile.html", "profile.json"}
    assert sum(path.stat().st_size for path in pages if path.is_file()) <= MAX_REPORT_BYTES


SAMPLE = "data/original/breast_cancer.csv"


@pytest.fixture
def fresh(installed_project: Callable[..., Path], tmp_path: Path) -> Path:
    """A project that has read the sample."""
    project = copy_installed(installed_project(), tmp_path / "project")
    my_model(project, "prepare")
    return project


def my_model(project: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    python = str(project / ".venv/bin/python")
    done = run(python, "-m", "my_model", *words, cwd=project, check=False, PYTHONPATH="src")
    return done.returncode, done.stdout, done.stderr


def test_an_edited_sample_is_kept_and_named_until_its_file_is_deleted(fresh: Path) -> None:
    original = (fresh / SAMPLE).read_bytes()
    header, first, *rows = original.split(b"\n")
    edited = b"\n".join([header, b"14.5" + first[first.index(b",") :], *rows])
    (fresh / SAMPLE).chmod(0o644)
    (fresh / SAMPLE).write_bytes(edited)

    refused = my_model(fresh, "prepare")
    accepted = my_model(fresh, "prepare", "--replace")
    content = (fresh / SAMPLE).read_bytes()
    (entry,) = json.loads((fresh / "data/manifest.json").read_text())["files"]
    (fresh / SAMPLE).unlink()
    my_model(fresh, "prepare", "--replace")

    assert refused[0] == 2
    assert "its content has changed" in refused[2]
    for _, out, _ in (refused, accepted):
        assert f"{SAMPLE} differs from the sample and is kept; to have that back, delete it" in out
    assert accepted[0] == 0
    assert content == edited
    assert entry["origin"].startswith("changed here; before that Wolberg")
    assert (fresh / SAMPLE).read_bytes() == original


@pytest.mark.parametrize(
    ("metric", "floor", "bounds"),
    [("accuracy", "-3", "0 to 1"), ("accuracy", "1.5", "0 to 1"), ("log_loss", "-1", "0 to inf")],
)
def test_a_floor_outside_of_the_range_of_its_metric_is_refused(
    fresh: Path, metric: str, floor: str, bounds: str
) -> None:
    code, _, error = my_model(fresh, "train", f"metric={metric}", f"evaluation.floor={floor}")

    assert code == 2
    text = f"evaluation.floor must be from {bounds} for metric: {metric}, got {floor}"
    assert error == f"conf/default.yaml: {text}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_below_the_screen_costs_one_line_and_no_work(fresh: Path) -> None:
    command = "my_model train >/dev/full && my_model evaluate"
    text = command.replace("my_model", ".venv/bin/python -m my_model")
    done = run("sh", "-c", text, cwd=fresh, PYTHONPATH="src")

    (line,) = done.stderr.splitlines()
    assert line.startswith("standard output: [Errno 28]")
    assert "evaluate" in done.stdout

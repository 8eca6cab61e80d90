"""Jobs of `batch` that were changed, shared, cut off or given a broken file."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from tests.conftest import copy_installed, run


@pytest.fixture(scope="module")
def registered(installed_project, tmp_path_factory) -> Path:
    """A project with a champion, and its sample twice over in rows.csv."""
    installed = installed_project(components=["batch"])
    project = copy_installed(installed, tmp_path_factory.mktemp("batch") / "project")
    for words in ("train", "evaluate", "register", "promote"):
        command(project, words)
    lines = (project / "data/original/breast_cancer.csv").read_text().splitlines()
    (project / "rows.csv").write_text("\n".join([*lines, *lines[1:]]) + "\n")
    return project


def command(project: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    python = str(project / ".venv/bin/python")
    return run(python, "-m", "my_model", *words, cwd=project, check=check, PYTHONPATH="src")


def batch(project: Path, to: Path, *words: str, file: str = "rows.csv"):
    return command(project, "batch", file, str(to), "--rows-per-part", "100", *words, check=False)


def table(project: Path, pattern: Path) -> list[dict[str, object]]:
    """The rows of Parquet files, read by the project's polars."""
    code = f"import polars; print(polars.read_parquet({str(pattern)!r}).write_json())"
    done = run(str(project / ".venv/bin/python"), "-c", code, cwd=project)
    return list(json.loads(done.stdout))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_a_part_that_was_cut_off_is_predicted_again(registered, tmp_path):
    batch(registered, tmp_path / "out")
    before = content(tmp_path / "out")
    part = tmp_path / "out/part-00002.parquet"
    part.write_bytes(part.read_bytes()[:-100])
    (tmp_path / "out/.part-00003.parquet.1.part").write_bytes(b"cut off")

    done = batch(registered, tmp_path / "out")

    assert "2 of 12 parts were done before" in done.stdout, done.stderr
    assert content(tmp_path / "out") == before


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--rows-per-part", "50"], ["--model", "1"]])
def test_a_finished_job_is_resumed_by_the_same_words_only(registered, tmp_path, words):
    first = batch(registered, tmp_path / "out")

    done = batch(registered, tmp_path / "out", *words)

    assert first.returncode == 0
    same = words == ["--model", "1"]  # the champion is version 1
    assert (done.returncode == 0) == same
    assert same or "was begun with rows_per_part 100, and now it is 50" in done.stderr


@pytest.mark.slow
def test_another_input_is_refused(registered, tmp_path):
    lines = (registered / "rows.csv").read_text().splitlines()
    file = tmp_path / "rows.csv"
    file.write_text("\n".join(lines) + "\n")
    batch(registered, tmp_path / "out", file=str(file))
    file.write_text("\n".join(lines[:50]) + "\n")

    done = batch(registered, tmp_path / "out", file=str(file))

    assert done.returncode == 2
    assert "name another folder, or delete this one" in done.stderr


@pytest.mark.slow
def test_two_jobs_do_not_share_a_folder(registered, tmp_path):
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out/.lock"):
        done = batch(registered, tmp_path / "out")

    assert done.returncode == 2
    assert "another job writes here" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda line: line + ",1", "32 cells"),
        (lambda line: line.rpartition(",")[0], "30 cells"),
        (lambda line: "\udcff" + line[1:], "is not UTF-8"),
    ],
    ids=["long line", "short line", "other encoding"],
)
def test_a_broken_file_is_refused_by_line(registered, tmp_path, spoil, sentence):
    lines = (registered / "rows.csv").read_text().splitlines()
    lines[700] = spoil(lines[700])
    file = tmp_path / "broken.csv"
    file.write_bytes(("\n".join(lines) + "\n").encode("utf-8", "surrogateescape"))

    done = batch(registered, tmp_path / "out", file=str(file))

    assert done.returncode == 2, done.stdout
    assert sentence in done.stderr


@pytest.mark.slow
def test_numbers_between_blanks_are_valid_and_all_invalid_rows_make_empty_parts(
    registered, tmp_path
):
    header, *rows = (registered / "rows.csv").read_text().splitlines()
    padded = [row.replace(",", " , ") for row in rows[:100]]
    invalid = ["x," + row.partition(",")[2] for row in rows[100:200]]
    file = tmp_path / "mixed.csv"
    file.write_text("\n".join([header, *padded, *invalid]) + "\n")

    done = batch(registered, tmp_path / "out", file=str(file))

    assert done.returncode == 1, done.stdout
    job = json.loads((tmp_path / "out/job.json").read_text())
    assert [(part["predicted"], part["invalid"]) for part in job["parts"]] == [(100, 0), (0, 100)]
    assert len(table(registered, tmp_path / "out/part-*.parquet")) == 100
    invalid_rows = table(registered, tmp_path / "out/invalid-*.parquet")
    assert list(invalid_rows[0]) == ["file", "row", "column", "rule", "value"]
    assert [row["row"] for row in invalid_rows] == list(range(101, 201))


@pytest.mark.slow
def test_a_full_disk_ends_a_job_in_one_line_and_the_same_command_resumes(registered, tmp_path):
    """The limit on the size of a file stands for the disk: job.json passes it after some parts."""
    words = ["batch", "rows.csv", str(tmp_path / "out"), "--rows-per-part", "20"]
    python = [str(registered / ".venv/bin/python"), "-m", "my_model", *words]
    # bash counts in blocks of 1024 bytes
    limited = ["bash", "-c", 'ulimit -f 4; "$@"', "bash", *python]
    settings = {"PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1"}
    full = run(*limited, cwd=registered, check=False, **settings)
    resumed = run(*python, cwd=registered, PYTHONPATH="src")

    assert full.returncode == 2
    (line,) = full.stderr.splitlines()
    found = re.search(r"job.json'; \S+/out has (\d+) finished parts, (\d+) rows; make room", line)
    assert found, line
    n_parts, n_rows = map(int, found.groups())
    assert n_rows == 20 * n_parts > 0
    assert re.search(r"(\d+) of 57 parts were done before", resumed.stdout)

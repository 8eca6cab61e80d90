"""Many repositories are read at once; what cannot be read is named and can be read again."""

import json
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from ml_fleet import cli
from ml_fleet.row import Row

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(?:sql|sh)\n(.*?)^```", re.M | re.S)


class Ran(NamedTuple):
    """How the command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """The JSON lines by the name of the repository."""
        return {row["name"]: row for row in map(json.loads, self.out.splitlines())}


@pytest.fixture
def fleet(project, tmp_path, capsys):
    """`fleet(*words)` runs the command beside three repositories: good, ticked and bold."""
    for name in ("good", "ticked", "bold"):
        shutil.copytree(project.root, tmp_path / "fleet" / name)
    answers = "_commit: v0.{}.0\n_src_path: gh:org/copier-ml\nscaffold: poc\n"
    for minor, name in enumerate(("good", "ticked", "bold")):
        (tmp_path / "fleet" / name / ".copier-answers.yml").write_text(answers.format(minor))
    (tmp_path / "fleet/bold/checklist/project.yml").write_text("phase: mvp\n")
    project.root = tmp_path / "fleet/ticked"
    project.write("docs/users.md", "# Users\n\nThe people of the call centre asked for it.\n")
    project.commit()
    project.run("tick", "scoping.users", "-e", "docs/users.md", "--by", "@ann")
    project.write("docs/users.md", "# Users\n\nNobody asked for it after all, it seems to us.\n")
    why = "the labels of this year arrive in January"
    waiver = ("--reason", why, "--until", "2026-12-30", "--approver", "@bob")
    project.run("waive", "scoping.beats", *waiver, "--by", "@ann", "--today", "2026-11-20")

    def run(*words: str) -> Ran:
        capsys.readouterr()
        code = cli.main(list(words))
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture
def places(tmp_path) -> list[str]:
    return [str(tmp_path / "fleet" / name) for name in ("good", "ticked", "bold")]


def test_each_repository_tells_version_phase_gate_stale_and_waived(fleet, places):
    done = fleet(*places, "--format", "jsonl", "--jobs", "2")

    good, ticked, bold = (done.rows[name] for name in ("good", "ticked", "bold"))
    assert done.code == 0
    assert [row["version"] for row in (good, ticked, bold)] == ["v0.0.0", "v0.1.0", "v0.2.0"]
    assert good["template"] == "gh:org/copier-ml"
    assert ticked["stale"] == ["scoping.users"]
    assert ticked["waived"] == ["scoping.beats"]
    assert (good["phase"], good["gate"], good["met"]) == ("poc", "poc", 0)
    assert (bold["phase"], bold["gate"], bold["holds"]) == ("mvp", "mvp", False)
    assert good["holds"]


def test_the_table_shows_first_what_needs_a_look(fleet, places):
    done = fleet(*places)

    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["bold", "ticked", "good"]
    assert "declares more than holds" in lines[1]
    assert lines[-1] == (
        "3 repositories, 0 could not be read, 1 do not hold the phase they declare; "
        "templates: v0.2.0 x 1, v0.1.0 x 1, v0.0.0 x 1"
    )


def test_what_cannot_be_read_is_named_with_the_reason_and_can_be_read_again(
    fleet, places, tmp_path
):
    tick = Path(places[1], "checklist/ticks/scoping.users.yml")
    before = tick.read_text()
    tick.write_text("status: [\n")
    again = tmp_path / "again.txt"
    gone = str(tmp_path / "gone")

    done = fleet(*places, gone, "--format", "table", "--failed", str(again))
    tick.write_text(before)
    second = fleet("--list", str(again), "--format", "jsonl")

    assert done.code == 1
    assert "checklist/ticks/scoping.users.yml" in done.out.partition("could not be read:")[2]
    assert f"{gone}: no such folder or file" in done.out
    assert set(again.read_text().splitlines()) == {places[1], gone}
    assert second.rows["ticked"]["error"] == ""
    assert second.rows["gone"]["error"]
    assert done.out.count("v0.") == 4  # two rows and their totals: the others were read


def test_lines_read_back_are_the_same_lines(fleet, places, tmp_path):
    first = fleet(*places, "--format", "jsonl")
    file = tmp_path / "fleet.jsonl"
    file.write_text(first.out)

    second = fleet(str(file), "--format", "jsonl")

    assert second.out == first.out


def test_the_report_of_a_project_is_read_as_its_repository_would_be(
    fleet, places, project, tmp_path
):
    reports = []
    for place in places:
        project.root = Path(place)
        reports.append(json.loads(project.run("report", "--format", "json").out))
    file = tmp_path / "reports.jsonl"
    file.write_text("".join(json.dumps(report) + "\n" for report in reports))
    known = ("phase", "gate", "met", "total", "holds", "stale", "waived", "date")

    from_reports = [
        json.loads(line) for line in fleet(str(file), "--format", "jsonl").out.splitlines()
    ]
    from_folders = fleet(*places, "--format", "jsonl").rows.values()

    assert sorted(str([row[k] for k in known]) for row in from_reports) == sorted(
        str([row[k] for k in known]) for row in from_folders
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "Expecting value"),
        ("[1]", "must hold a JSON object"),
        ('{"name": "x"}', "neither a report nor a line of this command"),
        ('{"gates": {}, "phase": "poc", "items": []}', "not a report of the checklist"),
        ('{"gates": {}, "phase": ["poc"], "items": 7}', "not a report of the checklist"),
        (json.dumps({**Row("x", "y")._asdict(), "phase": 7}), "phase must be text"),
        (json.dumps({**Row("x", "y")._asdict(), "stale": 7}), "not iterable"),
    ],
)
def test_a_line_of_another_kind_is_named_by_file_and_number(fleet, tmp_path, line, message):
    file = tmp_path / "fleet.jsonl"
    file.write_text(f"\n{line}\n{json.dumps(Row('fine', 'here', phase='poc')._asdict())}\n")

    done = fleet(str(file))

    assert done.code == 1
    assert f"{file}:2: " in done.out
    assert message in done.out
    assert "fine" in done.out.splitlines()[1]


def test_nothing_to_read_is_bad_usage(fleet, tmp_path):
    assert fleet().code == 2
    assert "name a repository" in fleet().err
    assert fleet("--list", str(tmp_path / "none.txt")).code == 2
    with pytest.raises(SystemExit, match="2"):
        fleet("x", "--jobs", "0")


def test_the_page_holds_every_row_and_no_name_breaks_out_of_it(fleet, places, tmp_path):
    file, page = tmp_path / "fleet.jsonl", tmp_path / "fleet.html"
    name = "</script><script>alert(1)</script>"
    file.write_text(json.dumps(Row(name, "x", phase="poc")._asdict()))

    done = fleet(str(file), *places, "--format", "html", "-o", str(page))

    text = page.read_text(encoding="utf-8")
    island = re.search(r'id="data">(.*?)</script>', text, re.S)
    assert done.code == 0
    assert island
    assert {row["name"] for row in json.loads(island[1])} == {name, "good", "ticked", "bold"}
    assert name not in text
    assert not re.search(r"(?:src|href)=", text)


def test_the_documented_query_runs_on_what_the_command_writes(fleet, places, tmp_path, monkeypatch):
    page = (ROOT / "docs/fleet.md").read_text(encoding="utf-8")
    (query,) = [block for block in BLOCK.findall(page) if "read_json" in block]
    monkeypatch.chdir(tmp_path)
    fleet(*places, "--format", "jsonl", "-o", "fleet.jsonl")

    found = duckdb.sql(query)
    rows = found.fetchall() if found else []

    assert ("v0.2.0", "mvp", 1, 1, 0) in rows
    assert ("v0.1.0", "poc", 1, 0, 1) in rows
    assert len(rows) == 3

"""Ways by which a branch may look as good as the base without being so; each is red, or named."""

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

import json
import shutil

import pytest
from ml_checklist import proofs
from ml_checklist.errors import DataError, Problem

TODAY = ("--today", "2026-11-21")
GOOD = '{"beats_baseline": {"low": 0.01}}'
WORSE = '{"beats_baseline": {"low": -0.2}}'
REASON = "the new table of October came without the column of prices"
NA = f'status: not-applicable\nby: "@ann"\napprover: "@boss"\ndate: "2026-11-20"\nitem_rev: 1\nreason: {REASON}\n'
WAIVER = (
    f'reason: {REASON}\nby: "@ann"\napprover: "@boss"\ndate: "{{}}"\nuntil: "{{}}"\nitem_rev: 1\n'
)
TEST = 'import pytest\n\n\n@pytest.mark.proves("scoping.tested")\ndef test_x():\n    assert 1 + 1 == 2\n'


@pytest.fixture
def branch(project, item):
    """An objective signed off, a baseline beaten and a proving test on main; a new branch."""
    project.write(".copier-answers.yml", "_commit: v1.0.0\n")
    project.write(".gitignore", "/.checklist\n")
    project.write("reports/evaluation.json", GOOD)
    project.write("tests/test_x.py", TEST)
    text = (project.root / "checklist/catalog/scoping.yml").read_text()
    tested = item("scoping.tested", "auto", extra="probe: {type: proven}")
    project.write("checklist/catalog/scoping.yml", text + tested)
    project.fill_objective()
    project.branch_off()
    return project


def diff(branch, *args):
    ran = branch.run("diff", "main", "--format", "json", *TODAY, *args)
    return ran.code, json.loads(ran.out)


def lost(found):
    return [row["item"] for row in found["people"] + found["machines"] if row["what"] == "lost"]


def prove(project, path=".checklist/proofs.json", outcome="passed"):
    """The report of a test run on the files as they are now."""
    result = {"item": "scoping.tested", "test": "tests/test_x.py::test_x", "outcome": outcome}
    return project.write(path, json.dumps({**proofs.identity(project.root), "results": [result]}))


@pytest.mark.parametrize("name", ["scoping.beats", "scoping.users"])
def test_an_item_that_was_met_cannot_be_called_not_applicable(branch, name):
    branch.write("reports/evaluation.json", WORSE)
    branch.write(f"checklist/ticks/{name}.yml", NA)
    code, found = diff(branch)

    assert code == 1
    assert name in lost(found)


def test_what_a_person_sets_aside_is_counted_and_listed_with_its_level(branch):
    branch.write("checklist/ticks/scoping.objective.yml", NA)
    branch.write("checklist/waivers/scoping.tested.yml", WAIVER.format("2026-11-20", "2026-12-20"))
    reason = "the people that it concerns are asked by their works council"
    branch.write(
        "checklist/declines/scoping.fair.yml",
        f'reason: {reason}\nby: "@ann"\ndate: "2026-11-20"\nitem_rev: 1\n',
    )
    found = diff(branch)[1]
    rows = {(row["what"], row["item"]): row["sentence"] for row in found["people"]}

    assert found["set_aside"] == ["scoping.objective", "scoping.fair", "scoping.tested"]
    assert "3 set aside" in found["headline"].split("This branch:")[1]
    assert rows["n/a", "scoping.objective"] == f"must, by @ann: {REASON}"
    assert rows["waived", "scoping.tested"].startswith("must, ")
    assert rows["declined", "scoping.fair"].startswith("should, ")


@pytest.mark.parametrize(("first", "last"), [("2020-01-01", "2020-01-02"), ("2026-10-01", "2026-11-20")])  # fmt: skip
def test_a_waiver_that_is_over_excuses_no_loss(branch, first, last):
    branch.write("reports/evaluation.json", WORSE)
    branch.write("checklist/waivers/scoping.beats.yml", WAIVER.format(first, last))
    code, found = diff(branch)

    assert code == 1
    assert lost(found) == ["scoping.beats"]


def test_a_tick_that_has_aged_excuses_no_loss(branch, item):
    branch.catalog(item("scoping.users", extra="max_age_days: 30"))
    branch.commit("aged")
    branch.git("branch", "-f", "main")
    tick = branch.root / "checklist/ticks/scoping.users.yml"
    tick.write_text(tick.read_text().replace('date: "2026', 'date: "2020'))
    code, found = diff(branch)

    assert (code, lost(found)) == (1, ["scoping.users"])


@pytest.mark.parametrize("settings", ["root: shadow", "map: {reports/evaluation.json: shadow/reports/evaluation.json}"])  # fmt: skip
def test_a_branch_does_not_choose_where_to_look(branch, settings):
    """A copy of the good files stands where `root:` or `map:` of the branch leads."""
    for name in ("docs", "reports"):
        shutil.copytree(branch.root / name, branch.root / "shadow" / name)
    branch.write("reports/evaluation.json", WORSE)
    facts = "facts: {affects_people: true, serving: none}"
    branch.write("checklist/project.yml", f"phase: poc\n{settings}\n{facts}\n")
    branch.commit("look elsewhere")
    code, found = diff(branch)

    assert code == 1
    assert lost(found) == ["scoping.beats"]
    assert any("`root:` or `map:`" in notice for notice in found["notices"])


def test_where_to_look_may_change_where_nothing_is_lost(branch):
    branch.write("checklist/project.yml", "phase: poc\nmap: {docs/x.md: docs/y.md}\nfacts: {affects_people: true, serving: none}\n")  # fmt: skip

    assert diff(branch)[0] == 0


def test_a_proving_test_that_is_gone_is_lost_without_a_report_of_the_base(branch):
    (branch.root / "tests/test_x.py").write_text("# proves('scoping.tested')\n")
    prove(branch, outcome="skipped")
    code, found = diff(branch)

    assert (code, lost(found)) == (1, ["scoping.tested"])


def test_a_report_of_another_commit_does_not_stand_in_for_the_base(branch, tmp_path):
    other = prove(branch).rename(tmp_path / "other.json")
    report = json.loads(other.read_text())
    other.write_text(json.dumps({**report, "data": "of another commit"}))
    (branch.root / "tests/test_x.py").unlink()
    branch.commit("delete the test")
    code, found = diff(branch, "--base-proofs", str(other))

    assert (code, lost(found)) == (1, ["scoping.tested"])


def test_coverage_is_compared_with_that_of_the_base(branch, item, tmp_path):
    covered = {"files": {"src/a.py": {"summary": {"covered_lines": 9, "num_statements": 10}}}}
    branch.catalog(item("scoping.covered", "auto", extra="probe: {type: coverage, min: 0.8}"))
    branch.commit("catalog")
    branch.git("branch", "-f", "main")
    base = prove(branch).rename(tmp_path / "proofs.json")
    (tmp_path / "coverage.json").write_text(json.dumps(covered))
    branch.write("tests/test_x.py", TEST.replace("test_x", "test_y"))
    covered["files"]["src/a.py"]["summary"]["covered_lines"] = 3
    branch.write(".checklist/coverage.json", json.dumps(covered))
    prove(branch)

    assert lost(diff(branch, "--base-proofs", str(base))[1]) == ["scoping.covered"]


def test_a_proving_test_may_move(branch):
    (branch.root / "tests/test_x.py").rename(branch.root / "tests/test_y.py")

    assert diff(branch)[0] == 0


def test_what_no_test_proves_any_more_may_be_waived(branch):
    (branch.root / "tests/test_x.py").unlink()
    branch.write("checklist/waivers/scoping.tested.yml", WAIVER.format("2026-11-20", "2026-12-20"))

    assert diff(branch)[0] == 0


def linked_folder(branch):
    prove(branch, "docs/p/proofs.json")
    (branch.root / ".checklist").symlink_to("docs/p")


def linked_file(branch):
    prove(branch, "docs/p.json")
    (branch.root / ".checklist").mkdir()
    (branch.root / ".checklist/proofs.json").symlink_to("../docs/p.json")


def committed(branch):
    prove(branch)
    branch.git("add", "-f", ".checklist/proofs.json")


@pytest.mark.parametrize("forge", [linked_folder, linked_file, committed])
def test_a_report_that_the_branch_brings_proves_nothing(branch, forge):
    prove(branch)
    honest = branch.states()["scoping.tested"]
    shutil.rmtree(branch.root / ".checklist")
    forge(branch)
    branch.commit("a report")

    assert honest == "pass"
    assert branch.states()["scoping.tested"] == "fail"


@pytest.mark.parametrize("folder", ["ticks", "waivers", "declines"])
def test_what_code_owners_are_asked_about_stays_in_its_folder(branch, folder):
    """A link to another folder would take the files out of what they own."""
    place = branch.root / "checklist" / folder
    if place.exists():
        place.rename(branch.root / "docs/w")
    (branch.root / "docs/w").mkdir(exist_ok=True)
    place.symlink_to("../docs/w")
    ran = branch.run("validate")

    assert ran.code == 2
    assert f"checklist/{folder}: is behind a link" in ran.out + ran.err


def test_a_name_of_a_file_cannot_steer_a_terminal_or_a_log(branch):
    name = "checklist/catalog.d/\033[31m\n::stop-commands::x\nb.yml"
    branch.write(name, "x\n")
    problem = DataError(Problem("a\033[31m\n::add-mask::b", 0, "is wrong\r\n::warning::"))
    text = branch.run("diff", "main").out
    markdown = branch.run("diff", "main", "--format", "md").out

    for shown in (text, markdown, str(problem)):
        assert "\033" not in shown
        assert not [line for line in shown.splitlines() if line.startswith("::")]


@pytest.mark.parametrize("word", ["--output=owned", "--upload-pack=touch owned"])
def test_a_revision_is_no_option_of_git(branch, word):
    for command in (("diff", "--", word), ("news", f"--since={word}")):
        assert branch.run(*command).code == 2, command
    assert not (branch.root / "owned").exists()

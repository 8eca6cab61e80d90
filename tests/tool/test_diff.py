"""What a pull request reports, and why it cannot edit its judge."""

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

import json
import shutil
import subprocess

import pytest
from ml_checklist.render import diff as render_diff


@pytest.fixture
def branch(project):
    """A project with an objective met on main, and a new branch."""
    project.write(".copier-answers.yml", "_commit: v1.0.0\n")
    project.write("hooks/ml_checklist/gate.py", "# the judge\n")
    project.write("reports/evaluation.json", '{"beats_baseline": {"low": 0.01}}')
    project.branch_off()
    return project


def data(project, *args):
    ran = project.run("diff", "main", "--format", "json", *args)
    return ran.code, json.loads(ran.out)


def rows(found, table):
    return [(row["what"], row["item"]) for row in found[table]]


def test_a_branch_that_changes_nothing_says_so(branch):
    ran = branch.run("diff", "main")

    assert ran.code == 0
    assert ran.out.startswith(
        "PoC gate: 2 of 3 met, 1 open. This branch: 0 proven, 0 ticked, 0 set aside, 0 lost."
    )


def test_a_tick_is_listed_for_people(branch):
    branch.fill_objective()
    branch.run("tick", "scoping.objective", "-e", "docs/problem.md#objective", "--by", "@ann")
    code, found = data(branch)

    assert code == 0
    assert rows(found, "people") == [("ticked", "scoping.objective")]
    assert found["people"][0]["sentence"] == "by @ann: docs/problem.md#objective"


def test_what_a_probe_lost_is_a_regression(branch):
    branch.write("reports/evaluation.json", '{"beats_baseline": {"low": -0.2}}')
    code, found = data(branch)

    assert code == 1
    assert rows(found, "machines") == [("lost", "scoping.beats")]


def test_a_report_that_is_gone_is_a_regression_too(branch):
    (branch.root / "reports/evaluation.json").unlink()

    assert data(branch)[0] == 1


def test_changed_evidence_is_a_regression_until_somebody_signs_again(branch):
    branch.write("docs/users.md", "# Users\n\nSupport.\n")
    code, found = data(branch)
    assert (code, rows(found, "people")) == (1, [("lost", "scoping.users")])
    branch.run("tick", "scoping.users", "-e", "docs/users.md", "--by", "@bob")

    assert data(branch)[0] == 0


def test_what_was_stale_before_is_not_this_branchs_fault(branch):
    branch.git("checkout", "-q", "main")
    branch.write("docs/users.md", "# Users\n\nSupport.\n")
    branch.commit("change")
    branch.git("checkout", "-q", "-B", "work")
    branch.write("README.md", "x\n")
    code, found = data(branch)

    assert (code, rows(found, "people")) == (0, [("stale", "scoping.users")])


def test_what_main_gained_since_is_not_lost_here(branch):
    branch.git("checkout", "-q", "main")
    branch.fill_objective()
    branch.run("tick", "scoping.objective", "-e", "docs/problem.md#objective", "--by", "@ann")
    branch.commit("later")
    branch.git("checkout", "-q", "work")

    assert data(branch)[0] == 0


def test_time_that_passes_is_no_regression(branch, item):
    branch.catalog(item("scoping.users", extra="max_age_days: 30"))
    branch.commit("aged")
    branch.git("branch", "-f", "main")

    assert branch.run("diff", "main", "--today", "2030-01-01").code == 0


def test_a_waiver_instead_of_a_repair_is_shown_and_passes(branch):
    branch.write("reports/evaluation.json", '{"beats_baseline": {"low": -0.2}}')
    branch.run(
        "waive",
        "scoping.beats",
        "--reason",
        "the new table of October came without the column of prices",
        "--until",
        "2026-12-31",
        "--approver",
        "@boss",
        "--by",
        "@ann",
        "--today",
        "2026-11-20",
    )
    ran = branch.run("diff", "main", "--format", "json", "--today", "2026-11-21")

    assert ran.code == 0
    assert rows(json.loads(ran.out), "people") == [("waived", "scoping.beats")]
    assert any(
        "checklist/waivers/scoping.beats.yml" in notice for notice in json.loads(ran.out)["notices"]
    )


def test_open_items_whose_files_are_touched_are_suggested(branch, item):
    branch.catalog(item("scoping.users", extra="paths: [src/*/dataloader/**]"))
    branch.run("reopen", "scoping.users")
    branch.commit("catalog")
    branch.git("branch", "-f", "main")
    branch.write("src/shop/dataloader/read.py", "x = 1\n")

    assert data(branch)[1]["look"] == ["scoping.users"]


def test_what_is_listed_as_lost_is_not_suggested_again(branch, item):
    branch.catalog(item("scoping.users", extra="paths: [docs/**]"))
    branch.commit("catalog")
    branch.git("branch", "-f", "main")
    branch.write("docs/users.md", "# Users\n\nSupport.\n")
    found = data(branch)[1]

    assert rows(found, "people") == [("lost", "scoping.users")]
    assert found["look"] == []


def test_a_fact_that_excuses_an_item_is_listed(branch):
    branch.run("start", "affects_people=false")
    code, found = data(branch)

    assert code == 0
    assert found["switched_off"] == {"affects_people": ["scoping.fair"]}
    fact = "Fact affects_people: true -> false; it switches off 1: scoping.fair (should)."
    assert fact in found["notices"]


def test_proofs_of_the_base_are_compared_when_given(branch, item, tmp_path):
    branch.catalog(item("scoping.tested", "auto", extra="probe: {type: proven}"))
    branch.write(".gitignore", ".checklist/\n")
    branch.commit("catalog")
    branch.git("branch", "-f", "main")
    prove(branch, "passed")
    shutil.copy(branch.root / ".checklist/proofs.json", tmp_path / "base.json")
    branch.write("src/a.py", "broken\n")
    prove(branch, "failed")
    with_proofs = data(branch, "--base-proofs", str(tmp_path / "base.json"))
    without = data(branch)

    assert (with_proofs[0], rows(with_proofs[1], "machines")) == (1, [("lost", "scoping.tested")])
    assert without[0] == 0
    prove(branch, "passed")
    assert data(branch)[1]["unknown_at_base"] == ["scoping.tested"]


def prove(project, outcome):
    from ml_checklist import proofs

    result = {"item": "scoping.tested", "test": "tests/t.py::test_x", "outcome": outcome}
    report = {**proofs.identity(project.root), "results": [result]}
    project.write(".checklist/proofs.json", json.dumps(report))


ATTACKS = {
    "the tool": ("hooks/ml_checklist/gate.py", "# always holds\n"),
    "the catalog": ("checklist/catalog/scoping.yml", None),
    "a file more in the tool": ("hooks/ml_checklist/sitecustomize.py", "x = 1\n"),
    "a file more in the catalog": ("checklist/catalog/zzz.txt", "x\n"),
}


@pytest.mark.parametrize(("name", "text"), ATTACKS.values(), ids=ATTACKS.keys())
def test_a_branch_that_edits_its_judge_is_reported(branch, name, text, item):
    if text is None:
        branch.catalog(item("scoping.users", level="may"))
    else:
        branch.write(name, text)
    code, found = data(branch)

    assert code == 1
    assert found["tampered"] == [name]


@pytest.fixture
def released(branch, tmp_path):
    """The template at v1.1.0 on disk, and a project on main that was made from it at v1.0.0."""
    template = tmp_path / "template"
    for name, text in {
        "hooks/ml_checklist/gate.py": "# newer\n",
        "hooks/ml_checklist/__init__.py": "",
        "checklists/scoping.yml": (branch.root / "checklist/catalog/scoping.yml").read_text(),
    }.items():
        (template / name).parent.mkdir(parents=True, exist_ok=True)
        (template / name).write_text(text)
    for command in ("init -q", "add -A", "commit -qm v1.1.0", "tag v1.1.0", "tag v0.9.0"):
        subprocess.run(["git", *command.split()], cwd=template, check=True)
    branch.write(".copier-answers.yml", f"_commit: v1.0.0\n_src_path: {template}\n")
    branch.commit("answers")
    branch.git("branch", "-f", "main")
    return template


def claim(branch, version, source=""):
    answers = branch.root / ".copier-answers.yml"
    text = answers.read_text().replace("v1.0.0", version)
    answers.write_text(f"_commit: {version}\n_src_path: {source}\n" if source else text)


@pytest.mark.parametrize("address", ["{}", "file://{}"])
def test_an_update_of_the_template_may_change_the_judge(branch, released, address):
    claim(branch, "v1.0.0", address.format(released))
    branch.write("docs/news.md", "# News\n")
    branch.commit("address")
    branch.git("branch", "-f", "main")
    claim(branch, "v1.1.0")
    branch.write("hooks/ml_checklist/gate.py", "# newer\n")
    code, found = data(branch)

    assert (code, found["tampered"]) == (0, [])
    assert any("moves from v1.0.0 to v1.1.0" in notice for notice in found["notices"])


def test_where_the_template_cannot_be_read_the_branch_of_the_bot_shows_the_update(branch):
    """Its files, not only its name: a branch with other files is no update."""
    branch.write(".copier-answers.yml", "_commit: v1.1.0\n")
    branch.write("hooks/ml_checklist/gate.py", "# newer\n")
    branch.commit("update by the bot")
    unknown = data(branch)
    branch.git("update-ref", "refs/remotes/origin/template-update", "HEAD")
    known = data(branch)
    branch.write("hooks/ml_checklist/gate.py", "# always holds\n")
    edited = data(branch)

    assert (unknown[0], unknown[1]["tampered"]) == (1, ["hooks/ml_checklist/gate.py"])
    assert (known[0], known[1]["tampered"]) == (0, [])
    assert (edited[0], edited[1]["tampered"]) == (1, ["hooks/ml_checklist/gate.py"])


CLAIMS = {
    "a version that does not exist": ("v9.9.9", "", "# newer\n"),
    "a version whose tool is another": ("v1.1.0", "", "# always holds\n"),
    "an older version": ("v0.9.0", "", "# newer\n"),
    "a file of the version in another place": ("v1.1.0", "", ""),
    "an own template": ("v1.1.0", "https://127.0.0.1:9/evil", "# always holds\n"),
    "an option of git": ("--upload-pack=touch /tmp/x", "", "# newer\n"),
}


@pytest.mark.parametrize(("version", "source", "text"), CLAIMS.values(), ids=CLAIMS.keys())
def test_a_moved_version_must_be_that_of_the_template(branch, released, version, source, text):
    claim(branch, version, source)
    branch.write("hooks/ml_checklist/gate.py", text)
    code, found = data(branch)

    assert (code, found["tampered"]) == (1, ["hooks/ml_checklist/gate.py"])
    assert found["notices"][0].startswith("Tampered: 1 files of the judge")


def test_the_judge_behind_a_link_is_not_that_of_the_template(branch, released):
    """The link's target is in no folder that is guarded."""
    claim(branch, "v1.1.0")
    (branch.root / "hooks").rename(branch.root / "docs/hooks")
    (branch.root / "hooks").symlink_to("docs/hooks")
    (branch.root / "hooks/ml_checklist/gate.py").write_text("# newer\n")

    assert data(branch)[1]["tampered"] == ["hooks/ml_checklist/gate.py"]


def test_a_file_of_the_judge_that_the_new_version_has_may_not_be_deleted(branch, released):
    claim(branch, "v1.1.0")
    (branch.root / "hooks/ml_checklist/gate.py").unlink()

    assert data(branch)[1]["tampered"] == ["hooks/ml_checklist/gate.py"]


def test_the_judge_of_the_base_is_not_moved_by_a_softer_catalog(branch, item, tmp_path):
    """The attack of a pull request that edits tool, catalog, waiver and workflow at once."""
    shutil.copytree(branch.root / "checklist/catalog", tmp_path / "base-catalog")
    branch.catalog(item("scoping.idea", level="may"))
    branch.write("hooks/ml_checklist/gate.py", "# always holds\n")
    branch.write(
        "checklist/project.yml", "phase: mvp\nfacts: {affects_people: true, serving: none}\n"
    )
    branch.write(
        "checklist/waivers/scoping.objective.yml",
        'reason: the page is written next month\nby: "@ann"\napprover: "@Ann"\ndate: "2026-11-20"\nuntil: "2026-12-20"\nitem_rev: 1\n',
    )
    judge = (
        "--catalog",
        str(tmp_path / "base-catalog"),
        "--root",
        str(branch.root),
        "--today",
        "2026-11-21",
    )
    softened = branch.run("gate", "--today", "2026-11-21")
    refused = branch.run("gate", *judge)
    (branch.root / "checklist/waivers/scoping.objective.yml").unlink()
    judged = branch.run("gate", *judge)

    assert softened.code == 0
    assert refused.code == 1
    assert "does not count: approver: @Ann asked for it" in refused.out
    assert judged.code == 1
    assert branch.run("diff", "main", *judge).code == 1


def test_markdown_never_outgrows_a_comment_and_cannot_be_broken_out_of(branch, item):
    names = [f"scoping.i{n}" for n in range(700)]
    branch.catalog(*(item(name, level="should") for name in names))
    branch.commit("catalog")
    branch.git("branch", "-f", "main")
    text = 'status: not-applicable\nby: "@all | `x`"\ndate: "2026-11-20"\nitem_rev: 1\nreason: "</table> @everyone | x\\n# y %s"\n'
    for name in names:
        branch.write(f"checklist/ticks/{name}.yml", text % ("a long reason of its own " * 12))
    out = branch.run("diff", "main", "--format", "md", "--today", "2026-11-21").out

    assert len(out) < 65_536
    assert "more lines; `checklist diff` prints all." in out
    assert "</table>" not in out
    assert "@everyone" not in out
    assert all(
        line.count("|") - line.count("\\|") == 4
        for line in out.splitlines()
        if line.startswith("| n/a")
    )


def test_a_whole_comment_is_cut_at_a_line():
    text = render_diff.cut(["x" * 1000] * 100)

    assert len(text) <= render_diff.MAX_CHARACTERS + 100
    assert text.endswith("36 more lines; `checklist diff` prints all.")


def test_an_unknown_base_is_one_line(branch):
    ran = branch.run("diff", "nowhere")

    assert ran.code == 2
    assert "no such commit here" in ran.err


def test_a_first_checklist_is_compared_with_nothing(branch):
    branch.git("checkout", "-q", "--orphan", "empty")
    branch.git("rm", "-rqf", ".")
    branch.git("commit", "-q", "--allow-empty", "-m", "empty")
    branch.git("checkout", "-q", "-b", "adopt")
    branch.git("checkout", "-q", "work", "--", ".")
    ran = branch.run("diff", "empty")

    assert ran.code == 0
    assert "1 ticked" in ran.out


def test_attributes_of_the_branch_do_not_hide_files_of_the_base(branch):
    branch.write(".gitattributes", "reports export-ignore\nreports/** export-ignore\n")
    branch.commit("attributes")
    branch.git("branch", "-f", "main")
    branch.write("reports/evaluation.json", '{"beats_baseline": {"low": -0.2}}')

    assert data(branch)[0] == 1

"""What an update of the catalog brought."""

import json

import pytest


def test_the_first_catalog_is_no_news(project):
    assert "no news" in project.run("news").out


def test_news_tells_new_changed_renamed_and_retired(project, item):
    project.run("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")
    project.run("tick", "scoping.idea", "-e", "https://example.org/i", "--by", "@ann")
    project.commit("ticks")
    project.catalog(
        item(
            "scoping.users",
            rev=2,
            lifecycle="{state: active, since: 0.1.0, note: asks for numbers}",
        ),
        item("scoping.drift", lifecycle="{state: upcoming, since: 1.4.0, active_in: 2.0.0}"),
        item("scoping.thought", level="may", extra="was: [scoping.idea]"),
        "  - {id: scoping.load, rev: 1, "
        "lifecycle: {state: retired, since: 1.4.0, replaced_by: scoping.drift}}\n",
    )
    for _ in ("dirty", "committed"):
        out = project.run("news").out
        assert "1.4.0   new        scoping.drift" in out
        assert "upcoming, counts from 2.0.0" in out
        assert "asks for numbers; your tick is stale" in out
        assert "was scoping.idea; your tick stays" in out
        assert "retired    scoping.load" in out
        assert "see scoping.drift" in out
        project.git("add", "-A")
        project.git("commit", "-q", "--allow-empty", "-m", "update")

    assert project.states()["scoping.thought"] == "pass"


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_old_catalog_of_another_format_is_still_read(project, item, form):
    project.write("checklist/catalog/old.yml", "items:\n  - {id: old.thing, rev: 1, colour: red}\n")
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "old")
    (project.root / "checklist/catalog/old.yml").unlink()
    project.catalog(item("scoping.users", rev=2))

    assert "scoping.users" in project.run("news", "--format", form).out


FROM_TO = "_commit: {}\n_src_path: gh:o/t\n"


def test_markdown_tells_the_versions_and_a_table_for_each(project, item):
    project.write(".copier-answers.yml", FROM_TO.format("v0.1.0"))
    project.run("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")
    project.commit("before")
    project.write(".copier-answers.yml", FROM_TO.format("v1.5.0"))
    lifecycle = "{state: active, since: 0.1.0, changed: 1.4.0, note: asks for `numbers` of @all}"
    project.catalog(
        item("scoping.users", rev=2, lifecycle=lifecycle),
        item("scoping.drift", lifecycle="{state: upcoming, since: 1.5.0, active_in: 2.0.0}"),
        item("scoping.fair", lifecycle="{state: deprecated, since: 1.5.0}"),
    )

    out = project.run("news", "--format", "md").out

    assert "The template moves from `v0.1.0` to `v1.5.0`: 1 new, 1 changed, 1 deprecated." in out
    assert out.index("| 1.5.0 | Item | |") < out.index("| 1.4.0 | Item | |")
    assert "| new | `scoping.drift` | upcoming, counts from 2.0.0 |" in out
    assert "| deprecated | `scoping.fair` | no longer counts and will be retired |" in out
    # Text of the template reaches a pull request: nothing in it is mark-up, and it calls nobody.
    assert (
        "| changed | `scoping.users` | asks for \\`numbers\\` of &#64;all; your tick is st" in out
    )


def test_evidence_that_the_update_moved_is_listed(project):
    project.write(".copier-answers.yml", FROM_TO.format("v0.1.0"))
    project.write("docs/users.md", "# Users\n\nThe four clerks of the claims desk.\n")
    project.commit("page")
    project.run("tick", "scoping.users", "-e", "docs/users.md", "--by", "@ann")
    project.commit("before")
    project.write(".copier-answers.yml", FROM_TO.format("v0.2.0"))
    project.write("docs/users.md", "# Users\n\nThe template's own words.\n")

    out = project.run("news", "--since", "HEAD").out

    assert "0.2.0   stale      scoping.users" in out
    assert "docs/users.md" in out


def test_no_change_of_the_catalog_is_reported(project):
    project.commit("first") if project.git("status", "--porcelain") else None
    project.write("docs/more.md", "# More\n")

    assert (
        "no item of the checklist changes"
        in project.run("news", "--since", "HEAD", "--format", "md").out
    )


def test_a_retired_item_keeps_its_former_ids_understood(project, item):
    project.run("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")
    project.commit("tick")
    tomb = (
        "  - {id: scoping.people, rev: 1, was: [scoping.users], "
        "lifecycle: {state: retired, since: 1.4.0, replaced_by: scoping.idea}}\n"
    )
    project.catalog(item("scoping.idea", level="may"), tomb)

    printed = project.run("validate").out
    shown = project.run("show", "scoping.users").err

    assert "scoping.users is retired, replaced by scoping.idea; you may delete this file" in printed
    assert "scoping.users is retired; see scoping.idea" in shown
    assert "1.4.0   retired    scoping.users" in project.run("news").out


def test_a_former_id_of_a_retired_item_is_never_used_again(project, item):
    tomb = (
        "  - {id: scoping.people, rev: 1, was: [scoping.users], "
        "lifecycle: {state: retired, since: 1.4.0}}\n"
    )
    project.catalog(item("scoping.users"), tomb)

    ran = project.run("validate")

    assert ran.code == 2
    assert "'scoping.users' is a retired id; ids are never reused" in ran.err


def test_a_tick_with_evidence_of_a_kind_that_was_dropped_is_stale_and_not_wrong(project, item):
    project.run("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")
    narrower = "evidence: {accept: [path]}"

    project.catalog(item("scoping.users", rev=2, extra=narrower))
    raised = project.run("validate")
    states = project.states()
    project.catalog(item("scoping.users", rev=1, extra=narrower))

    assert raised.code == 0
    assert states["scoping.users"] == "stale"
    assert "accepts path as evidence, not a url" in project.run("validate").err


def test_an_overlay_may_tighten_what_an_update_retires(project, item):
    project.write("checklist/catalog.d/org.yml", "tighten:\n  - {id: scoping.idea, level: must}\n")
    project.catalog(
        item("scoping.users"),
        "  - {id: scoping.idea, rev: 1, lifecycle: {state: retired, since: 1.4.0}}\n",
    )

    assert project.run("validate").code == 0


def test_a_deprecated_item_counts_no_more_and_keeps_its_tick(project, item):
    project.run("tick", "scoping.users", "-e", "https://example.org/u", "--by", "@ann")
    gone = "{state: deprecated, since: 1.4.0, replaced_by: scoping.idea}"
    project.catalog(
        item("scoping.users", lifecycle=gone),
        item("scoping.fair", lifecycle=gone),
        item("scoping.idea", level="may"),
    )

    assert project.states() == {
        "scoping.users": "pass",
        "scoping.fair": "todo",
        "scoping.idea": "todo",
    }
    assert project.run("gate", "poc").code == 0


OURS = "def fit(rows):\n    return rows\n\n\ndef score(rows):\n    return 0\n"
EDITED = OURS.replace("return rows", "return rows.drop('id')")


@pytest.fixture
def edited(project):
    """A project made from the template, in which somebody has edited three of its files."""
    names = ["src/model/pipeline.py", "src/model/store.py", "src/model/kept file.py"]
    for name in (*names, "src/model/untouched.py"):
        project.write(name, OURS)
    project.write(".copier-answers.yml", FROM_TO.format("v0.3.1"))
    project.commit("from the template")
    for name in names:
        project.write(name, EDITED)
    project.write("src/model/own.py", OURS)
    project.commit("our edits")
    return project


def update(project):
    """What an update leaves: the second file is written anew, the third keeps the edit."""
    (project.root / "src/model/pipeline.py").unlink()
    (project.root / "src/model/untouched.py").unlink()
    project.write("src/model/store.py", OURS.replace("return 0", "return 1"))
    project.write("src/model/kept file.py", EDITED.replace("return 0", "return 1"))
    project.write(".copier-answers.yml", FROM_TO.format("v0.4.0"))


def lost(project, *args):
    data = json.loads(project.run("news", "--format", "json", *args).out)
    return [(entry["word"], entry["item"]) for entry in data]


DELETED, REPLACED = ("deleted", "src/model/pipeline.py"), ("replaced", "src/model/store.py")


def test_edited_files_that_an_update_deleted_or_replaced_are_listed(edited):
    update(edited)

    out = edited.run("news", "--since", "HEAD").out

    assert lost(edited, "--since", "HEAD") == [DELETED, REPLACED]
    assert "0.4.0   deleted    src/model/pipeline.py" in out
    command = "git show HEAD:src/model/pipeline.py"
    assert command in out
    assert edited.git(*command.split()[1:]) == EDITED
    assert "1 replaced, 1 deleted." in edited.run("news", "--since", "HEAD", "--format", "md").out


def test_they_are_still_listed_once_the_update_is_committed_and_work_goes_on(edited, item):
    update(edited)
    edited.catalog(item("scoping.users"), item("scoping.drift"))
    edited.commit("template v0.4.0")
    edited.write("src/model/kept file.py", "nothing is left\n")
    edited.commit("later")

    listed = lost(edited)

    assert {DELETED, REPLACED} < set(listed)
    assert {entry for entry in listed if entry[0] in ("replaced", "deleted")} == {DELETED, REPLACED}


def test_an_update_that_was_merged_is_one_update(edited):
    edited.git("switch", "-q", "-c", "template-update")
    update(edited)
    edited.commit("template v0.4.0")
    edited.git("switch", "-q", "-")
    edited.git("merge", "-q", "--no-ff", "-m", "Merge", "template-update")

    assert lost(edited, "--since", "HEAD^") == [DELETED, REPLACED]


@pytest.mark.parametrize("version", ["v0.3.1", "v0.4.0"])
def test_without_an_update_or_an_edit_nothing_is_listed(edited, version):
    (edited.root / "src/model/untouched.py").unlink()
    (edited.root / "src/model/own.py").unlink()
    edited.write(".copier-answers.yml", FROM_TO.format(version))
    if version == "v0.3.1":
        (edited.root / "src/model/store.py").unlink()

    assert lost(edited, "--since", "HEAD") == []

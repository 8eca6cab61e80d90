"""Hostile data: one clear line each, exit code 2, nothing run."""

import os

import pytest
from ml_checklist import gitrepo

GOOD = 'status: done\nby: "@ann"\ndate: "2026-11-20"\nitem_rev: 1\nevidence:\n  - url: "https://example.org"\n'
TODAY = ("--today", "2026-11-21")

TICKS = {
    "unknown key": (GOOD + "colour: red\n", "unknown key 'colour'"),
    "missing key": ("status: done\n", "'by' is missing"),
    "wrong status": (GOOD.replace("done", "donne"), "did you mean 'done'"),
    "no day": (GOOD.replace("11-20", "11-31"), "is not a day"),
    "the future": (GOOD.replace("2026-11-20", "2031-11-20"), "lies in the future"),
    "a bot": (GOOD.replace("@ann", "dependabot[bot]"), "is a bot"),
    "no evidence": (GOOD.split("evidence")[0], "done needs evidence"),
    "n/a without a reason": (
        GOOD.replace("done", "not-applicable").split("evidence")[0],
        "needs a reason",
    ),
    "path without id": (
        GOOD.replace('url: "https://example.org"', "path: docs/problem.md"),
        "has no content id",
    ),
    "path upwards": (
        GOOD.replace('url: "https://example.org"', "path: ../../etc/passwd"),
        "must be a path below",
    ),
    "absolute path": (
        GOOD.replace('url: "https://example.org"', "path: /etc/passwd"),
        "must be a path below",
    ),
    "windows path": (
        GOOD.replace('url: "https://example.org"', 'path: "..\\\\..\\\\x"'),
        "must be a path below",
    ),
    "script address": (
        GOOD.replace("https://example.org", "javascript:alert(1)"),
        "must be an address",
    ),
    "tag": ("!!python/object/apply:os.system [touch pwned]\n", "has the tag"),
    "anchor": (GOOD.replace("done", "&x done"), "has the anchor"),
    "duplicate": (GOOD + 'by: "@bob"\n', "twice"),
    "on": ("on: 2026-11-20\n", "has the key on"),
    "a list": ("- a\n", "must be a mapping"),
    "empty": ("", "must be a mapping"),
    "bomb": ("a: [" * 5000, "nested deeper"),
    "huge": ("# " + "x" * (1 << 20) + "\n" + GOOD, "at most 1048576"),
}


@pytest.mark.parametrize(("text", "word"), TICKS.values(), ids=TICKS.keys())
@pytest.mark.parametrize("command", [("validate",), ("gate", "poc")])
def test_a_bad_tick_is_one_clear_line(project, text, word, command):
    project.write("checklist/ticks/scoping.users.yml", text)
    ran = project.run(*command, *TODAY)

    assert ran.code == 2
    assert word in ran.err
    assert all(
        line.startswith("checklist/ticks/scoping.users.yml") for line in ran.err.splitlines()
    )
    assert not (project.root / "pwned").exists()


def test_invalid_utf8_is_named(project):
    project.write("checklist/ticks/scoping.users.yml", "x").write_bytes(b"by: \xff\n")

    assert "is not UTF-8" in project.run("validate").err


def test_a_link_instead_of_a_tick_is_refused(project, tmp_path):
    (tmp_path / "x.yml").write_text(GOOD)
    (project.root / "checklist/ticks").mkdir()
    (project.root / "checklist/ticks/scoping.users.yml").symlink_to(tmp_path / "x.yml")
    ran = project.run("validate")

    assert ran.code == 2
    assert "is a link" in ran.err


def test_names_that_differ_in_case_only_collide(project):
    project.write("checklist/ticks/scoping.users.yml", GOOD)
    project.write("checklist/ticks/Scoping.Users.yml", GOOD)
    ran = project.run("validate", *TODAY)

    assert ran.code == 2
    assert "in case only" in ran.err


def test_files_under_old_and_new_id_are_two_files_for_one_item(project, item):
    project.catalog(item("scoping.people", extra="was: [scoping.users]"))
    project.write("checklist/ticks/scoping.users.yml", GOOD)
    project.write("checklist/ticks/scoping.people.yml", GOOD)
    ran = project.run("validate", *TODAY)

    assert ran.code == 2
    assert "two files for scoping.people" in ran.err


def test_an_orphan_is_a_warning_that_says_what_to_do(project):
    project.write("checklist/ticks/scoping.user.yml", GOOD)
    ran = project.run("validate", *TODAY)

    assert ran.code == 0
    assert "no item is called 'scoping.user'; did you mean 'scoping.users'?" in ran.out


def test_a_tick_of_a_retired_item_may_go(project, item):
    tomb = "  - {id: scoping.old, rev: 1, lifecycle: {state: retired, since: 0.2.0}}\n"
    project.catalog(item("scoping.users"), tomb)
    project.write("checklist/ticks/scoping.old.yml", GOOD)
    ran = project.run("validate", *TODAY)

    assert ran.code == 0
    assert "is retired; you may delete this file" in ran.out


@pytest.mark.parametrize("name", ["scoping.users.yaml", "notes.txt", "scoping.users.yml.orig"])
def test_a_stray_file_among_the_ticks_is_named(project, name):
    project.write(f"checklist/ticks/{name}", GOOD)
    ran = project.run("validate")

    assert ran.code == 2
    assert "must be called <item id>.yml" in ran.err


PROJECTS = {
    "unknown phase": ("phase: prod\n", "must be one of poc, mvp, production, live"),
    "unknown fact": ("phase: poc\nfacts: {afects_people: true}\n", "did you mean 'affects_people'"),
    "wrong fact": (
        "phase: poc\nfacts: {serving: carrier-pigeon}\n",
        "must be one of none, batch, realtime",
    ),
    "unknown key": ("phase: poc\ncolour: red\n", "unknown key 'colour'"),
    "root upwards": ("phase: poc\nroot: ../..\n", "must be a folder inside the repository"),
    "map upwards": ("phase: poc\nmap: {docs/problem.md: ../../x.md}\n", "must be a path below"),
    "conflict": ("<<<<<<< HEAD\nphase: poc\n=======\nphase: mvp\n>>>>>>> x\n", "is not YAML"),
}


@pytest.mark.parametrize(("text", "word"), PROJECTS.values(), ids=PROJECTS.keys())
def test_a_bad_project_file_is_one_clear_line(project, text, word):
    project.write("checklist/project.yml", text)
    ran = project.run("gate")

    assert ran.code == 2
    assert word in ran.err
    assert all(line.startswith("checklist/project.yml") for line in ran.err.splitlines())


def test_terminal_control_characters_in_data_are_not_printed(project):
    text = (
        GOOD.replace("@ann", "\\x1b[31m@ann").split("evidence")[0].replace("done", "not-applicable")
    )
    project.write("checklist/ticks/scoping.users.yml", text + 'reason: "\\x1b]0;title\\x07 none"\n')

    assert "\x1b" not in project.run("status", "--all", *TODAY).out
    assert "\x1b" not in project.run("show", "scoping.users", *TODAY).out


def test_outside_of_a_project_it_says_so(project, tmp_path):
    ran = project.run("status", cwd="..")

    assert ran.code == 2
    assert "no checklist here or above" in ran.err


def test_it_works_from_a_sub_folder(project):
    assert project.run("status", cwd="docs").code == 0


@pytest.mark.parametrize(
    "args", [("nonsense",), ("gate", "someday"), ("tick", "--nonsense"), ("show",)]
)
def test_bad_usage_is_one_line(project, args):
    ran = project.run(*args)

    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize("key", ["core.fsmonitor", "core.hooksPath"])
def test_git_runs_no_program_that_the_project_names(project, tmp_path, key):
    ran = tmp_path / "ran"
    hook = project.write("hooks/post-index-change", f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    project.git("config", key, str(hook if key == "core.fsmonitor" else hook.parent))
    os.utime(project.root / "docs/problem.md", (1, 1))  # makes git write its index
    gitrepo.git(project.root, "status")

    assert not ran.exists()
    os.utime(project.root / "docs/problem.md", (2, 2))
    project.git("status")
    assert ran.exists(), "the trap itself does not work"

"""What `tick`, `waive` and `reopen` write, and what they refuse."""

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

import pytest


def tick(project, *args):
    return project.run("tick", *args, "--by", "@ann", "--today", "2026-11-20")


def test_a_tick_is_one_readable_file(project):
    project.write("docs/users.md", "# Users\n\nSales.\n")
    ran = tick(
        project,
        "scoping.users",
        "-e",
        "docs/users.md",
        "-e",
        "https://example.org/u",
        "--note",
        "asked: yes",
    )

    assert ran.code == 0
    assert (project.root / "checklist/ticks/scoping.users.yml").read_text() == (
        'status: done\nby: "@ann"\ndate: "2026-11-20"\nitem_rev: 1\nevidence:\n'
        '  - path: docs/users.md\n    git: "e5ba2cf30b9f3bcb0ed1f8a36f0f8b2c6e9ea9cd"\n    note: "asked: yes"\n'
        '  - url: "https://example.org/u"\n    note: "asked: yes"\n'
    ).replace(
        "e5ba2cf30b9f3bcb0ed1f8a36f0f8b2c6e9ea9cd",
        project.git("hash-object", "docs/users.md").strip(),
    )


def test_a_tick_without_evidence_cites_the_files_that_the_item_names(project, item):
    named = "evidence: {files: [docs/users.md#who, docs/none.md]}"
    project.catalog(item("scoping.users", extra=named))
    project.write("docs/users.md", "# Users\n\n## Who\n\nSales.\n")
    ran = tick(project, "scoping.users")

    assert (ran.code, "evidence docs/users.md#who" in ran.out) == (0, True)
    assert project.states() == {"scoping.users": "pass"}


def test_a_tick_without_evidence_cites_what_the_probe_found(project, item):
    project.catalog(item("scoping.choice", "hybrid", extra="probe: {type: decision, about: x}"))
    project.write(
        "docs/decisions/1.md",
        "---\nabout: x\nstatus: accepted\n---\n" + "It is cheap, and we know it well.\n",
    )
    project.commit()

    assert "evidence docs/decisions/1.md" in tick(project, "scoping.choice").out


def test_the_same_tick_twice_is_the_same_bytes(project):
    tick(project, "scoping.users", "-e", "https://example.org/u")
    first = (project.root / "checklist/ticks/scoping.users.yml").read_bytes()
    tick(project, "scoping.users", "-e", "https://example.org/u")

    assert (project.root / "checklist/ticks/scoping.users.yml").read_bytes() == first


def test_a_folder_is_evidence_and_its_content_counts(project):
    project.write("docs/users/a.md", "Sales.\n")
    assert tick(project, "scoping.users", "-e", "docs/users").code == 0
    project.write("docs/users/b.md", "Support.\n")

    assert project.states()["scoping.users"] == "stale"


REFUSED = [
    (["scoping.users"], "needs evidence"),
    (["scoping.nope", "-e", "https://example.org"], "unknown item 'scoping.nope'"),
    (["scoping.user", "-e", "https://example.org"], "did you mean 'scoping.users'"),
    (["scoping.beats", "-e", "https://example.org"], "its probe decides"),
    (["scoping.objective", "-e", "https://example.org"], "its probe is not green"),
    (["scoping.users", "-e", "docs/problem.md"], "still holds a `> fill:` line"),
    (["scoping.users", "-e", "docs/problem.md#users"], "still holds a `> fill:` line"),
    (["scoping.users", "-e", "docs/problem.md#nobody"], "has no heading 'nobody'"),
    (["scoping.users", "-e", "docs/none.md"], "does not exist"),
    (["scoping.users", "-e", "../secret.md"], "leave out `..`"),
    (["scoping.users", "-e", "docs/../../secret.md"], "leave out `..`"),
    (["scoping.users", "-e", "/etc/passwd"], "leave out `..`"),
    (["scoping.users", "-e", "checklist/catalog/scoping.yml"], "belongs to the checklist itself"),
    (["scoping.users", "-e", "ftp://example.org"], "not"),
    (["scoping.users", "--na", " ", "--approver", "@bob"], "is no sentence"),
    (["scoping.users", "--na", "solo poc", "--approver", "@bob"], "is no sentence: 7 letters"),
    (["scoping.users", "--na", "bla " * 40, "--approver", "@bob"], "repeats itself"),
    (["scoping.users", "--na", "it predicts the load of a pump"], "another person approves"),
    (
        ["scoping.beats", "--na", "it predicts the load of a pump", "--approver", "@bob"],
        "waive it for a time",
    ),
]


@pytest.mark.parametrize(("args", "word"), REFUSED)
def test_tick_refuses(project, args, word):
    ran = tick(project, *args)

    assert ran.code == 2
    assert word in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert not (project.root / "checklist/ticks").exists()


def test_nothing_is_written_when_one_of_several_is_refused(project):
    ran = tick(project, "scoping.users", "scoping.objective", "-e", "https://example.org/u")

    assert ran.code == 2
    assert not (project.root / "checklist/ticks").exists()


def test_a_bot_cannot_sign(project):
    ran = project.run("tick", "scoping.users", "-e", "https://example.org", "--by", "renovate[bot]")

    assert ran.code == 2
    assert "is a bot; a person signs" in ran.err


def test_evidence_that_git_ignores_is_refused(project):
    project.write(".gitignore", "logs/\n")
    project.write("logs/run.txt", "fine\n")
    ran = tick(project, "scoping.users", "-e", "logs/run.txt")

    assert ran.code == 2
    assert "ignored by git" in ran.err


def test_a_link_out_of_the_project_is_no_evidence(project, tmp_path):
    (tmp_path / "outside.md").write_text("secret")
    (project.root / "docs/link.md").symlink_to(tmp_path / "outside.md")
    ran = tick(project, "scoping.users", "-e", "docs/link.md")

    assert ran.code == 2
    assert "leads out of the project" in ran.err


def test_evidence_of_a_kind_that_the_item_does_not_accept_is_refused(project, item):
    project.catalog(item("scoping.users", extra="evidence: {accept: [path]}"))
    ran = tick(project, "scoping.users", "-e", "https://example.org/u")

    assert ran.code == 2
    assert "accepts path as evidence, not a url" in ran.err


def test_ticking_by_a_new_id_replaces_the_file_of_the_old(project, item):
    tick(project, "scoping.users", "-e", "https://example.org/u")
    project.catalog(item("scoping.people", extra="was: [scoping.users]"))
    assert project.states() == {"scoping.people": "pass"}
    tick(project, "scoping.people", "-e", "https://example.org/u")

    assert [path.name for path in (project.root / "checklist/ticks").iterdir()] == [
        "scoping.people.yml"
    ]


def test_reopen_takes_the_tick_back(project):
    tick(project, "scoping.users", "-e", "https://example.org/u")
    ran = project.run("reopen", "scoping.users")

    assert ran.code == 0
    assert project.states()["scoping.users"] == "todo"


def test_reopen_of_what_is_open_is_refused(project):
    assert project.run("reopen", "scoping.users").code == 2


def waive(project, **changes):
    args = {
        "reason": "the sales team names its users in January",
        "until": "2027-01-31",
        "approver": "@boss",
        "by": "@ann",
        "today": "2026-11-20",
        **changes,
    }
    flags = [word for key, value in args.items() for word in (f"--{key}", value)]
    return project.run("waive", "scoping.users", *flags)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"approver": "@ann"}, "another person approves"),
        ({"approver": "Ann"}, "another person approves"),
        ({"until": "2026-11-19"}, "must lie within"),
        ({"until": "2029-01-01"}, "must lie within"),
        ({"until": "31.1.2027"}, "is not a day"),
        ({"until": "2027-02-30"}, "is not a day"),
        ({"reason": " "}, "is no sentence"),
        ({"approver": "x[bot]"}, "is a bot"),
    ],
)
def test_waive_refuses(project, changes, word):
    ran = waive(project, **changes)

    assert ran.code == 2
    assert word in ran.err
    assert not (project.root / "checklist/waivers").exists()


def test_what_is_met_is_not_waived(project):
    tick(project, "scoping.users", "-e", "https://example.org/u")

    assert "nothing to waive" in waive(project).err


def test_a_waiver_whose_reason_has_gone_is_reported(project):
    waive(project)
    tick(project, "scoping.users", "-e", "https://example.org/u")

    assert "nothing is left to waive" in project.run("status", "--today", "2026-11-21").out


@pytest.mark.parametrize(("until", "code"), [("2027-05-19", 0), ("2027-05-20", 2)])
def test_a_waiver_ends_at_most_180_days_after_its_first(project, until, code):
    ran = waive(project, until=until)

    assert ran.code == code
    assert ("must lie within 180 days after 2026-11-20" in ran.err) == bool(code)


def test_the_author_that_git_would_name_signs(project, monkeypatch):
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ann Author")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ann@example.org")
    ran = project.run("tick", "scoping.users", "-e", "https://example.org/u")

    assert "by Ann Author" in ran.out


def test_nobody_signs_where_git_knows_no_author(project, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    ran = project.run("tick", "scoping.users", "-e", "https://example.org/u")

    assert ran.code == 2
    assert "who signs? give --by @handle" in ran.err

"""What an update of the catalog brought."""

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
        assert "1.4.0   new       scoping.drift" in out
        assert "upcoming, counts from 2.0.0" in out
        assert "asks for numbers; your tick is stale" in out
        assert "was scoping.idea; your tick stays" in out
        assert "retired   scoping.load" in out
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

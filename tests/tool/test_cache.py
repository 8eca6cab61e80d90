"""The cache of the parsed catalog: faster, and never believed when it is wrong."""

import json

import pytest
from ml_checklist.catalog import cache


def cached(tmp_path):
    return next((tmp_path / "cache/ml-checklist").glob("*.json"))


def test_a_changed_catalog_is_read_anew(project, item):
    project.run("status")
    project.catalog(item("scoping.other"))

    assert project.states() == {"scoping.other": "todo"}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"key": 1}', "\ud83d".encode("utf-8", "replace").decode()]
)
def test_a_broken_cache_is_read_anew(project, tmp_path, text):
    first = project.states()
    cached(tmp_path).write_text(text)

    assert project.states() == first


def test_a_cache_whose_items_do_not_fit_is_read_anew(project, tmp_path):
    first = project.states()
    path = cached(tmp_path)
    data = json.loads(path.read_text())
    data["items"] = [["scoping", "x.yml", 1, {"id": "scoping.users"}]]
    path.write_text(json.dumps(data))

    assert project.states() == first


def test_a_branch_cannot_bring_its_own_cache(project, tmp_path):
    project.run("status")

    assert not list(project.root.rglob("*.json"))
    assert cached(tmp_path).is_file()


def test_a_home_that_cannot_be_written_is_no_error(project, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert project.run("status").code == 0


@pytest.mark.parametrize("place", [".cache", "{root}/.cache"], ids=["relative", "in the project"])
def test_a_cache_folder_that_a_branch_can_fill_is_not_used(project, monkeypatch, place):
    monkeypatch.setenv("XDG_CACHE_HOME", place.format(root=project.root))

    assert project.run("status").code == 0
    assert not (project.root / ".cache").exists()


def test_a_user_without_a_home_is_no_error(project, monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/proc/nowhere")

    assert project.run("status").code == 0


def test_a_read_only_project_is_looked_at(project):
    project.run("status")
    before = {path: path.stat().st_mtime_ns for path in project.root.rglob("*")}
    for command in (["status"], ["validate"], ["gate"], ["report", "--format", "html"]):
        assert project.run(*command).code == 0

    assert {path: path.stat().st_mtime_ns for path in project.root.rglob("*")} == before


def test_a_change_of_the_tools_own_rules_changes_the_key(project, monkeypatch, tmp_path):
    rule = tmp_path / "rule.py"
    keys = set()
    monkeypatch.setattr(cache, "_rules", lambda: [rule])
    for text in ("one", "two"):
        rule.write_text(text)
        keys.add(cache._key(project.root / "checklist/catalog"))

    assert len(keys) == 2


def test_what_decides_how_a_catalog_is_read_is_among_the_rules():
    names = {f"{path.parent.name}/{path.name}" for path in cache._rules()}
    rules = ["conditions.py", "items.py", "load.py", "rules.py", "schema.py"]

    assert {f"catalog/{name}" for name in rules} < names
    assert {"ml_checklist/shapes.py", "probes/__init__.py"} < names

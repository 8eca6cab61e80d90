"""No edit of pyproject.toml ends in invalid TOML in silence when components come and go.

Forms that were tried with 18 edits and 9 changes of components, 162 updates each:

* A group only while its component is on: 12 ended in invalid TOML without a conflict. Whoever ran
  `uv add --group docs ...` had a second group `docs` after choosing the component docs.
* A group always, empty while its component is off, below `dev`: none invalid, 34 with conflict
  markers, since a group of one's own stands beside the block of docs.
* The same, above `dev` and `notebook`: none invalid, 22 with markers, every one an edit of the
  very group that the update changes. All other edits merged.

The last form stands. `default-groups` names every group, so that no update changes that list.
"""

import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Render, commit, run, run_copy, update
from tests.histories import quick
from tests.template.rows import ALL, LEARNERS

NEEDED = (
    "components.yml",
    "copier.yml",
    "hooks/validate.jinja",
    "template/{{ _copier_conf.answers_file }}.jinja",
    "template/{{ core }}/pyproject.toml.jinja",
)
Edit = Callable[[Path], None]


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    """Copier without a git process for each file that it renders."""
    with quick.quick():
        yield


def uv_add(*words: str) -> Edit:
    def edit(project: Path) -> None:
        run("uv", "add", "--quiet", "--frozen", *words, cwd=project)

    return edit


def swap(old: str, new: str) -> Edit:
    def edit(project: Path) -> None:
        path = project / "pyproject.toml"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new), encoding="utf-8")

    return edit


def append(text: str) -> Edit:
    def edit(project: Path) -> None:
        with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(text)

    return edit


EDITS: dict[str, tuple[Edit, str]] = {
    "uv add": (uv_add("idna>=3"), '"idna>=3"'),
    "uv add to dev": (uv_add("--group", "dev", "iniconfig>=2"), '"iniconfig>=2"'),
    "uv add to a group of one's own": (uv_add("--group", "ours", "six>=1"), '"six>=1"'),
    "a bound": (swap('"plotly>=6.5"', '"plotly>=6.6"'), '"plotly>=6.6"'),
    "a table at the end": (append("\n[tool.ours]\nx = 1\n"), "[tool.ours]"),
    "a list in another order": (
        swap(
            '    "coverage[toml]>=7.10",\n    "import-linter>=2.9",\n',
            '    "import-linter>=2.9",\n    "coverage[toml]>=7.10",\n',
        ),
        '    "import-linter>=2.9",\n    "coverage[toml]',
    ),
    "a line deleted": (swap('    "nbstripout>=0.9",\n', ""), '"mypy>=2.0",\n    "pre-commit'),
    "a comment": (swap("dev = [", "# for checks\ndev = ["), "# for checks"),
    "a default group": (
        swap('groups = [\n    "dev",\n', 'groups = [\n    "dev",\n    "ours",\n'),
        '    "ours",\n',
    ),
}
# An edit of a group that the update changes as well: markers are right, silence is not.
OWN_GROUP: dict[str, Edit] = {
    "docs": uv_add("--group", "docs", "six>=1"),
    "mlflow": uv_add("--group", "mlflow", "six>=1"),
}
MVP: dict[str, Any] = {"scaffold": "mvp", "components": []}
CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"components": ["docs"]}),
    ({}, {"scaffold": "mvp", "components": ALL}),
    ({**MVP, "components": ALL}, {**MVP, "remove": ALL}),
]


@pytest.fixture(scope="module")
def released(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template of pyproject.toml alone, as a version."""
    folder = tmp_path_factory.mktemp("pyproject") / "copier-ml"
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(template / name, folder / name)
    commit(folder, "One", "v1.0.0")
    return folder


@pytest.fixture(scope="module")
def starts(released: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A project for each change, as it is before."""
    made = []
    for before, _ in CHANGES:
        project = run_copy(released, tmp_path_factory.mktemp("start") / "project", **before)
        commit(project, "Start")
        made.append(project)
    return made


def changed(start: Path, to: Path, edit: Edit, after: dict[str, Any]) -> tuple[list[str], str]:
    """Files in conflict and pyproject.toml after an edit and an update."""
    project = shutil.copytree(start, to)
    edit(project)
    commit(project, "Ours")
    torn = update(project, **after)
    return torn, (project / "pyproject.toml").read_text(encoding="utf-8")


def assert_kept(start: Path, to: Path, names: list[str], after: dict[str, Any]) -> None:
    """The edits of these names survive a change, in a file that is valid."""

    def edit(project: Path) -> None:
        for name in names:
            EDITS[name][0](project)

    torn, text = changed(start, to, edit, after)

    content = tomllib.loads(text)
    assert torn == []
    assert [name for name in names if EDITS[name][1] not in text] == []
    assert bool(content["dependency-groups"]["docs"]) == ("docs" in after["components"])


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_all_edits_together_survive_a_change_of_components(starts, tmp_path, number):
    assert_kept(starts[number], tmp_path / "project", list(EDITS), CHANGES[number][1])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CHANGES)))
@pytest.mark.parametrize("name", EDITS)
def test_each_edit_alone_survives_a_change_of_components(starts, tmp_path, name, number):
    assert_kept(starts[number], tmp_path / "project", [name], CHANGES[number][1])


@pytest.mark.parametrize("name", OWN_GROUP)
def test_an_edit_of_a_components_group_is_never_invalid_in_silence(starts, tmp_path, name):
    for number, (start, (_, after)) in enumerate(zip(starts, CHANGES, strict=True)):
        torn, text = changed(start, tmp_path / str(number), OWN_GROUP[name], after)

        if torn:
            assert torn == ["pyproject.toml"]
        else:
            assert "six>=1" in tomllib.loads(text)["dependency-groups"][name]


def groups() -> list[str]:
    table = yaml.safe_load((ROOT / "components.yml").read_text(encoding="utf-8"))
    return [entry["group"] for entry in table["components"].values() if "group" in entry]


def test_each_component_has_its_group_and_it_is_empty_while_it_is_off(rendered: Render):
    poc, mvp = (
        tomllib.loads((rendered(**answers) / "pyproject.toml").read_text(encoding="utf-8"))
        for answers in ({}, {"scaffold": "mvp", "components": [*ALL, *LEARNERS]})
    )

    for content in (poc, mvp):
        named = content["dependency-groups"]
        own = [group for group in named if group.removesuffix("-tests") in groups()]
        assert [*own, "dev"] == list(named)
        assert [group for group in own if not group.endswith("-tests")] == groups()
        assert content["tool"]["uv"]["default-groups"] == ["dev", *own]
    assert not [g for g in groups() if poc["dependency-groups"][g]]
    assert not [g for g in groups() if not mvp["dependency-groups"][g]]


@pytest.mark.slow
@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_every_group_can_be_installed(installed_project, tmp_path, python):
    start = installed_project(scaffold="mvp", components=ALL)
    left_out = shutil.ignore_patterns(".venv", "__pycache__", ".mypy_cache")
    project = shutil.copytree(start, tmp_path / "project", symlinks=True, ignore=left_out)
    if subprocess.run(["uv", "python", "find", python], capture_output=True).returncode:
        pytest.skip(f"no Python {python} on this machine")

    run("uv", "sync", "--quiet", "--all-groups", "--python", python, cwd=project)
    run("uv", "run", "--no-sync", "python", "-c", "import fastapi, optuna, shap", cwd=project)

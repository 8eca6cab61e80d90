"""A small project with a small catalog, and a way to run the tool in it."""

# ruff: noqa: E501 - files in one literal are easier to read than files in pieces

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ml_checklist import cli

HERE = Path(__file__).resolve().parent
HOOKS = HERE.parents[1] / "hooks"

FACTS = """\
facts:
  - {name: affects_people, type: bool, question: Does it decide about people?, why: Fairness then counts.}
  - {name: serving, type: choice, choices: [none, batch, realtime], question: How is it served?, why: Load then counts.}
"""

ITEM = """\
  - id: {id}
    rev: {rev}
    title: The thing called {id} is in order
    why: Because {id} hurts otherwise.
    how: Write {id} down in docs/problem.md.
    effort: low
    phase: {phase}
    level: {level}
    kind: {kind}
    lifecycle: {lifecycle}
    source: ["004:1"]
"""


def item(
    id_: str,
    kind: str = "attest",
    phase: str = "poc",
    level: str = "must",
    rev: int = 1,
    lifecycle: str = "{state: active, since: 0.1.0}",
    extra: str = "",
) -> str:
    """One item of a test catalog as YAML."""
    text = ITEM.format(id=id_, rev=rev, phase=phase, level=level, kind=kind, lifecycle=lifecycle)
    return text + "".join(f"    {line}\n" for line in extra.splitlines())


def section(name: str, items: Iterable[str]) -> str:
    """One file of a test catalog."""
    return (
        f"section: {name}\norder: 10\ntitle: {name.title()}\nabout: About {name}.\nitems:\n"
        + "\n".join(items)
    )


HEADING = "probe: {type: heading, file: docs/problem.md, heading: Objective}"
REPORT = "probe: {type: json, file: reports/evaluation.json, at: beats_baseline.low, min: 0}"
DEFAULT_ITEMS = (
    item("scoping.objective", "hybrid", extra=HEADING),
    item("scoping.beats", "auto", extra=REPORT),
    item("scoping.users"),
    item("scoping.fair", phase="mvp", level="should", extra="when: affects_people"),
    item("scoping.load", phase="production", extra="when: serving == realtime"),
    item("scoping.idea", level="may"),
)


class Ran(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Project:
    """A project on disk and the tool run in it."""

    def __init__(self, root: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self._capsys, self._patch = root, capsys, monkeypatch

    def run(self, *args: str, cwd: str = ".") -> Ran:
        """Run `checklist ARGS` in the project."""
        self._patch.chdir(self.root / cwd)
        self._capsys.readouterr()
        try:
            code = cli.main(list(args))
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = self._capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    def write(self, name: str, text: str) -> Path:
        """Write one file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def catalog(self, *items: str, name: str = "scoping") -> None:
        """Replace the catalog by these items."""
        self.write(f"checklist/catalog/{name}.yml", section(name, items))

    def states(self) -> dict[str, str]:
        """Item id -> state, as `report --format json` says."""
        import json

        data = json.loads(self.run("report", "--format", "json").out)
        return {entry["id"]: entry["state"] for entry in data["items"]}

    def git(self, *args: str) -> str:
        """Run git in the project."""
        command = ["git", *args]
        return subprocess.run(
            command, cwd=self.root, check=True, capture_output=True, text=True
        ).stdout

    def try_git(self, *args: str) -> int:
        """Run git and return how it ended."""
        return subprocess.run(
            ["git", *args], cwd=self.root, check=False, capture_output=True
        ).returncode

    def commit(self, message: str = "work") -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def branch_off(self) -> None:
        """Sign the users off, answer two facts, commit that as main, and begin the branch work."""
        self.write("docs/users.md", "# Users\n\nSales.\n")
        self.run("tick", "scoping.users", "-e", "docs/users.md", "--by", "@ann")
        self.run("start", "affects_people=true", "serving=none")
        self.commit("main")
        self.git("checkout", "-q", "-b", "work")

    def fill_objective(
        self, words: str = "Rank customers by their risk to leave, so that we call ten of them."
    ) -> None:
        """Write the section that scoping.objective asks for."""
        self.write(
            "docs/problem.md", f"# Problem\n\n## Objective\n\n{words}\n\n## Users\n\n> fill: who\n"
        )


@pytest.fixture(scope="session", autouse=True)
def no_git_variables() -> Iterator[None]:
    """No test depends on the git variables of the shell that runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("GIT_") and not name.startswith("GIT_CONFIG"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def start(
    tmp_path_factory: pytest.TempPathFactory, own_settings: None, no_git_variables: None
) -> Path:
    """A git repository with the small catalog and an unfilled document, made once."""
    root = tmp_path_factory.mktemp("start") / "project"
    root.mkdir()
    files = {
        "checklist/catalog/facts.yml": FACTS,
        "checklist/catalog/scoping.yml": section("scoping", DEFAULT_ITEMS),
        "docs/problem.md": "# Problem\n\n## Objective\n\n> fill: what for\n\n## Users\n\n> fill: who\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


@pytest.fixture
def project(start: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of that repository, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shutil.copytree(start, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project", capsys, monkeypatch)


@pytest.fixture(name="item")
def item_maker() -> Callable[..., str]:
    """The function that writes an item of a test catalog."""
    return item

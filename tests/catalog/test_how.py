"""The steps of an item name commands, targets and files that a project has, or says who makes."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ml_checklist.catalog.items import Item
from ml_checklist.catalog.load import load

from tests.conftest import ROOT, Render

CATALOG = load(ROOT / "checklists")
COMPONENTS = yaml.safe_load((ROOT / "components.yml").read_text(encoding="utf-8"))["components"]
MVP = [name for name, of in COMPONENTS.items() if of.get("scaffold") == "mvp"]
COUNTED = [item for item in CATALOG.items.values() if item.data["lifecycle"]["state"] == "active"]
MADE_BY_THE_USER = re.compile(
    r"\b(write|create|keep|add|save|store|record|draw|commit|copy|export)\b", re.I
)
OWN_TARGETS = {"smoke"}  # a target that deployment.release asks the reader to write
FOLDERS = r"(?:docs|conf|data|reports|\.github|\.gitlab|notebooks|src)"
FILE = re.compile(rf"(?<![\w/<*.])({FOLDERS}/[\w./<>*-]+\w)")
# What a run of the project writes, so that a fresh one has not got it yet.
WRITTEN = ("reports/", "data/", "logs/", "conf/schema.yaml", "conf/tuned.yaml")
# Files that a step of some item tells the reader to write.
MADE = {
    name
    for item in COUNTED
    for step in item.steps
    if MADE_BY_THE_USER.search(step)
    for name in FILE.findall(step)
}


@pytest.fixture(scope="module")
def projects(rendered: Render) -> dict[str, Path]:
    return {
        "poc": rendered(),
        "mvp": rendered(scaffold="mvp"),
        "all": rendered(scaffold="mvp", components=list(COMPONENTS)),
    }


def home(item: Item, projects: dict[str, Path]) -> Path:
    """The smallest project in which the item's steps must work."""
    if set(item.components) - set(MVP):
        return projects["all"]
    return projects["mvp" if item.components else "poc"]


def targets(project: Path) -> set[str]:
    files = [project / "Makefile", *(project / "make").glob("*.mk")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return set(re.findall(r"(?m)^([a-z-]+)::? ?", text))


def commands(project: Path) -> set[str]:
    """Names in every COMMANDS table of the project."""
    found: set[str] = set()
    for path in [*project.glob("src/*/main.py"), *project.glob("src/*/*/commands.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            value: Any = getattr(node, "value", None)
            names = [getattr(t, "id", "") for t in getattr(node, "targets", [])]
            names += [getattr(getattr(node, "target", None), "id", "")]
            if "COMMANDS" in names and isinstance(value, ast.Dict):
                found |= {str(k.value) for k in value.keys if isinstance(k, ast.Constant)}
    return found


def test_commands_are_found_where_the_project_keeps_them(projects):
    assert {"train", "evaluate", "predict"} <= commands(projects["poc"])
    assert {"serve", "promote"} <= commands(projects["mvp"]) - commands(projects["poc"])


@pytest.mark.parametrize("item", COUNTED, ids=lambda item: item.id)
def test_each_make_target_of_a_step_exists(item, projects):
    lacking = []
    for step in item.steps:
        named = {name for line in re.findall(r"`make ([a-z -]+)", step) for name in line.split()}
        elsewhere = "all" if "component" in step else None
        there = targets(projects[elsewhere] if elsewhere else home(item, projects))
        lacking += sorted(named - there - OWN_TARGETS)

    assert lacking == []


@pytest.mark.parametrize("item", COUNTED, ids=lambda item: item.id)
def test_each_command_of_a_step_exists(item, projects):
    named = set(re.findall(r"`uv run <project> ([a-z-]+)", " ".join(item.steps)))

    assert sorted(named - commands(home(item, projects))) == []


@pytest.mark.parametrize("item", COUNTED, ids=lambda item: item.id)
def test_each_file_of_a_step_is_there_or_is_made(item, projects):
    project = home(item, projects)
    named = [name for step in item.steps for name in FILE.findall(step)]
    lacking = [name for name in named if not (name.startswith(WRITTEN) or name in MADE)]
    patterns = {re.sub(r"<[^>]*>", "*", n.replace("**", "*")).rstrip("/"): n for n in lacking}

    assert [name for at, name in patterns.items() if not any(project.glob(at))] == []

"""What an item tells somebody to type or to open is there: in each project, or by its component."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from ml_checklist import cli, yaml_io
from ml_checklist.catalog.items import Item
from ml_checklist.catalog.load import load

from tests.conftest import ROOT

CATALOG = load(ROOT / "checklists")
ALWAYS = {"every", "core", "table"}
COMPONENTS = yaml_io.load(ROOT / "components.yml", "components.yml", strict=False)["components"]
# Files that a command writes, and files of a project with a foundation model, which no layer has.
WRITTEN = re.compile(r"^conf/(schema|tuned|foundation)\.yaml$")
# Files that a step asks somebody to write.
MADE = re.compile(r"(?:[Ww]rite|[Cc]reate|[Aa]dd) (?:`\w+` into )?(\S+\.(?:mk|ya?ml))")
TARGET = re.compile(r"^([a-z][\w -]*?)::?(?!=)", re.M)
BEFORE = r"(make|uv run checklist|checklist|uv run <project>)"
TYPED = re.compile(rf"`(?:[A-Z_]+=\S+ )?{BEFORE} ([^`]*)`")
NAMED = re.compile(
    r"\b(?:conf/[\w-]+\.ya?ml|make/[\w.-]+\.(?:mk|py)|src/<package>/[\w/]+(?:\.py|/))"
)


def layers() -> dict[str, Path]:
    """Name of a layer -> its folder in the template."""
    found = {}
    for folder in (ROOT / "template").iterdir():
        name = re.fullmatch(r"{{ (\w+) }}", folder.name)
        if name and folder.is_dir():
            found[name[1]] = folder
    return found


def targets() -> dict[str, set[str]]:
    """Target of make -> the layers that have it."""
    found = defaultdict(set)
    for layer, folder in layers().items():
        for path in (*folder.glob("Makefile*"), *folder.glob("make/*.mk*")):
            for names in TARGET.findall(path.read_text(encoding="utf-8")):
                for name in names.split():
                    found[name].add(layer)
    return found


def commands() -> dict[str, set[str]]:
    """Command of a project -> the layers that have it."""
    found = defaultdict(set)
    for layer, folder in layers().items():
        for path in (*folder.rglob("commands.py*"), *folder.rglob("main.py*")):
            for name in re.findall(
                r'^    "([a-z][a-z-]+)":', path.read_text(encoding="utf-8"), re.M
            ):
                found[name].add(layer)
    return found


def files() -> dict[str, set[str]]:
    """Path in a project, of a file or a folder -> the layers that have it."""
    found = defaultdict(set)
    for layer, folder in layers().items():
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix().removesuffix(".jinja")
            name = name.replace("{{ package_name }}", "<package>")
            found[f"{name}/" if path.is_dir() else name].add(layer)
    return found


TARGETS, COMMANDS, FILES = targets(), commands(), files()


def brought(item: Item, step: str) -> set[str]:
    """The layers that a reader of this step has: all projects', and those of the components."""
    named = {name for name in COMPONENTS if f"component {name}" in step}
    waiting = [*item.components, *named]
    found = set(ALWAYS)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting += COMPONENTS[name]["needs"]
    return found


def missing(item: Item) -> list[str]:
    """What its steps name and a reader does not have."""
    found = []
    made = {name for step in item.steps for name in MADE.findall(step)}
    for step in item.steps:
        has = brought(item, step)
        for word, rest in TYPED.findall(step):
            found += wrong_command(word, rest.split(), has, made)
        for name in NAMED.findall(step):
            if not WRITTEN.match(name) and name not in made and not FILES.get(name, set()) & has:
                found.append(name)
    return found


def wrong_command(word: str, rest: list[str], has: set[str], made: set[str]) -> list[str]:
    if word == "make":
        asked = [each for each in rest if re.fullmatch(r"[a-z][a-z-]*", each)]
        asked = [name for name in asked if f"make/{name}.mk" not in made]
        return [f"make {name}" for name in asked if not TARGETS.get(name, set()) & has]
    known = cli.COMMANDS if "checklist" in word else COMMANDS
    first = rest[0] if rest else "status"
    there = first in known if "checklist" in word else COMMANDS.get(first, set()) & has
    return [] if there else [f"{word} {first}"]


ACTIVE = [item for item in CATALOG.items.values() if item.lifecycle == "active"]


@pytest.mark.parametrize("item", ACTIVE, ids=lambda item: item.id)
def test_what_the_steps_of_an_item_name_is_there(item):
    assert missing(item) == []


def test_a_component_is_wanted_for_what_only_it_brings():
    (item,) = [item for item in ACTIVE if item.id == "version-control.releases"]
    bare = item._replace(data={**item.data, "component": []})

    assert missing(bare) == ["make release"]

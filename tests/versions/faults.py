"""What a release owes to projects of the version before it: ids, facts, answers, files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, meta

from tests.versions.snapshots import number

# A file that is only removed: were it kept in projects as well, every id in it would stand twice.
OURS = ("hooks/", "checklist/catalog/")
# 0.4 replaced the source and the tests of 0.3: the update deletes them, and git keeps edits.
REPLACED = ("src/", "tests/", "make/")


def faults(old: Path, new: Path, released: str, version: str | None = None) -> list[str]:
    """Each promise to projects of `old` that the tree `new` breaks.

    released: the version of `old`. version: what `new` will be; None while that is open.
    """
    found = [*_catalog(old, new, released, version), *_facts(old, new)]
    return [*found, *_questions(old, new), *_files(old, new), *undefined(old, new)]


def items(tree: Path) -> dict[str, dict[str, Any]]:
    """Every item and tombstone of a tree's catalog by its id."""
    found = {}
    for path in sorted((tree / "checklists").glob("*.yml")):
        for item in load(path).get("items") or ():
            found[item["id"]] = item
    return found


def load(path: Path) -> Any:
    """A YAML file."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


def _retired(item: dict[str, Any]) -> bool:
    return bool(item["lifecycle"]["state"] == "retired")


def _catalog(old: Path, new: Path, released: str, version: str | None) -> Iterator[str]:
    before, now = items(old), items(new)
    known = {**{was: item for item in now.values() for was in item.get("was") or ()}, **now}
    for name, item in before.items():
        for each in (name, *(item.get("was") or ())):
            if each not in known:
                yield f"{each} is forgotten: list it under `was`, or leave a tombstone"
        if name not in known:
            continue
        if _retired(item) and not _retired(known[name]):
            yield f"{name} was retired and is used again; ids are never reused"
        elif not _retired(item):
            yield from _changed(item, known[name])
    for name, item in now.items():
        yield from _dated(item, known_before(name, item, before), released, version)


def known_before(
    name: str, item: dict[str, Any], before: dict[str, dict[str, Any]]
) -> dict[str, Any] | None:
    """What the item was in the version before; None when it is new."""
    names = (name, *reversed(item.get("was") or ()))
    return next((before[each] for each in names if each in before), None)


def _changed(item: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    if now["rev"] < item["rev"]:
        yield f"{now['id']}: rev {now['rev']} is lower than {item['rev']}; ticks would look newer"
    if _retired(now) or now["rev"] > item["rev"]:
        return
    both = ["path", "url"]
    accepted, accepts = ((each.get("evidence") or {}).get("accept") or both for each in (item, now))
    if set(accepted) - set(accepts):
        yield f"{now['id']}: accepts less evidence than before; raise its rev"


def _dated(
    item: dict[str, Any], before: dict[str, Any] | None, released: str, version: str | None
) -> Iterator[str]:
    life, name = item["lifecycle"], item["id"]
    if before is None:
        yield from _stamp(name, "since", life, released, version)
        early = version is None or number(version)[0] == number(released)[0]
        if early and life["state"] == "active" and item["level"] != "may":
            yield f"{name}: new items arrive `upcoming` and count from the next major version"
    elif _retired(item) and not _retired(before):
        yield from _stamp(name, "since", life, released, version)
    elif item["rev"] > before["rev"] or name != before["id"]:
        yield from _stamp(name, "changed", life, released, version)


def _stamp(
    name: str, key: str, life: dict[str, Any], released: str, version: str | None
) -> Iterator[str]:
    said = life.get(key)
    if version and said != version:
        yield f"{name}: lifecycle.{key} says {said}; this release is {version}"
    elif said is None or number(said) <= number(released):
        yield f"{name}: lifecycle.{key} says {said}; {released} is out, so it must be later"


def _facts(old: Path, new: Path) -> Iterator[str]:
    now = {fact["name"]: fact for fact in load(new / "checklists/facts.yml")["facts"]}
    for fact in load(old / "checklists/facts.yml")["facts"]:
        kept = now.get(fact["name"])
        if kept is None:
            yield f"fact {fact['name']} is gone; answers of old projects would be refused"
        elif kept["type"] != fact["type"]:
            yield f"fact {fact['name']}: type {fact['type']} became {kept['type']}"
        elif lost := set(fact.get("choices", ())) - set(kept.get("choices", ())):
            yield f"fact {fact['name']}: {', '.join(sorted(lost))} can no longer be answered"


def questions(tree: Path) -> dict[str, list[str]]:
    """The questions that a person can answer, with their choices; none where any text is taken."""
    asked = {
        key: entry
        for key, entry in load(tree / "copier.yml").items()
        if key[0] != "_" and key != "data_guard" and entry.get("when") is not False
    }
    if not layered(tree):
        return {key: list(entry.get("choices", {}).values()) for key, entry in asked.items()}
    return {key: values for key, values in choices(tree).items() if key in asked} | {
        key: [] for key in asked if key not in choices(tree)
    }


def layered(tree: Path) -> bool:
    """Whether a version is 0.4 or later."""
    return (tree / "components.yml").is_file()


def choices(tree: Path) -> dict[str, list[str]]:
    """Question -> the answers that the guard of a layered version takes."""
    table = load(tree / "components.yml")
    found = {name: list(values.values()) for name, values in table["choices"].items()}
    return {**found, **table["retired_choices"], "components": list(table["components"])}


def guarded(tree: Path) -> tuple[list[str], dict[str, list[str]]]:
    """The names and the choices that the guard of `--data` knows."""
    listed = re.search(r"known = \[(.*?)\]", load(tree / "copier.yml")["data_guard"]["when"])
    return re.findall(r'"([^"]+)"', listed[1]) if listed else [], choices(tree)


def passed(tree: Path) -> dict[str, list[str]]:
    """The names that projects of a version may pass, retired ones too, with their choices."""
    if not layered(tree):
        return questions(tree)
    names, allowed = guarded(tree)
    return {name: allowed.get(name, []) for name in names}


def _questions(old: Path, new: Path) -> Iterator[str]:
    names, choices = guarded(new)
    for name, answers in passed(old).items():
        if name not in names:
            yield f"question {name} left known; updates of old projects pass it"
        lost = set(answers) - set(choices.get(name, answers))
        if lost:
            yield f"question {name}: the answer {', '.join(sorted(lost))} is refused now"
    if layered(old):
        yield from _components(load(old / "components.yml"), load(new / "components.yml"))


def _components(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name, component in old["components"].items():
        now = new["components"].get(name)
        if now is not None and component.get("scaffold") not in (None, now.get("scaffold")):
            yield f"component {name} left scaffold {component['scaffold']}; its files would go"


def shipped(tree: Path) -> set[str]:
    """The path of each file of a project, with `*` for the package."""
    found = set()
    for path in (tree / "template").rglob("*"):
        name = path.relative_to(tree / "template").as_posix()
        if layered(tree):
            name = name.partition("/")[2] or name
            name = name.replace("{{ github }}", ".github").replace("{{ gitlab }}", ".gitlab")
        name = re.sub(r"{%.*?%}", "", name.removesuffix(".jinja"))
        if path.is_file() and "__pycache__" not in name and not name.startswith(OURS):
            found.add(name.replace("{{ package_name }}", "*"))
    return found


def excluded(tree: Path) -> set[str]:
    """The paths that copier.yml keeps out whatever is answered."""
    lines = load(tree / "copier.yml")["_exclude"]
    return {line.strip().lstrip("/") for line in lines if "{%" not in line}


def _files(old: Path, new: Path) -> Iterator[str]:
    out, now = excluded(new), shipped(new)
    for name in sorted(shipped(old) - now - out):
        if not layered(old) and name.startswith(REPLACED):
            continue
        yield f"{name} is gone; list it in _exclude, or edited copies of it are deleted"
    for name in sorted(excluded(old) - out - now):
        yield f"{name} left _exclude; projects of earlier versions would lose it"
    for name in sorted(out & now):
        yield f"{name} is shipped and in _exclude; it would reach nobody"
    for name in sorted(out):
        if name.startswith(OURS) or any(ours.startswith(f"{name}/") for ours in OURS):
            yield f"{name} is ours and in _exclude; old ids would stand beside new ones"


def undefined(old: Path, new: Path) -> Iterator[str]:
    """Answers that `_exclude` asks for and old projects lack: their update would stop there.

    Copier renders the old version with the new version's list, and so with the old answers.
    """
    known = {name for name in load(old / "copier.yml") if not name.startswith("_")}
    config = load(new / "copier.yml")
    environment, lacking = Environment(), set()
    for line in (*config["_exclude"], *config["_skip_if_exists"]):
        names = meta.find_undeclared_variables(environment.parse(line))
        for name in names - known - {"_copier_operation", "_copier_conf"}:
            if not re.search(rf"\b{name} \| default\(", line):
                lacking.add(name)
    for name in sorted(lacking):
        yield f"_exclude names {name}, which old answers lack: give it a default"

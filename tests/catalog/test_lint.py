"""The catalog holds its floors; loader and schemas agree.

Every point of the sources has a place.
"""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import json_schemas
import jsonschema
import pytest
import shipped_tests
from ml_checklist import yaml_io
from ml_checklist.catalog import rules
from ml_checklist.catalog.load import load
from ml_checklist.errors import DataError
from ml_checklist.state import views

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "checklists"
SECTIONS = sorted(path for path in FOLDER.glob("*.yml") if path.name != "facts.yml")
CATALOG = load(FOLDER, "checklists")
TRAIL = Path(__file__).parent / "trail"
AS = {"item", "option", "method", "ref"}


def test_the_catalog_falls_short_of_no_floor():
    assert [str(problem) for problem in rules.lint(CATALOG)] == []


@pytest.mark.parametrize("name", list(json_schemas.FILES))
def test_the_committed_schema_is_the_one_of_the_loader(name):
    path = FOLDER / f"schema/{name}.schema.json"

    assert path.read_text(encoding="utf-8") == json_schemas.text(name)


def test_the_committed_list_of_tests_is_that_of_the_template():
    assert (FOLDER / "tests.json").read_text(encoding="utf-8") == shipped_tests.text()
    assert set(shipped_tests.listed()) <= CATALOG.items.keys() | CATALOG.aliases.keys()


def validator(name: str) -> Any:
    return jsonschema.Draft202012Validator(json_schemas.schema(name))


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.stem)
def test_the_schema_takes_what_the_loader_takes(path):
    data = yaml_io.load(path, path.name)

    assert [error.message for error in validator("catalog").iter_errors(data)] == []


SMALL = yaml_io.load(SECTIONS[0], SECTIONS[0].name)


def broken(change: Any) -> dict[str, Any]:
    data = deepcopy(SMALL)
    change(data["items"][0])
    return dict(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda item: item.update(phase="someday"),
        lambda item: item.update(level=3),
        lambda item: item.pop("why"),
        lambda item: item.update(unheard="of"),
        lambda item: item.update(id="No Id"),
        lambda item: item.update(probe={"type": "telepathy"}),
        lambda item: item.update(probe={"type": "heading", "file": "docs/x.md"}),
        lambda item: item.update(probe={"type": "heading", "file": "../x.md", "heading": "X"}),
        lambda item: item.update(options=[{"name": "a", "url": "https://example.org"}]),
        lambda item: item.update(options=[{"name": "a", "what": "b", "url": "example.org"}]),
        lambda item: item.update(source=[]),
        lambda item: item.update(rev=0),
    ],
)
def test_loader_and_schema_refuse_the_same(change, tmp_path):
    data = broken(change)
    path = tmp_path / "x.yml"
    path.write_text(json.dumps(data))
    (tmp_path / "facts.yml").write_text((FOLDER / "facts.yml").read_text())

    assert list(validator("catalog").iter_errors(data)) != []
    with pytest.raises(DataError, match=r"x\.yml"):
        load(tmp_path)


def test_every_view_names_living_items():
    names = views.load(CATALOG)

    assert "ml-test-score" in names


def test_machines_alone_can_prove_each_test_of_the_ml_test_score():
    entries = [one for g in views.load(CATALOG)["ml-test-score"]["groups"] for one in g["entries"]]
    named = [CATALOG.items[name] for one in entries for name in one["items"]]
    signed = [name for one in entries for name in one.get("signed", ())]

    assert len(entries) == 28
    assert [item.id for item in named if item.kind != "auto"] == []
    assert {CATALOG.items[name].kind for name in signed} >= {"hybrid", "attest"}


def trail() -> list[dict[str, Any]]:
    paths = [path for path in sorted(TRAIL.glob("*.yml")) if not path.name.startswith("replaced.")]
    return [
        {**entry, "file": path.name} for path in paths for entry in yaml_io.load(path, path.name)
    ]


def test_each_point_of_the_sources_has_one_place():
    points = [entry["point"] for entry in trail()]

    assert sorted({point for point in points if points.count(point) > 1}) == []
    assert len(points) >= 440


def test_the_place_of_a_point_names_it_as_its_source():
    wrong = []
    for entry in trail():
        item = CATALOG.items.get(entry["item"])
        if item is None or entry["at"] not in item.data["source"] or entry["as"] not in AS:
            wrong.append(f"{entry['file']}: {entry['point']} at {entry['at']} in {entry['item']}")

    assert wrong == []


def test_what_was_replaced_says_by_what_and_why():
    for path in sorted(TRAIL.glob("replaced.*.yml")):
        for entry in yaml_io.load(path, path.name) or ():
            assert {"was", "now", "why"} <= set(entry), f"{path.name}: {entry}"


def test_few_musts_and_most_of_them_looked_at_by_a_machine():
    musts = [item for item in CATALOG.items.values() if item.level == "must"]
    machine = [item for item in musts if item.kind != "attest"]

    assert len(musts) <= 70
    assert len(machine) / len(musts) >= 0.55

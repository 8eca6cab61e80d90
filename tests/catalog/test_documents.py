"""Every heading of the shipped forms is asked for by an item, and every asked heading is there."""

import re
from pathlib import Path

import pytest
from ml_checklist import probes
from ml_checklist.catalog.load import load

ROOT = Path(__file__).resolve().parents[2]
CATALOG = load(ROOT / "checklists")
FORMS = ["problem", "data-card", "model-card", "architecture", "responsible"]


def headings(form: str) -> list[str]:
    """The headings of a form, in whichever layer of the template it lies."""
    (path,) = (ROOT / "template").glob(f"*/docs/{form}.md*")
    return re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.M)


def asked(file: str) -> list[str]:
    found = [probe for item in CATALOG.items.values() for probe in probes.walk(item.probe)]
    return sorted({p["heading"] for p in found if p["type"] == "heading" and p["file"] == file})


@pytest.mark.parametrize("form", FORMS)
def test_headings_and_items_ask_for_the_same(form):
    assert sorted(headings(form)) == asked(f"docs/{form}.md")


@pytest.mark.parametrize("form", FORMS)
def test_evidence_points_to_headings_that_exist(form):
    anchors = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in headings(form)}
    wanted = {
        (item.id, place.partition("#")[2])
        for item in CATALOG.items.values()
        for place in (item.data.get("evidence") or {}).get("files", [])
        if place.startswith(f"docs/{form}.md#")
    }

    assert sorted(name for name, anchor in wanted if anchor not in anchors) == []

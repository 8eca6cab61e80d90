"""Drafts hold what the reports say, and never replace what a person has written."""

import json

import pytest
from ml_checklist.catalog.load import load
from ml_checklist.state.drafts import DRAFTS

from tests.conftest import ROOT

CARD = "# Data card\n\n## Origin\n\n> fill: Who made the data.\n\n## Licence\n\n> fill: Which.\n"
FILE = {
    "file": "data/original/own.csv",
    "origin": "clinic export 2026",
    "licence": "CC-BY-4.0",
    "retrieved": "2026-11-02",
    "size_bytes": 1200,
    "sha256": "a1" * 32,
}
EVALUATION = {
    "n_rows": 137,
    "worst_errors": [{"row": 77, "y_true": "malignant", "y_pred": "benign"}],
    "confusion": {"classes": ["benign", "malignant"], "counts": [[83, 2], [0, 52]]},
}
PROFILE = {
    "columns": [
        {"name": "age", "type": "number", "nulls": 30, "top": []},
        {"name": "ward", "type": "category", "nulls": 0, "top": [{"value": "night", "rows": 3}]},
    ]
}


@pytest.fixture
def drafted(project, item):
    """A project with the reports of a run and prompts in its documents."""
    for section in ("data", "evaluation", "responsible-ai"):
        names = [name for name in DRAFTS if name.startswith(f"{section}.")]
        project.catalog(*map(item, names), name=section)
    project.write("docs/data-card.md", f"{CARD}\n## Known gaps\n\n> fill: Who is missing.\n")
    project.write("docs/model-card.md", "## Errors seen\n\n> fill: The causes.\n\n## Limits\n")
    project.write("docs/responsible.md", "## Risk class\n\n> fill: The class.\n")
    manifest = {"files": [FILE], "rows": {"kept": 100}}
    project.write("data/manifest.json", json.dumps(manifest))
    project.write("reports/profile.json", json.dumps(PROFILE))
    project.write("reports/evaluation.json", json.dumps(EVALUATION))
    return project


def text(project, name: str) -> str:
    return str((project.root / f"docs/{name}.md").read_text())


def test_origin_and_licence_are_those_of_the_manifest(drafted):
    assert drafted.run("draft", "data.origin", "data.licence").code == 0
    card = text(drafted, "data-card")

    assert "clinic export 2026. Retrieved on 2026-11-02, 1200 bytes" in card
    assert "CC-BY-4.0" in card
    assert "> fill: Who is missing." in card
    assert card.count("## ") == 3


def test_known_gaps_count_empty_cells_and_rare_values_and_ask_for_the_rest(drafted):
    drafted.run("draft", "data.known-gaps")
    card = text(drafted, "data-card")

    assert "Empty cells: `age` 30.0%." in card
    assert "`ward` = night (3)" in card
    assert "> fill: Add the cases that the source never records" in card


def test_errors_seen_list_the_worst_rows_and_leave_the_causes_to_a_person(drafted):
    drafted.run("draft", "evaluation.error-analysis")
    card = text(drafted, "model-card")

    assert "137 test rows. Predicted wrongly: 2 benign as malignant." in card
    assert "77 (malignant predicted as benign)" in card
    assert "> fill: Read these rows" in card
    assert card.rstrip().endswith("## Limits")


@pytest.mark.parametrize("tier", ["minimal", "high"])
def test_only_minimal_risk_is_drafted(drafted, tier):
    facts = f"phase: poc\nfacts:\n  affects_people: false\n  risk_tier: {tier}\n"
    catalog = (drafted.root / "checklist/catalog/facts.yml").read_text()
    fact = "  - {name: risk_tier, type: choice, choices: [minimal, high], question: a?, why: b.}\n"
    drafted.write("checklist/catalog/facts.yml", catalog + fact)
    drafted.write("checklist/project.yml", facts)
    ran = drafted.run("draft", "responsible-ai.risk-class")

    assert ran.code == (0 if tier == "minimal" else 2)
    assert ("> fill:" in text(drafted, "responsible")) == (tier == "high")


def test_what_a_person_has_begun_is_left_alone(drafted):
    mine = CARD.replace("> fill: Who made the data.", "Our own export.\n\n> fill: Who made it.")
    drafted.write("docs/data-card.md", mine)
    ran = drafted.run("draft")

    assert "Our own export." in text(drafted, "data-card")
    assert "'Origin' is written already" in ran.out
    assert ran.code == 0


def test_a_missing_report_names_the_command_that_writes_it(drafted):
    (drafted.root / "reports/evaluation.json").unlink()
    ran = drafted.run("draft", "evaluation.error-analysis")

    assert ran.code == 2
    assert "run `make train evaluate`" in ran.err


def test_an_item_without_a_draft_is_refused(drafted, item):
    drafted.catalog(item("scoping.users"))
    ran = drafted.run("draft", "scoping.users")

    assert ran.code == 2
    assert "scoping.users: has no draft" in ran.err


def test_each_drafted_item_is_signed_on_the_section_that_is_drafted():
    items = load(ROOT / "checklists").items

    for name, draft in DRAFTS.items():
        anchor = draft.heading.lower().replace(" ", "-")
        assert f"{draft.file}#{anchor}" in items[name].data["evidence"]["files"], name

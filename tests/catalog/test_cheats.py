"""What passes an item cheaply is refused, and a sensible way that we did not think of is taken.

The first fifteen were drawn from the catalog by `random.Random(3)`, the others by Random(21).
"""

import json
from pathlib import Path

import pytest
from ml_checklist import probes, proofs
from ml_checklist.catalog.load import load
from ml_checklist.probes.finding import FOUND, MISSING
from ml_checklist.probes.tree import Tree

CATALOG = load(Path(__file__).resolve().parents[2] / "checklists")
NOTHING = "bla " * 40
PAGE = "Das Modell ordnet Kunden nach ihrer Neigung zu kündigen, weil wir nur zehn anrufen können."


def find(name, tree):
    """What the probe of an item finds."""
    probe = CATALOG.items[name].probe
    assert probe is not None
    return probes.run(tree, probe, name)


def decision(about, status="accepted", text=PAGE):
    return f"---\nabout: {about}\nstatus: {status}\n---\n# A decision\n\n{text}\n"


def sections(*names, text=PAGE):
    return "# Page\n" + "".join(f"\n## {name}\n\n{text}\n" for name in names)


def slo(target, policy="No release while the budget is spent."):
    goals = [{"name": name, "target": target, "window_days": 30} for name in "ab"]
    return json.dumps({"objectives": goals, "budget_policy": policy})


def drill(date, minutes):
    keys = f"date: {date}\nscenario: registry gone\nminutes_to_recover: {minutes}\nfollow_up: none"
    return f"---\n{keys}\n---\n# Drill\n"


def proxies(auc, n):
    return json.dumps({"proxies": auc, "n_unexplained_proxies": n})


def limits(**changes):
    numbers = {"memory_mb": 512, "storage_gb": 1, "error_rate": 0.01, "latency_p95_ms": 50}
    numbers |= {"requests_per_second": 20, "availability": 0.99}
    return json.dumps({"serving": {**numbers, **changes}})


RUNBOOK = ("First checks", "Roll back", "Switch off", "Who to call")
MEMORY, IMPORTANCE = "reports/memory.json", "reports/importance.json"
GUIDE = "docs/labelling.md"
ADR = "docs/decisions/0007-x.md"
LLM = "reports/llm-evaluation.json"
CARD = "docs/model-card.md"
FAIR = "reports/fairness.json"
CONF, NETWORKS = "conf/default.yaml", "src/churn/model/networks.py"
FOLDS = "reports/compare.json"
DRILL = "docs/drills/one.md"
SLO = "conf/slo.yaml"
SMALL = {"split": {"parts": {"valid": {"rows": 100}}}}

# (item, its files, whether that meets the probe)
CASES = [
    ("data.label-guide", {GUIDE: sections("Classes", "Hard cases", "Procedure", text=NOTHING)}, 0),
    ("data.label-guide", {GUIDE: sections("CLASSES", "hard cases", "Procedure")}, 1),
    (
        "data.label-guide",
        {ADR: decision("labelling", text=f"{PAGE} https://studio.example.org")},
        1,
    ),
    ("foundation-models.terms", {ADR: decision("foundation-model-terms", text=NOTHING)}, 0),
    ("foundation-models.terms", {ADR: decision("foundation-model-terms", "Accepted")}, 1),
    ("foundation-models.terms", {ADR: decision("foundation-model-terms", "proposed")}, 0),
    (
        "foundation-models.hand-over",
        {
            "docs/oversight.md": sections("Handing over"),
            LLM: json.dumps({"hand_over": {"missed_share": -1}}),
        },
        0,
    ),
    ("continuous.slo", {SLO: slo(-5)}, 0),
    ("continuous.slo", {SLO: slo(0)}, 0),
    ("continuous.slo", {SLO: slo(99.9, "bla bla bla bla")}, 0),
    ("continuous.slo", {SLO: slo(99.9)}, 1),
    ("continuous.slo", {SLO: slo(0.995)}, 1),
    ("scoping.work-board", {"README.md": "see https://x/issues"}, 0),
    (
        "scoping.work-board",
        {"README.md": "see https://jira.example.org/secure/RapidBoard.jspa?rapidView=7"},
        1,
    ),
    (
        "modelling.architecture",
        {ADR: decision("architecture"), "reports/architecture.txt": "total params"},
        0,
    ),
    ("data.augmentation", {NETWORKS: "# AUGMENT = flip\n"}, 0),
    ("data.augmentation", {NETWORKS: "AUGMENT: Augment | None = flip\n"}, 1),
    ("data-engineering.batches", {CONF: "models:\n  network: {batch_size: 0}\n"}, 0),
    ("data-engineering.batches", {CONF: "models:\n  network: {batch_size: 64}\n"}, 1),
    (
        "modelling.architecture",
        {"docs/adr/3.md": decision("architecture"), "reports/architecture.txt": "109M parameters"},
        1,
    ),
    ("modelling.cross-validated", {FOLDS: '{"n_folds": 3}'}, 0),
    (
        "modelling.cross-validated",
        {FOLDS: json.dumps({"n_folds": 2, "runs": [{"model": "ridge", "scores": [1.5] * 10}]})},
        1,
    ),
    (
        "foundation-models.refusals",
        {LLM: json.dumps({"refusal": {"over_share": -1, "under_share": -1, "n_cases": 1e9}})},
        0,
    ),
    ("continuous.incident-drill", {DRILL: drill("1999-01-01", 9)}, 0),
    ("continuous.incident-drill", {DRILL: drill("2026-10-01", "x")}, 0),
    ("continuous.incident-drill", {DRILL: drill("2026-10-01", 9)}, 1),
    ("architecture.infra-as-code", {"compose.yaml": "services:\n  a:\n    image: b\n"}, 0),
    ("architecture.infra-as-code", {"infra/app.py": "import aws_cdk as cdk\n"}, 1),
    ("architecture.infra-as-code", {ADR: decision("infrastructure")}, 1),
    ("responsible-ai.proxies", {FAIR: proxies([{"auc": 1}], -3)}, 0),
    ("responsible-ai.proxies", {FAIR: proxies([], 0)}, 1),
    ("responsible-ai.proxies", {FAIR: proxies([{"auc": 0.49}], 0)}, 1),
    ("data.personal-data", {"docs/data-card.md": sections("Personal data", text=NOTHING)}, 0),
    ("data.personal-data", {"docs/data-card.md": sections("personal DATA")}, 1),
    ("continuous.orchestrator", {ADR: decision("orchestrator", text=NOTHING)}, 0),
    ("continuous.orchestrator", {ADR: decision("Orchestrator", "Approved")}, 1),
    ("modelling.optimiser", {ADR: decision("optimiser", text="> fill: why")}, 0),
    ("deployment.limits", {SLO: limits(availability=-1)}, 0),
    ("deployment.limits", {SLO: limits(memory_mb="512")}, 0),
    ("deployment.limits", {SLO: limits(error_rate=-0.1)}, 0),
    ("deployment.limits", {SLO: limits(availability=99.9)}, 1),
    ("evaluation.seed-spread", {"reports/seeds.json": '{"n_seeds": 3.5, "std": 0.1}'}, 0),
    ("evaluation.seed-spread", {"reports/seeds.json": '{"n_seeds": 5, "std": -1}'}, 0),
    ("evaluation.seed-spread", {"reports/seeds.json": '{"n_seeds": 5, "std": 0.01}'}, 1),
    ("data-engineering.lazy-loading", {MEMORY: '{"peak_mb": 900, "data_mb": "x"}'}, 0),
    ("data-engineering.lazy-loading", {MEMORY: '{"peak_mb": 900, "data_mb": 9000}'}, 1),
    ("modelling.features-earn-keep", {IMPORTANCE: '{"features": []}'}, 0),
    ("modelling.features-earn-keep", {IMPORTANCE: '{"features": [{"verdict": "drop"}]}'}, 0),
    ("data.image-preparation", {CONF: "train:\n  img_size: 224\n"}, 1),
    ("data.image-preparation", {CONF: "# resize: 224\n"}, 0),
    ("continuous.runbook", {"docs/runbook.md": sections(*RUNBOOK, text=NOTHING)}, 0),
    (
        "continuous.runbook",
        {"docs/runbook.md": sections(*RUNBOOK[:3]) + "\n## Who to call\n\n@ann, @ben: 0171 0000\n"},
        1,
    ),
    ("continuous.runbook", {"docs/runbook.md": sections(*RUNBOOK)}, 1),
    ("scoping.own-data", {CONF: "data: {file: sample}\n"}, 0),
    ("data.known-gaps", {"docs/data-card.md": sections("Known gaps", text=NOTHING)}, 0),
    (
        "data.known-gaps",
        {
            "docs/data-card.md": sections(
                "Known gaps", text="数据由医院提供。夜班的记录不完整。周末没有。"
            )
        },
        1,
    ),
]


@pytest.mark.parametrize(
    ("name", "files", "holds"), CASES, ids=[f"{case[0]}-{n}" for n, case in enumerate(CASES)]
)
def test_a_cheat_is_refused_and_a_sensible_way_is_taken(name, files, holds, tmp_path):
    for path, text in {"data/manifest.json": json.dumps(SMALL), **files}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    found = find(name, Tree(tmp_path))

    assert found.outcome == (FOUND if holds else MISSING), found.sentence


def test_headings_in_another_language_are_mapped(tmp_path):
    (tmp_path / "docs").mkdir()
    names = ("Klassen", "Grenzfälle", "Ablauf")
    (tmp_path / GUIDE).write_text(sections(*names), encoding="utf-8")
    paths = {"#classes": "#klassen", "#hard-cases": "#grenzfälle", "#procedure": "#ablauf"}

    assert find("data.label-guide", Tree(tmp_path)).outcome == MISSING
    assert find("data.label-guide", Tree(tmp_path, paths=paths)).outcome == FOUND


SAMPLES = ['"features": ["mean_radius", "worst_fractal_dimension"]', '"features": ["s4",\n "s5"]']


@pytest.mark.parametrize("written", ['"features": ["age"]', *SAMPLES])
def test_a_copy_of_the_sample_is_no_data_of_ones_own(tmp_path, written):
    conf = "data: {file: data/mine.csv, target: left}\ntask: classification\nmetric: roc_auc\n"
    for name, text in (("conf/default.yaml", conf), ("data/manifest.json", f"{{{written}}}")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.replace('{"f', '{"files": [{"sha256": "ab"}], "f'))
    found = find("scoping.own-data", Tree(tmp_path))

    assert found.outcome == (MISSING if written in SAMPLES else FOUND), found.sentence


def test_one_line_proves_none_of_the_items_that_tests_prove(tmp_path):
    name, test = "deployment.same-path", "tests/test_mine.py::test_nothing"
    outcomes = {(name, test): "passed"}
    place = tmp_path / ".checklist/proofs.json"
    proofs.keep(place, proofs.identity(tmp_path), outcomes, {test: False})

    assert find(name, Tree(tmp_path)).outcome == MISSING

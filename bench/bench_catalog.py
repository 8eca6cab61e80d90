"""What the catalog holds: `python bench/bench_catalog.py`.

Counts, coverage of the fields, the share of `must` items that a machine looks at, what a fresh
project leaves open for a person, and what became of the sources. Exit code 1 when a limit is
missed.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "hooks")]

from ml_checklist import probes, proofs, yaml_io  # noqa: E402
from ml_checklist.catalog import rules  # noqa: E402
from ml_checklist.catalog.items import Item  # noqa: E402
from ml_checklist.catalog.load import load  # noqa: E402
from ml_checklist.probes.finding import FOUND, MISSING  # noqa: E402
from ml_checklist.probes.tree import Tree  # noqa: E402
from ml_checklist.state import project, survey  # noqa: E402
from ml_checklist.state.status import NOT_APPLICABLE, PASS  # noqa: E402

from tests import conftest  # noqa: E402
from tests.catalog import source_lists, test_fixtures, test_lint  # noqa: E402

CATALOG = load(ROOT / "checklists")
ITEMS = list(CATALOG.items.values())
# Open items for a person that a phase may add on a fresh project with the plainest answers.
MOST_OPEN = {"poc": 30, "mvp": 35, "production": 40}
PLAINEST: dict[str, Any] = {
    fact.name: fact.choices[0] if fact.choices else False for fact in CATALOG.facts.values()
}
PARTS = ("copier.yml", "template/", "hooks/", "checklists/")
Line = tuple[str, str, bool]


def counts() -> Iterable[Line]:
    """How many items there are, by each of their words."""
    yield "items", str(len(ITEMS)), True
    for field in ("section", "phase", "level", "kind"):
        counted = Counter(getattr(item, field) for item in ITEMS)
        yield f"by {field}", ", ".join(f"{name} {n}" for name, n in counted.items()), True


def fields() -> Iterable[Line]:
    """How many items, or methods, have each field."""
    for field in ("title", "why", "how"):
        filled = sum(bool(item.data.get(field)) for item in ITEMS)
        yield field, f"{filled} of {len(ITEMS)}", filled == len(ITEMS)
    for field, (filled, total) in rules.shares(ITEMS).items():
        share = filled / total
        yield field, f"{filled} of {total} ({share:.0%})", share >= rules.FLOORS[field]


def shown_red(item: Item) -> bool:
    """Whether the item's probe is green on one tree and red on a plausible wrong one."""
    if item.kind == "attest" or item.probe is None:
        return False
    outcomes = []
    for colour in ("green", "red"):
        with tempfile.TemporaryDirectory() as folder:
            given = test_fixtures.CASES.get(item.id, {}).get(colour)
            tree = given or {"files": {"src/shop/main.py": "x = 1\n"}}
            made = test_fixtures.plant(Path(folder), tree, item)
            if not given and colour == "red":
                report = made.root / ".checklist/proofs.json"
                report.unlink()
                failed = {(item.id, "tests/test_x.py::test_0"): "failed"}
                proofs.keep(report, proofs.identity(made.root), failed)
            outcomes.append(probes.run(Tree(made.root), item.probe, item.id).outcome)
    return outcomes == [FOUND, MISSING]


def machine() -> Iterable[Line]:
    """The share of `must` items that a probe looks at which was seen red."""
    musts = [item for item in ITEMS if item.level == "must"]
    red = sum(shown_red(item) for item in musts)
    share = red / len(musts)
    yield (
        "must items looked at by a probe seen red",
        f"{red} of {len(musts)} ({share:.0%})",
        (share >= 0.55),
    )


def fresh() -> Iterable[Line]:
    """What a new project leaves open for a person, by phase."""
    with tempfile.TemporaryDirectory() as folder:
        names = [n for n in conftest.tracked_files() if n.startswith(PARTS)]
        template = conftest.copy_tree(names, Path(folder) / "template")
        root = conftest.run_copy(template, Path(folder) / "project")
        state = {"phase": "poc", "facts": PLAINEST}
        (root / "checklist/project.yml").write_text(yaml_io.dump(state), encoding="utf-8")
        statuses = survey.take(project.open_project(str(root))).statuses.values()
    counted = [s for s in statuses if s.item.counts and s.state != NOT_APPLICABLE]
    for phase, most in MOST_OPEN.items():
        own = [s for s in counted if s.item.phase == phase]
        person = sum(s.item.kind != "auto" and s.state != PASS for s in own)
        yield f"counted in {phase}", str(len(own)), True
        yield f"open for a person in {phase}", f"{person}, at most {most}", person <= most


def sources() -> Iterable[Line]:
    """What became of the points, names and addresses of the sources."""
    points = {entry["point"] for entry in test_lint.trail()}
    yield "points of the sources with a place", f"{len(points)} of 440", len(points) >= 440
    for label, kept in (
        ("option names", source_lists.options(CATALOG)),
        ("addresses", source_lists.addresses(CATALOG)),
    ):
        held = len(kept.present) + len(kept.replaced)
        yield (
            f"{label} present or replaced",
            (
                f"{held} of {held + len(kept.lost)} "
                f"({len(kept.present)} present, {len(kept.replaced)} replaced)"
            ),
            not kept.lost,
        )


def main() -> int:
    """Print each figure; 1 when one misses its limit."""
    missed = 0
    for part in (counts, fields, machine, fresh, sources):
        for name, figure, holds in part():
            missed += not holds
            print(f"{name:<42}  {figure}{'' if holds else '   MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

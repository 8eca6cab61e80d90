"""Items before and after a branch, and which of them it lost."""

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ml_checklist import probes
from ml_checklist.catalog.items import Catalog
from ml_checklist.probes.finding import UNKNOWN
from ml_checklist.probes.tree import Tree
from ml_checklist.state.project import Project
from ml_checklist.state.status import PASS, STALE, Status

TESTS = "tests/**/*.py"


class Pair(NamedTuple):
    """One item before and after."""

    before: Status | None
    after: Status

    @property
    def state_before(self) -> str:
        """Its state at the base; unknown where there was no such item."""
        return self.before.state if self.before else UNKNOWN

    def differs(self, *keys: str) -> bool:
        """Whether its tick, waiver or decline is another one now."""
        return any(getattr(self.before, key, None) != getattr(self.after, key) for key in keys)

    @property
    def newly_set_aside(self) -> bool:
        """Whether this branch set the item aside, or with other words than before."""
        again = self.differs("tick", "waiver", "decline")
        return self.after.set_aside and (again or not (self.before and self.before.set_aside))


def sorted_out(
    pairs: list[Pair], judged: Mapping[str, Status], vanished: set[str]
) -> dict[str, list[Pair]]:
    """The pairs by what a reviewer needs to know of them; the keys are fields of Diff.

    judged: the items as the base's `root:` and `map:` show the branch.
    vanished: items whose proving tests are gone.
    """
    proven = [p for p in pairs if p.after.proven]
    seen = [p._replace(after=judged[p.after.item.id]) for p in pairs]
    lost = [p for p in seen if p.after.item.counts and _lost(p, vanished)]
    names = {p.after.item.id for p in lost}
    return {
        "proven": [p for p in proven if p.state_before not in (UNKNOWN, PASS)],
        "uncomparable": [p for p in proven if p.state_before == UNKNOWN],
        "ticked": [p for p in pairs if p.after.signed_off and p.differs("tick")],
        "set_aside": [p for p in pairs if p.newly_set_aside],
        "lost": lost,
        "stale": [p for p in pairs if p.after.state == STALE and p.after.item.id not in names],
    }


def _lost(pair: Pair, vanished: set[str]) -> bool:
    """Whether an item that was met is met no longer; a person's n/a does not excuse that.

    Both sides are seen on the same day, so no time has passed between them.
    """
    met = pair.state_before == PASS or pair.after.item.id in vanished
    return met and pair.after.state != PASS and (not pair.after.settled or pair.after.excused)


def vanished(now: Project, before: Tree, known: Mapping[str, Status]) -> set[str]:
    """Items that tests of the base claim to prove and none of the branch does.

    Looked up where no report of the base fits: then its tests have not been seen to pass.
    """
    gone = _marks(now.catalog, before) - _marks(now.catalog, now.tree)
    found = set()
    for name, status in known.items():
        proofs = [p for p in probes.walk(status.item.probe) if p["type"] == "proven"]
        named = {probe.get("item", name) for probe in proofs}
        found |= {name} if status.state == UNKNOWN and gone & named else set()
    return found


def _marks(catalog: Catalog, tree: Tree) -> set[str]:
    """The ids that the marks `proves("...")` of the tests name, as they are called today."""
    names = {name for file in tree.find(TESTS) for name in _proves(tree.text(file) or "")}
    return {catalog.aliases.get(name, name) for name in names}


def _proves(text: str) -> Iterator[str]:
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name == "proves" and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)

"""Random edits and ticks on projects of the real versions lose nothing either."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ml_checklist.state.project import open_project
from template_update import conflicts

from tests.histories import history, quick
from tests.histories.catalogs import Item
from tests.histories.history import History
from tests.histories.oracle import Files
from tests.histories.people import TODAY, People, Vouched
from tests.versions import faults, snapshots
from tests.versions.test_updates import NEXT, SCAFFOLDS, released

__all__ = ["released"]
N_HISTORIES = 20


class Real:
    """The real versions, in the place of made-up ones."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder, self.version = folder, NEXT
        self.uids = {name: n for n, name in enumerate(sorted(faults.items(folder)))}


class RealHistory(History):
    """One update from a released version to this tree, after some days of work."""

    def __init__(self, repository: Path, folder: Path, seed: int) -> None:
        self.rng, self.folder = random.Random(seed), folder
        self.forgets, self.gate = frozenset(), conflicts.left
        self.releases: Any = Real(repository, self.rng)
        self.people = People(folder / "project", self.rng)
        self.rendered: dict[str, Files] = {}
        self.counted: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        """Live."""
        version = self.rng.choice(snapshots.versions())
        self.is_flat = snapshots.number(version) < (0, 4)
        known = [
            s for s, v in SCAFFOLDS.items() if snapshots.number(v) <= snapshots.number(version)
        ]
        row = {"scaffold": self.rng.choice(known), "ci": self.rng.choice(["github", "gitlab"])}
        row |= {"task": self.rng.choice(["classification", "regression"]), "owner": "@o/t"}
        self._copy(self.people.folder, row, f"v{version}")
        self.people.start()
        for _ in range(3):
            self.people.work(self._items())
        grown = row["scaffold"] == "poc" and self.rng.random() < 0.5
        self.people.leave(self._items())
        self.update({"scaffold": "mvp"} if grown else {})
        self.people.join()
        self._state(self.people.files())
        return self.counted

    def _owed(self, *trees: Files) -> tuple[Files, Files, Files, Files]:
        """All but source, tests and make/ that 0.3 shipped: 0.4 replaces them; git keeps them."""
        replaced = {n for n in trees[2] if self.is_flat and n.startswith(faults.REPLACED)}
        before, now, a, b = [{n: tree[n] for n in tree.keys() - replaced} for tree in trees]
        return before, now, a, b

    def _uid(self, name: str) -> int:
        """What an item is: the place, in today's catalog, of the item that has or had this id."""
        for now, item in faults.items(self.releases.folder).items():
            if name in (now, *(item.get("was") or ())):
                return int(self.releases.uids[now])
        raise AssertionError(f"nothing is known of {name} any more")

    def _items(self) -> dict[int, Item]:
        """Items that take any evidence; one that a machine proves is not ticked."""
        taken = open_project(str(self.people.folder), today=TODAY).catalog
        free = [i for i in taken.items.values() if i.kind == "attest" or i.kind == "hybrid"]
        some = [i for i in self.rng.sample(free, 12) if len(i.accept) == 2]
        return {self._uid(i.id): Item(self._uid(i.id), i.id, "", rev=i.rev) for i in some}

    def _speaks(self, each: Vouched, catalog: Any, statuses: Any) -> None:
        stem = Path(each.file).stem
        item = catalog.resolve(stem)
        if item is None:
            assert stem in catalog.retired, f"nothing is known of {stem} any more"
            return
        assert self._uid(item.id) == each.uid, f"{stem} speaks of {item.id}"
        kept = statuses[item.id].waiver if each.evidence == "waiver" else statuses[item.id].tick
        assert kept is not None, f"{item.id} has lost what {stem} says"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(N_HISTORIES))
def test_nothing_is_lost_between_the_real_versions(released, seed):
    with quick.quick(), history.home() as folder:
        counted = RealHistory(released, folder, seed).run()

    assert counted["updates"] == 1
    assert counted["ticks held"] > 0

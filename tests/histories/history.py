"""One random history: a template makes versions, a project works and updates, nothing is lost."""

import contextlib
import json
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import copier
import yaml
from ml_checklist import origin
from ml_checklist.state import survey
from ml_checklist.state.project import open_project
from template_update import conflicts

from tests.histories import oracle
from tests.histories.catalogs import Item
from tests.histories.oracle import Files
from tests.histories.people import ANSWERS, STATE, TODAY, People, Vouched
from tests.histories.releases import Releases, commit, git

ROWS: list[dict[str, str]] = [
    {"scaffold": "poc", "ci": "github", "owner": "@org/team"},
    {"scaffold": "poc", "ci": "gitlab"},
    {"scaffold": "mvp", "ci": "none"},
    {"scaffold": "checklist", "ci": "github"},
]
MARK = b"<<<<<<< before updating"


class History:
    """A template, a project of it, and what must hold after each step."""

    def __init__(self, template: Path, folder: Path, seed: int, forgets: frozenset[str]) -> None:
        self.rng = random.Random(seed)
        self.folder, self.forgets = folder, forgets
        self.releases = Releases(template, folder / "template", self.rng, forgets)
        self.people = People(folder / "project", self.rng, one_file="one-file" in forgets)
        self.rendered: dict[str, Files] = {}
        self.counted: Counter[str] = Counter()
        self.gate: Callable[[], list[str]] = conflicts.left
        if "gate" in forgets:
            self.gate = list

    def run(self) -> Counter[str]:
        """Live; what happened, counted. AssertionError where something was lost."""
        row = self.rng.choice(ROWS)
        self._copy(self.people.folder, row, self.releases.version)
        self.people.start()
        self.people.work(self._items())
        for _ in range(self.rng.randint(2, 4)):
            for _ in range(self.rng.choice([1, 1, 2])):
                self.releases.release()
            self.people.work(self._items())
            grown = self._growth()
            late = self.rng.random() < 0.4 and "one-file" not in self.forgets
            if late:
                self.people.leave(self._items())
            self.update(grown)
            if late:
                self.people.join()
                self._state(self.people.files())
                self.counted["branches of before an update"] += 1
            self.people.work(self._items())
            if self.rng.random() < 0.5:
                self.recopy()
        return self.counted

    def _growth(self) -> dict[str, Any]:
        """Answers to give with an update: now and then a larger scaffold, or another component."""
        answers, chance = self._answers(), self.rng.random()
        if answers["scaffold"] == "checklist" or chance > 0.5:
            return {}
        self.counted["grown"] += 1
        if answers["scaffold"] == "poc" and chance < 0.3:
            return {"scaffold": "mvp"}
        return {"components": sorted({*answers["components"], "docs"})}

    def _answers(self) -> dict[str, Any]:
        text = (self.people.folder / ANSWERS).read_text(encoding="utf-8")
        answers: dict[str, Any] = yaml.safe_load(text)
        return answers

    def _copy(self, to: Path, answers: dict[str, Any], version: str) -> None:
        copier.run_copy(
            str(self.releases.folder),
            to,
            data=answers,
            vcs_ref=version,
            defaults=True,
            quiet=True,
            unsafe=False,
        )

    def _fresh(self, version: str, answers: dict[str, Any]) -> Files:
        """What a new project of a version with these answers holds."""
        given = {key: value for key, value in answers.items() if not key.startswith("_")}
        key = json.dumps([version, given], sort_keys=True)
        if key not in self.rendered:
            with tempfile.TemporaryDirectory(dir=self.folder) as folder:
                self._copy(Path(folder) / "p", given, version)
                fresh = People(Path(folder) / "p", self.rng).files()
            self.rendered[key] = {n: c for n, c in fresh.items() if not n.startswith(STATE)}
        return self.rendered[key]

    def _items(self) -> dict[int, Item]:
        """The items of the catalog that the project has, which may be older than the template's."""
        taken = open_project(str(self.people.folder), today=TODAY).catalog
        found = {}
        for item in taken.items.values():
            if item.lifecycle != "retired" and item.title.startswith("Thing "):
                uid = int(item.title.split()[1])
                found[uid] = Item(uid, item.id, "", rev=item.rev)
        return found

    def update(self, data: dict[str, Any]) -> None:
        """`copier update`, and everything that must hold after it."""
        people, before, old = self.people, self.people.files(), self._answers()
        a = self._fresh(str(old["_commit"]), old)
        copier.run_update(
            people.folder,
            data=data,
            defaults=True,
            overwrite=True,
            skip_answered=True,
            quiet=True,
            unsafe=False,
        )
        self.counted["updates"] += 1
        new = self._answers()
        b = self._fresh(self.releases.version, new)
        torn = self._conflicts()
        compared = self._owed(before, people.files(), a, b)
        oracle.nothing_deleted(*compared)
        self.counted["merged where lines met"] += oracle.files(*compared, torn)
        self._resolve(torn, before)
        commit(people.folder, f"Update to {self.releases.version}")
        self._state(people.files())

    def _owed(self, *trees: Files) -> tuple[Files, Files, Files, Files]:
        """The files that an update owes to a project: all of them."""
        before, now, a, b = trees
        return before, now, a, b

    def _conflicts(self) -> list[str]:
        """The gate says exactly the files that hold markers, and the hook refuses them."""
        here = self.people.folder
        marked = sorted(name for name, text in self.people.files().items() if MARK in text)
        with contextlib.chdir(here):
            said = self.gate()
        assert said == marked, f"the gate says {said}, markers are in {marked}"
        white = "core.whitespace=-blank-at-eol,-space-before-tab,-blank-at-eof"
        refused = git(here, "-c", white, "diff", "--check", check=False).returncode
        assert bool(refused) == bool(marked), f"the hook says {refused}, markers are in {marked}"
        self.counted["files in conflict"] += len(marked)
        return marked

    def _resolve(self, torn: list[str], before: Files) -> None:
        """Somebody mends what is in conflict: here the project's own words win."""
        for name in torn:
            (self.people.folder / name).write_bytes(before[name])

    def recopy(self) -> None:
        """`copier recopy`, for whom an update is too much: what people vouched for still stands."""
        copier.run_recopy(
            self.people.folder,
            defaults=True,
            overwrite=True,
            skip_answered=True,
            quiet=True,
            unsafe=False,
        )
        now = self.people.files()
        self._unchanged(now)
        git(self.people.folder, "add", "--all")
        git(self.people.folder, "reset", "--quiet", "--hard")

    def _unchanged(self, now: Files) -> None:
        for each in self.people.vouched:
            held = now.get(each.file)
            kept = held == each.content if "one-file" not in self.forgets else held is not None
            assert kept, f"{each.file} of thing {each.uid} is lost or changed"

    def _state(self, now: Files) -> None:
        """Each tick and waiver is there, speaks of the same thing, and is stale when it must be."""
        self._unchanged(now)
        if "one-file" in self.forgets:
            return
        project = open_project(str(self.people.folder), today=TODAY)
        taken = survey.take(project)
        for each in self.people.vouched:
            self._speaks(each, project.catalog, taken.statuses)
        self.counted["ticks held"] += len(self.people.vouched)

    def _speaks(self, each: Vouched, catalog: Any, statuses: Any) -> None:
        stem = Path(each.file).stem
        item, thing = catalog.resolve(stem), f"Thing {each.uid} "
        if item is None:
            tomb = catalog.retired.get(stem)
            assert tomb, f"nothing is known of {stem} any more, thing {each.uid}"
            assert tomb["title"].startswith(thing), f"{stem} is another thing now: {tomb['title']}"
            self.counted["retired"] += 1
            return
        assert item.title.startswith(thing), f"{stem} speaks of {item.title}, not of {thing}"
        assert stem not in catalog.retired, f"{stem} is retired and in force"
        status = statuses[item.id]
        if item.lifecycle == "upcoming":
            return
        stale = item.rev > each.rev
        wanted = "waived" if each.evidence == "waiver" else "pass"
        wanted = ("todo" if wanted == "waived" else "stale") if stale else wanted
        assert status.state == wanted, f"{item.id} is {status.state}, not {wanted}"
        self.counted["stale"] += stale


@contextlib.contextmanager
def home() -> Iterator[Path]:
    """A folder for a history, in memory where the machine has such a place."""
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="history-", dir=place) as folder:
        before, tempfile.tempdir = tempfile.tempdir, folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before


def live(template: Path, seed: int, forgets: frozenset[str] = frozenset()) -> Counter[str]:
    """One history; `forgets` names guards of the design that are taken away."""
    with home() as folder:
        try:
            return History(template, folder, seed, forgets).run()
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from None


def version_of(folder: Path) -> str:
    """The version that a project is on."""
    return origin.read(folder).version

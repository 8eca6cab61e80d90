"""A project and what its people do to it between two updates."""

import random
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ml_checklist import yaml_io
from ml_checklist.probes.tree import Tree
from ml_checklist.state import evidence, signatures

from tests.histories import small
from tests.histories.catalogs import Item
from tests.histories.releases import commit, git

STATE = (
    "checklist/ticks/",
    "checklist/waivers/",
    "checklist/declines/",
    "checklist/catalog.d/",
    "checklist/project.yml",
)
OURS = ("hooks/", "checklist/catalog/")
ANSWERS = ".copier-answers.yml"
ONE_FILE = "checklist/ticks/all.yml"
TODAY = date(2026, 11, 21)


@dataclass
class Vouched:
    """A tick or a waiver: of which item, under which name and revision, and its bytes."""

    uid: int
    file: str
    rev: int
    content: bytes
    evidence: str = ""


@dataclass
class People:
    """The project's folder, and all that its people vouched for."""

    folder: Path
    rng: random.Random
    one_file: bool = False
    vouched: list[Vouched] = field(default_factory=list)
    n_done: int = 0
    away: list[Vouched] = field(default_factory=list)

    def files(self) -> dict[str, bytes]:
        """Every file of the project."""
        paths = [p for p in self.folder.rglob("*") if p.is_file() and ".git" not in p.parts]
        return {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in paths}

    def start(self) -> None:
        """The first commit, and what `checklist start` asks."""
        git(self.folder, "init", "--quiet", "--initial-branch", "main")
        text = "phase: poc\nfacts:\n  has_time: false\n  serving: batch\n"
        (self.folder / "checklist/project.yml").write_text(text, encoding="utf-8")
        commit(self.folder, "Start")

    def _known(self, rev_of: dict[int, Item]) -> list[Item]:
        ticked = {each.uid for each in (*self.vouched, *self.away)}
        return [item for item in rev_of.values() if item.uid not in ticked]

    def tick(self, items: dict[int, Item]) -> None:
        """Vouch for an item of the catalog that the project has: on a page, or at an address."""
        free = self._known(items)
        if not free:
            return
        item = self.rng.choice(free)
        self.n_done += 1
        reference = "https://example.org/minutes"
        if self.rng.random() < 0.6:
            reference = f"docs/minutes-{self.n_done}.md"
            (self.folder / reference).write_text(f"# Minutes {self.n_done}\n\nAgreed.\n")
        entry = evidence.cite(Tree(self.folder), reference)
        tick = {"status": "done", "by": "@ann", "date": TODAY.isoformat(), "item_rev": item.rev}
        self._keep(item, {**tick, "evidence": [entry]}, reference)

    def _keep(self, item: Item, tick: dict[str, object], reference: str) -> None:
        if self.one_file:  # the layout that we do not have
            path = self.folder / ONE_FILE
            path.parent.mkdir(exist_ok=True)
            lines = set(path.read_text().splitlines()) if path.exists() else set()
            path.write_text("\n".join(sorted({*lines, f"{item.id}: done"})) + "\n")
            name = ONE_FILE
        else:
            name = signatures.write(self.folder, "ticks", item.id, tick)
        content = (self.folder / name).read_bytes()
        self.vouched.append(Vouched(item.uid, name, item.rev, content, reference))

    def waive(self, items: dict[int, Item]) -> None:
        """Let an item off for a time."""
        free = self._known(items)
        if not free:
            return
        item = self.rng.choice(free)
        data = {
            "reason": "the data arrives with the next release",
            "by": "@ann",
            "approver": "@bob",
            "item_rev": item.rev,
        }
        data |= {"date": TODAY.isoformat(), "until": "2027-01-31"}
        name = signatures.write(self.folder, "waivers", item.id, data)
        self.vouched.append(
            Vouched(item.uid, name, item.rev, (self.folder / name).read_bytes(), "waiver")
        )

    def tighten(self, items: dict[int, Item]) -> None:
        """The organisation asks for an item earlier than the catalog does."""
        path = self.folder / "checklist/catalog.d/org.yml"
        if items and not path.exists():
            item = self.rng.choice(list(items.values()))
            path.parent.mkdir(exist_ok=True)
            demand = {"id": item.id, "max_age_days": 90}
            path.write_text(yaml_io.dump({"tighten": [demand]}), encoding="utf-8")

    def _theirs(self) -> list[str]:
        """Files that are theirs to change; a page that a tick cites is left as it was agreed."""
        kept = (*STATE, *OURS, ANSWERS, "docs/minutes-")
        return [name for name in sorted(self.files()) if not name.startswith(kept)]

    def edit(self) -> None:
        """Change, add or remove lines of some file, as one does."""
        files = self._theirs()
        if not files:  # they deleted all they had
            return
        hot = [name for name in files if any(word in name for word in small.HOT)]
        name = self.rng.choice(hot if hot and self.rng.random() < 0.7 else files)
        lines = self._lines(name)
        for _ in range(self.rng.randint(1, 2)):
            self.n_done += 1
            kind = self.rng.choice(["append", "insert", "change", "remove"])
            at = self.rng.randrange(len(lines)) if lines else 0
            if kind == "append" or not lines:
                lines.append(f"# our last line {self.n_done}")
            elif kind == "insert":
                lines.insert(at, f"# our line {self.n_done}")
            elif kind == "change":
                lines[at] = f"# our words {self.n_done}"
            else:
                del lines[at]
        (self.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _lines(self, name: str) -> list[str]:
        return (self.folder / name).read_text(encoding="utf-8").splitlines()

    def write(self) -> None:
        """A file of our own, now and then under a name that the template takes later."""
        self.n_done += 1
        own = ["docs/own-{}.md", "src/own/mod_{}.py", "make/own-{}.mk", "docs/glossary.md"]
        path = self.folder / self.rng.choice(own).format(self.n_done)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"# Ours, {self.n_done}\n", encoding="utf-8")

    def drop(self) -> None:
        """Delete a file, or give it another name."""
        files = self._theirs()
        if not files:
            return
        name = self.rng.choice(files)
        if self.rng.random() < 0.5:
            self.n_done += 1
            (self.folder / name).rename(self.folder / f"docs/ours-{self.n_done}.txt")
        else:
            (self.folder / name).unlink()

    def work(self, items: dict[int, Item]) -> None:
        """Some days of work, committed on main or by two branches that are merged."""
        if self.rng.random() < 0.5:
            self._days(items, self.rng.randint(2, 6))
            commit(self.folder, "Work")
        else:
            self._branches(items)

    def leave(self, items: dict[int, Item]) -> None:
        """Somebody ticks on a branch of the catalog as it is, which is merged after the update."""
        git(self.folder, "switch", "--quiet", "--create", "late")
        here = len(self.vouched)
        for _ in range(self.rng.randint(1, 3)):
            self.tick(items)
        commit(self.folder, "Late")
        self.vouched, self.away = self.vouched[:here], self.vouched[here:]
        git(self.folder, "switch", "--quiet", "main")

    def join(self) -> None:
        """That branch is merged: nothing of it meets the update."""
        git(self.folder, "merge", "--quiet", "--no-edit", "late")
        git(self.folder, "branch", "--quiet", "-D", "late")
        self.vouched, self.away = self.vouched + self.away, []

    def _days(self, items: dict[int, Item], n: int) -> None:
        for act in self.rng.choices(["tick", "tick", "edit", "edit", "rest"], k=n):
            if act == "tick":
                self.tick(items)
            elif act == "edit":
                self.edit()
            else:
                rest = [self.write, self.drop, self.edit]
                rest += [lambda: self.waive(items), lambda: self.tighten(items)]
                self.rng.choice(rest)()

    def _branches(self, items: dict[int, Item]) -> None:
        for name in ("ann", "bob"):
            git(self.folder, "switch", "--quiet", "--create", name, "main")
            for _ in range(self.rng.randint(1, 3)):
                self.tick(items)
            self.write()
            commit(self.folder, f"Work of {name}")
        git(self.folder, "switch", "--quiet", "main")
        for name in ("ann", "bob"):
            merged = git(self.folder, "merge", "--quiet", "--no-edit", name, check=False)
            # Both may have begun the same page; ticks of other items never meet.
            torn = git(self.folder, "diff", "--name-only", "--diff-filter=U").stdout.split()
            state = [path for path in torn if path.startswith(STATE)]
            assert not state, f"branches that tick different items conflict in {state}"
            if merged.returncode:
                git(self.folder, "checkout", "--ours", "--", *torn)
                commit(self.folder, f"Merge {name}")
            git(self.folder, "branch", "--quiet", "-D", name)

"""A template's repository that makes versions: what a release does, and what it may forget."""

import random
import re
import subprocess
from pathlib import Path

from tests.histories import small
from tests.histories.catalogs import Catalog

STATE_GUARDS = {
    "exclude": r"  - \"{% if _copier_operation == 'update' %}/checklist/.*\n",
    "skip": r"^_skip_if_exists:\n(?:  - .*\n)+",
}


def git(folder: Path, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run git in a folder."""
    command = ["git", "-C", str(folder), *args]
    return subprocess.run(command, check=check, capture_output=True, text=True)


def commit(folder: Path, message: str) -> None:
    """Commit everything."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", message)


class Releases:
    """The template, and its tags."""

    def __init__(
        self, template: Path, folder: Path, rng: random.Random, forgets: frozenset[str]
    ) -> None:
        self.folder, self.rng, self.forgets = folder, rng, forgets
        self.catalog = Catalog(rng, forgets)
        small.cut(template, folder, list(self.catalog.files.values()))
        self.n_changes, self.minor, self.asked = 0, 1, [""]
        self.state = ""
        for guard, pattern in STATE_GUARDS.items():
            if guard in forgets:
                self._edit("copier.yml", lambda text, p=pattern: re.sub(p, "", text, flags=re.M))
        git(folder, "init", "--quiet", "--initial-branch", "main")
        self._tag()

    def _edit(self, name: str, change: object) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        path.write_text(change(text), encoding="utf-8")  # type: ignore[operator]

    def _tag(self) -> None:
        for old in (self.folder / "checklists").glob("*.yml"):
            if old.name != "facts.yml":
                old.unlink()
        for name, text in self.catalog.texts().items():
            (self.folder / "checklists" / name).write_text(text, encoding="utf-8")
        listed = ["facts.yml", *self.catalog.files.values()]
        self._edit("copier.yml", lambda text: small.listed(text, "catalog_files", listed))
        commit(self.folder, self.version)
        git(self.folder, "tag", self.version)

    @property
    def version(self) -> str:
        """The newest tag."""
        return f"v0.{self.minor}.0"

    def release(self) -> None:
        """The next version."""
        self.minor += 1
        self.catalog.evolve(self.version[1:])
        files = [self.change, self.change, self.change, self.add, self.retire, self.move]
        others = [self.ask, self.ask_no_more, self.tool, self.ship_state, self.ship_state]
        for step in self.rng.choices([*files, *others], k=self.rng.randint(3, 8)):
            step()
        if "facts" in self.forgets:
            pattern = r"^  - name: has_time\n(?:    .*\n)+"
            self._edit("checklists/facts.yml", lambda text: re.sub(pattern, "", text, flags=re.M))
        self._tag()

    def _people_files(self) -> list[Path]:
        """Files that people edit; those that hold a Jinja name in their path may not move."""
        found = []
        for path in sorted((self.folder / "template").rglob("*")):
            name = path.relative_to(self.folder / "template").as_posix()
            ours = name.startswith(("checklist/", "hooks/")) or "answers_file" in name
            if path.is_file() and not ours:
                found.append(path)
        return found

    def change(self) -> None:
        """Lines of a file are added, changed or removed."""
        files = self._people_files()
        hot = [path for path in files if any(word in str(path) for word in small.HOT)]
        path = self.rng.choice(hot if hot and self.rng.random() < 0.7 else files)
        lines = path.read_text(encoding="utf-8").splitlines()
        for _ in range(self.rng.randint(1, 3)):
            self.n_changes += 1
            at = self.rng.randint(0, len(lines))
            plain = [n for n, line in enumerate(lines) if "{" not in line and line.strip()]
            kind = self.rng.choice(["add", "add", "change", "remove"])
            if kind == "add" or not plain:
                lines.insert(at, f"# the template's line {self.n_changes}")
            elif kind == "change":
                lines[self.rng.choice(plain)] = f"# the template's other line {self.n_changes}"
            else:
                del lines[self.rng.choice(plain)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def add(self) -> None:
        """A new file, also under the name that people like."""
        self.n_changes += 1
        name = self.rng.choice(["docs/new-{}.md", "make/new-{}.mk", "docs/glossary.md"])
        path = self.folder / "template" / name.format(self.n_changes)
        if not path.exists() and f"/{path.name}" not in self._text("copier.yml"):
            path.write_text(f"# New in the template, {self.n_changes}\n\nIts words.\n")

    def _text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def _movable(self) -> list[Path]:
        kinds = ("data/", "docs/", "make/new", "conf/", "tests/")
        top = self.folder / "template"
        return [p for p in self._people_files() if p.relative_to(top).as_posix().startswith(kinds)]

    def _no_longer(self, path: Path) -> None:
        """Remove a file that people edit, and keep their copies."""
        name = path.relative_to(self.folder / "template").as_posix().removesuffix(".jinja")
        path.unlink()
        if "retired" not in self.forgets:
            line = f"  - /{name}\n"
            self._edit(
                "copier.yml",
                lambda text: text.replace("  - /make/README.md", f"{line}  - /make/README.md", 1),
            )

    def retire(self) -> None:
        """A file is no longer shipped."""
        files = self._movable()
        if len(files) > 3:
            self._no_longer(self.rng.choice(files))

    def move(self) -> None:
        """A file comes under another name; the former one retires."""
        files = self._movable()
        if len(files) > 3:
            self.n_changes += 1
            path = self.rng.choice(files)
            text = path.read_text(encoding="utf-8")
            self._no_longer(path)
            suffixes = "".join(path.suffixes)
            moved = path.with_name(f"moved-{self.n_changes}{suffixes}")
            moved.write_text(text, encoding="utf-8")

    def ask(self) -> None:
        """A new question with a default."""
        self.n_changes += 1
        name = f"extra_{self.n_changes}"
        question = f'{name}:\n  type: str\n  help: Extra?\n  default: "no"\n\n'
        self._edit(
            "copier.yml",
            lambda text: text.replace('"ci"]', f'"{name}", "ci"]').replace(
                "\nauthor:\n", f"\n{question}author:\n"
            ),
        )
        self.asked.append(name)

    def ask_no_more(self) -> None:
        """A question is dropped; its name stays known."""
        name = self.asked.pop() if len(self.asked) > 1 else ""
        if not name:
            return
        pattern = rf"^{name}:\n(?:  .*\n)+\n"
        self._edit("copier.yml", lambda text: re.sub(pattern, "", text, flags=re.M))
        if "names" in self.forgets:
            self._edit("copier.yml", lambda text: text.replace(f'"{name}", ', ""))

    def tool(self) -> None:
        """The tool gains a file and changes another."""
        self.n_changes += 1
        name = f"more_{self.n_changes}.py"
        (self.folder / "hooks/ml_checklist" / name).write_text(f'"""More {self.n_changes}."""\n')
        self._edit("hooks/ml_checklist/origin.py", lambda text: text + f"# {self.n_changes}\n")
        names = [path.name for path in (self.folder / "hooks/ml_checklist").glob("*.py")]
        dropped = self.rng.choice([n for n in names if n.startswith("more_")])
        if len(names) > 4:
            (self.folder / "hooks/ml_checklist" / dropped).unlink()
            names.remove(dropped)
        self._edit("copier.yml", lambda text: small.listed(text, "tool_files", names))

    def ship_state(self) -> None:
        """What must never happen, and does: a file of state is shipped, and dropped again."""
        folder = self.folder / "template/checklist/ticks"
        if self.state:
            (folder / self.state).unlink()
            self.state = ""
            return
        folder.mkdir(parents=True, exist_ok=True)
        self.state = f"{self.rng.choice(self.catalog.alive()).id}.yml"
        text = 'status: done\nby: template\ndate: "2026-01-01"\nitem_rev: 1\n'
        text += "evidence:\n  - url: https://example.org/template\n"
        (folder / self.state).write_text(text, encoding="utf-8")

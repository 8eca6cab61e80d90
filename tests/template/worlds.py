"""A template, a project of it, its origin, and tools that only say what they were asked."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import copier

from tests.conftest import ROOT, run
from tests.histories import small
from tests.histories.releases import commit

HERE = Path(__file__).resolve().parent
EVERY, CORE = "template/{{ every }}", "template/{{ core }}"
ITEMS = """section: scoping
order: 10
title: Scoping
about: What it is for.
items:
  - id: scoping.users
    rev: {rev}
    title: It is known who sees the output
    why: Because it hurts otherwise.
    how: Write it down in docs/problem.md.
    effort: low
    phase: poc
    level: should
    kind: attest
    lifecycle: {{state: active, since: 0.1.0{changed}}}
    source: ["004:1"]
"""
UV = """#!/bin/sh
# uv run --no-sync checklist ...
shift 3
exec {python} -m ml_checklist "$@"
"""
MAKE = """#!/bin/sh
echo "$2" >> {log}
if grep -qx "$2" {red}; then echo "the $2 is red: <b>@all</b>"; exit 2; fi
echo "$2 is green"
"""
GH = '#!/bin/sh\nexec {python} {script} "$@"\n'


class World:
    """Everything below one folder; `project` is a clone that tracks `origin`."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.template = small.cut(template, folder / "template", ["scoping.yml"])
        self.origin, self.project = folder / "origin.git", folder / "project"
        self.bin = folder / "bin"
        self.log, self.red = folder / "made", folder / "red"
        self._tools()
        self.catalog(1)
        run("git", "init", "--quiet", cwd=self.template)
        self.release("v0.1.0")
        start = folder / "start"
        copier.run_copy(str(self.template), start, defaults=True, quiet=True, unsafe=False)
        run("git", "init", "--quiet", "--initial-branch", "main", cwd=start)
        commit(start, "Start")
        run("git", "clone", "--quiet", "--bare", str(start), str(self.origin), cwd=folder)
        self.clone(self.project)

    def keep(self) -> "World":
        """Remember everything as it is; paths stand in it, so it comes back to the same place."""
        shutil.copytree(self.folder, self.folder.with_suffix(".kept"), symlinks=True)
        return self

    def restore(self) -> "World":
        """Everything as it was when it was kept."""
        self.project = self.folder / "project"
        shutil.rmtree(self.folder)
        shutil.copytree(self.folder.with_suffix(".kept"), self.folder, symlinks=True)
        return self

    def clone(self, to: Path, *options: str) -> Path:
        """A clone of the project, as a job has it."""
        run("git", "clone", "--quiet", *options, f"file://{self.origin}", str(to), cwd=self.folder)
        return to

    def _tools(self) -> None:
        self.bin.mkdir()
        self.red.touch()
        self.log.touch()
        known = {"python": sys.executable, "log": self.log, "red": self.red}
        script = HERE / "fake_gh.py"
        for name, text in (("uv", UV), ("make", MAKE), ("gh", GH)):
            (self.bin / name).write_text(text.format(**known, script=script))
            (self.bin / name).chmod(0o755)

    def catalog(self, rev: int) -> None:
        """The item at a revision."""
        changed = f", changed: 0.{rev}.0, note: asks for names" if rev > 1 else ""
        text = ITEMS.format(rev=rev, changed=changed)
        (self.template / "checklists/scoping.yml").write_text(text, encoding="utf-8")

    def release(self, version: str) -> None:
        """Tag the template as it is."""
        commit(self.template, version)
        run("git", "tag", version, cwd=self.template)

    def edit(self, name: str, old: str, new: str, where: Path | None = None) -> None:
        """Replace a text in a file of the project."""
        path = (where or self.project) / name
        text = path.read_text(encoding="utf-8")
        assert old in text, (name, old)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def word(
        self, *words: str, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the tool of updates in the project."""
        path = f"{self.bin}:{Path(sys.executable).parent}:/usr/bin:/bin"
        known = {
            "PATH": path,
            "PYTHONPATH": f"{ROOT / EVERY / 'hooks'}:{ROOT / 'hooks'}",
            "COPIER": f"{sys.executable} -W ignore -m copier",
            "FAKE_GH": str(self.folder),
        }
        command = (sys.executable, "-m", "template_update", *words)
        done = run(*command, cwd=cwd or self.project, check=False, **known, **(env or {}))
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def git(self, *args: str, cwd: Path | None = None) -> str:
        """Run git in the project."""
        return run("git", *args, cwd=cwd or self.project).stdout.strip()

    def push(self, message: str) -> None:
        """Commit everything on main and push it."""
        commit(self.project, message)
        self.git("push", "--quiet", "origin", "main")

    def prepared(self) -> dict[str, Any]:
        """What `prepare` left for `publish`."""
        path = self.project / ".checklist/template-update.json"
        facts: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return facts

    def pages(self) -> list[dict[str, Any]]:
        """The pull requests."""
        path = self.folder / "pages"
        listed: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
        return listed

    def state(self) -> tuple[str, ...]:
        """What an action that fails must leave as it was: branch, commit, tree, references."""
        command = ["git", "status", "--porcelain"]
        dirty = subprocess.run(command, cwd=self.project, capture_output=True, text=True).stdout
        asked = (
            ("branch", "--show-current"),
            ("rev-parse", "HEAD"),
            ("for-each-ref", "refs/heads"),
        )
        return (dirty, *(self.git(*words) for words in asked))

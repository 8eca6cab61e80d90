"""What a branch changes.

What it proves, ticks, waives and loses, and whether it touches its own judge.
"""

import tempfile
from pathlib import Path
from typing import Any

from ml_checklist import export, gitrepo, origin, survey
from ml_checklist.changes import JUDGE, Diff, Pair
from ml_checklist.errors import DataError
from ml_checklist.project import Project, open_project
from ml_checklist.survey import Survey
from ml_checklist.tree import Base


def compare(
    project: Project, base: str, *, base_proofs: Path | None = None, catalog: str | None = None
) -> Diff:
    """Compare the work tree with the commit where it left `base`."""
    top = gitrepo.top_level(project.home)
    if top is None:
        raise DataError(
            f"{project.home}: is no git repository, so there is nothing to compare with"
        )
    revision = export.merge_base(top, base)
    place = project.home.relative_to(top.resolve()).as_posix()
    prefix = "" if place == "." else f"{place}/"
    head = survey.take(project)
    with tempfile.TemporaryDirectory(prefix="ml-checklist-") as folder:
        export.lay_out(top, revision, Path(folder))
        home = Path(folder).resolve() / prefix
        home.mkdir(parents=True, exist_ok=True)
        before, fault = _survey(project, home, Base(top, revision, prefix), base_proofs)
        changed = _changed(top, revision, prefix)
        return Diff(
            head,
            before,
            fault,
            _pairs(before, head),
            changed,
            _tampered(project.home, home, changed),
            (origin.read(home).version, origin.read(project.home).version),
            before.project.phase if before else "",
            _facts(before, head),
        )


def _survey(
    project: Project, home: Path, base: Base, proofs: Path | None
) -> tuple[Survey | None, str]:
    # The judge's catalog for both sides, or its own changes would look like the branch's.
    report = proofs or home / ".checklist/none.json"
    try:
        opened = open_project(
            str(home), str(project.catalog.folder), today=project.today, report=report, base=base
        )
        return survey.take(opened), ""
    except DataError as error:
        return None, str(error).splitlines()[0]


def _changed(top: Path, revision: str, prefix: str) -> list[str]:
    names = gitrepo.names(top, "diff", "--name-only", "--no-renames", "-z", revision) or []
    names += gitrepo.names(top, "ls-files", "--others", "--exclude-standard", "-z") or []
    return sorted({name[len(prefix) :] for name in names if name.startswith(prefix)})


def _pairs(before: Survey | None, head: Survey) -> list[Pair]:
    known = before.statuses if before else {}
    return [Pair(known.get(name), status) for name, status in head.statuses.items()]


def _tampered(home: Path, base: Path, changed: list[str]) -> list[str]:
    """Files of the judge that changed though the template version did not."""
    moved = origin.read(base).version != origin.read(home).version
    if moved or not (base / "checklist/catalog").is_dir():
        return []
    return [name for name in changed if name.startswith(JUDGE) and "__pycache__" not in name]


def _facts(before: Survey | None, head: Survey) -> list[str]:
    old = before.project.facts if before else {}
    new = head.project.facts
    names = sorted({*old, *new})
    return [
        f"{name}: {_word(old.get(name))} -> {_word(new.get(name))}"
        for name in names
        if old.get(name) != new.get(name)
    ]


def _word(value: Any) -> str:
    return (
        "unknown"
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )

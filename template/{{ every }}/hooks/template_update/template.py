"""The template as this project knows it: its version, and Copier, which renders it."""

import json
import os
import shlex
from pathlib import Path
from typing import Any

import yaml
from ml_checklist import origin

from .shell import TemplateError, git, run

ANSWERS = origin.ANSWERS
# make/template.mk says which version of Copier.
COPIER = shlex.split(os.environ.get("COPIER") or "uvx --quiet copier")
STATE = (
    "checklist/ticks",
    "checklist/waivers",
    "checklist/declines",
    "checklist/catalog.d",
    "checklist/project.yml",
)


def ready() -> None:
    """TemplateError where no update can work, with the line that mends it."""
    if git("status", "--porcelain"):
        raise TemplateError("the tree is not clean; commit or stash first")
    if not Path(ANSWERS).is_file():
        raise TemplateError(f"{ANSWERS} is missing, so this project was not made from the template")
    for trap in origin.traps(Path()):
        raise TemplateError(str(trap))
    if git("rev-parse", "--is-shallow-repository") == "true":
        raise TemplateError("this clone is shallow; `git fetch --unshallow` first")


def version() -> str:
    """The version that the answers of the work tree name."""
    return origin.read(Path()).version


def newer() -> str:
    """The newest version when it is not the one here, else nothing; without a leading v."""
    update: dict[str, Any] = json.loads(run([*COPIER, "check-update", "--output-format", "json"]))
    return str(update["latest_version"]) if update["update_available"] else ""


def update() -> None:
    """`copier update` in the work tree, with the stored answers."""
    run([*COPIER, "update", "--defaults", "--skip-answered", "--conflict", "inline", "--quiet"])


def answers(text: str) -> dict[str, Any]:
    """The answers in a text."""
    data = yaml.safe_load(text)
    return data if isinstance(data, dict) else {}


def render(into: Path, revision: str, given: dict[str, Any]) -> None:
    """The template at a revision with these answers, in an empty folder; newest where empty."""
    source = str(given["_src_path"])
    data = into.parent / "answers.yml"
    known = {key: value for key, value in given.items() if not key.startswith("_")}
    data.write_text(yaml.safe_dump(known, allow_unicode=True), encoding="utf-8")
    wanted = ["--vcs-ref", revision] if revision else []
    fixed = ["--defaults", "--quiet", "--overwrite", "--data-file", str(data)]
    run([*COPIER, "copy", *fixed, *wanted, source, str(into)])

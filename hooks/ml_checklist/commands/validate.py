"""`checklist validate`: is the data in order? Schemas, ids, aliases, orphans, dates.

With --lint also the quality of a catalog.
"""

import argparse
from pathlib import Path

from ml_checklist import origin
from ml_checklist.catalog import rules
from ml_checklist.catalog.items import Catalog
from ml_checklist.catalog.load import load
from ml_checklist.commands import common
from ml_checklist.commands.common import Command, given
from ml_checklist.errors import Problem, refuse
from ml_checklist.state import survey, views

HOOK = """
  - repo: local
    hooks:
      - id: checklist
        name: checklist data
        entry: uv run --project hooks checklist validate
        language: system
        files: ^checklist/"""
_LF = "linguist-generated eol=lf"
_OWNED = ("hooks/", "checklist/catalog/", "checklist/waivers/", "checklist/declines/")
# File of ours -> (a text that it would hold, what to do when it does not).
WANTED = {
    ".pre-commit-config.yaml": ("checklist validate", "add the hook below under `repos:`"),
    ".gitattributes": ("checklist/catalog", f"add `checklist/catalog/** {_LF}`, `hooks/** {_LF}`"),
    "CODEOWNERS": ("checklist/waivers", f"give {', '.join(_OWNED)} owners"),
    ".gitignore": (".checklist", "add the line `.checklist/`"),
}


def validate(args: argparse.Namespace) -> bool:
    """Print what is wrong; exit code 2 through DataError, as all bad data."""
    if args.catalog and not args.root:
        catalog = load(Path(args.catalog), args.catalog.rstrip("/"))
        problems: list[Problem] = []
        what = f"{args.catalog}: {len(catalog.items)} items in {len(catalog.sections)} sections"
    else:
        catalog, problems, what = _project(args)
    if args.lint:
        views.load(catalog)
        for name, (filled, total) in rules.shares(list(catalog.items.values())).items():
            print(f"{name}: {filled} of {total}")
        problems += rules.lint(catalog)
    refuse(problems)
    print(f"{what}: in order")
    return True


def _project(args: argparse.Namespace) -> tuple[Catalog, list[Problem], str]:
    opened = common.project(args)
    signed = survey.read_state(opened)
    lacking = missing_lines(opened.home)
    for warning in [*signed.warnings, *lacking, *origin.traps(opened.home)]:
        print(f"warning: {warning}")
    print(HOOK) if any("the hook below" in problem.text for problem in lacking) else None
    counts = {"items": len(opened.catalog.items)}
    counts |= {name: len(folder.entries) for name, folder in signed._asdict().items()}
    numbers = [f"{n} {name}" for name, n in counts.items() if n]
    what = ", ".join([*numbers, f"phase {opened.phase}"])
    return opened.catalog, signed.problems + signed.refused, what


def missing_lines(home: Path) -> list[Problem]:
    """What an adopter's own files lack: each is named, with the lines to put in by hand."""
    if origin.read(home).scaffold != "checklist":
        return []
    found = []
    for name, (text, remedy) in WANTED.items():
        path = home / name
        if path.is_file() and text not in path.read_text(encoding="utf-8", errors="replace"):
            found.append(Problem(name, 0, f"is yours and was left as it is; {remedy}"))
    if not (home / "hooks/ml_checklist").is_dir():
        text = "is missing, so this project does not carry its own tool; run `copier update`"
        found.append(Problem("hooks/ml_checklist", 0, text))
    return found


_LINT_HELP = "also check the quality of the catalog: references, options, papers, wording"
_LINT = given("--lint", action="store_true", help=_LINT_HELP)
_FILES_HELP = "ignored: everything is checked (pre-commit names files)"
_FILES = given("files", nargs="*", metavar="FILE", help=_FILES_HELP)
COMMANDS: dict[str, Command] = {"validate": (validate, (_LINT, _FILES))}

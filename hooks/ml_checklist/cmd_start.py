"""`checklist start`: the project facts, asked once."""

import argparse
from typing import Any

from ml_checklist import opening, render_json
from ml_checklist.conditions import Fact
from ml_checklist.errors import DataError, nearest
from ml_checklist.project import Project, write_settings


def run(args: argparse.Namespace) -> bool:
    """Write the facts given, or ask for those that are not known."""
    project = opening.project(args)
    known = dict(project.facts)
    if args.facts:
        answers = dict(_given(project, text) for text in args.facts)
    else:
        answers = _asked(project, known, again=args.again)
    known.update(answers)
    for name in [name for name, value in known.items() if value is None]:
        del known[name]
    write_settings(project.home, {**project.settings, "phase": project.phase, "facts": known})
    _say(project, known, args.format)
    return True


def _asked(project: Project, known: dict[str, Any], *, again: bool) -> dict[str, Any]:
    from ml_checklist import prompts

    open_ = [
        fact for fact in project.catalog.facts.values() if again or known.get(fact.name) is None
    ]
    return prompts.ask_facts(open_, known) if open_ else {}


def _given(project: Project, text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    fact = project.catalog.facts.get(name)
    if not sign:
        raise DataError(f"{text!r}: write FACT=VALUE, such as has_time=true")
    if fact is None:
        raise DataError(f"unknown fact {name!r}{nearest(name, project.catalog.facts)}")
    return name, parse(fact, value)


def parse(fact: Fact, word: str) -> Any:
    """The value that a word gives to a fact; `unknown` takes an answer back."""
    if word == "unknown":
        return None
    yes_or_no = {"true": True, "yes": True, "false": False, "no": False}
    value: Any = word if fact.choices else yes_or_no.get(word.lower(), word)
    if not fact.accepts(value):
        allowed = ", ".join(fact.choices or ("true", "false"))
        raise DataError(f"{fact.name}: must be one of {allowed}, unknown; got {word!r}")
    return value


def _say(project: Project, known: dict[str, Any], form: str) -> None:
    open_ = [name for name in project.catalog.facts if name not in known]
    if form == "json":
        print(render_json.dump({"facts": known, "open": open_}))
        return
    print(f"wrote checklist/project.yml: {len(known)} of {len(project.catalog.facts)} facts known")
    if open_:
        print(f"still open: {', '.join(open_)}")

"""`checklist start` and `draft`: the facts of a project, and documents begun from what is known."""

import argparse
from typing import Any

from ml_checklist import files, origin
from ml_checklist.catalog.conditions import Fact
from ml_checklist.catalog.load import find_item
from ml_checklist.commands import common
from ml_checklist.commands.common import Command, given
from ml_checklist.errors import DataError, nearest
from ml_checklist.probes.tree import Tree
from ml_checklist.state import drafts
from ml_checklist.state.project import Project, write_settings

UNKNOWN = "I do not know yet"


def start(args: argparse.Namespace) -> bool:
    project = common.project(args)
    known = dict(project.facts)
    if args.facts:
        known.update(_given(project, text) for text in args.facts)
    else:
        known.update(_answers(project, known, again=args.again))
    known = {name: value for name, value in known.items() if value is not None}
    write_settings(project.home, {**project.settings, "phase": project.phase, "facts": known})
    print(f"wrote checklist/project.yml: {len(known)} of {len(project.catalog.facts)} facts known")
    open_ = [name for name in project.catalog.facts if name not in known]
    if open_:
        print(f"still open: {', '.join(open_)}")
    return True


def _given(project: Project, text: str) -> tuple[str, Any]:
    """The fact and its value in `name=value`; `unknown` takes an answer back."""
    name, sign, word = text.partition("=")
    fact = project.catalog.facts.get(name)
    if not sign:
        raise DataError(f"{text!r}: write FACT=VALUE, such as has_time=true")
    if fact is None:
        raise DataError(f"unknown fact {name!r}{nearest(name, project.catalog.facts)}")
    yes_or_no = {"true": True, "yes": True, "false": False, "no": False}
    value: Any = word if fact.choices else yes_or_no.get(word.lower(), word)
    if word != "unknown" and not fact.accepts(value):
        allowed = ", ".join(fact.choices or ("true", "false"))
        raise DataError(f"{fact.name}: must be one of {allowed}, unknown; got {word!r}")
    return name, None if word == "unknown" else value


def _answers(project: Project, known: dict[str, Any], *, again: bool) -> dict[str, Any]:
    facts = [f for f in project.catalog.facts.values() if again or known.get(f.name) is None]
    if facts:
        common.require_terminal("give them as FACT=VALUE, such as has_time=true serving=batch")
    offered = {**origin.read(project.home).facts, **known}
    answers = {fact.name: _ask(fact, offered.get(fact.name)) for fact in facts}
    return {name: answer for name, answer in answers.items() if answer is not None}


def _ask(fact: Fact, now: Any) -> Any:
    import questionary  # slow to import, and only a terminal needs it

    values: dict[str, Any] = {each: each for each in fact.choices} or {"yes": True, "no": False}
    default = next((word for word, value in values.items() if value == now), UNKNOWN)
    print("\n".join(filter(None, (f"\n{fact.question}", fact.why, fact.default_hint))))
    prompt = questionary.select(f"{fact.name}:", choices=[*values, UNKNOWN], default=default)
    return values.get(common.answered(prompt.ask()))


def draft(args: argparse.Namespace) -> bool:
    """Draft each item that was named, or all that can be drafted; nothing written is replaced."""
    project = common.project(args)
    chosen = [find_item(project.catalog, name).id for name in args.items]
    for name in chosen or drafts.DRAFTS:
        try:
            # A fresh tree each time: the draft before may be in the same document.
            tree = Tree(project.tree.root, paths=project.tree.paths)
            file, text = drafts.filled(tree, project.facts, name)
        except DataError as error:
            if chosen:
                raise DataError(f"{name}: {error}") from None
            print(f"left      {name}  {error}")
            continue
        files.write(project.tree.root / file, text)
        print(f"drafted   {name}  {file}; read it, correct it, then `checklist tick {name}`")
    return True


_FACTS_HELP = "such as has_time=true serving=batch; without one, it asks"
_FACTS = given("facts", nargs="*", metavar="FACT=VALUE", help=_FACTS_HELP)
_AGAIN = given("--again", action="store_true", help="ask what was answered before, too")
_ITEMS_HELP = f"of {', '.join(drafts.DRAFTS)}; default: all"
_ITEMS = given("items", nargs="*", metavar="ID", help=_ITEMS_HELP)
COMMANDS: dict[str, Command] = {"start": (start, (_FACTS, _AGAIN)), "draft": (draft, (_ITEMS,))}

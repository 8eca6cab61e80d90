"""Ask at the terminal; the only module that needs questionary."""

import argparse
import sys
from typing import Any

from ml_checklist import gate, survey
from ml_checklist.conditions import Fact
from ml_checklist.errors import DataError
from ml_checklist.project import Project

UNKNOWN = "I do not know yet"


def require_terminal(instead: str) -> None:
    """Refuse to ask where nobody can answer."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise DataError(f"this asks questions, and here is no terminal; {instead}")


def ask_facts(facts: list[Fact], known: dict[str, Any]) -> dict[str, Any]:
    """The answers to the facts; one that is not known yet is left out."""
    require_terminal("give them as FACT=VALUE, such as has_time=true serving=batch")
    answers = {}
    for fact in facts:
        answer = _ask_fact(fact, known.get(fact.name))
        if answer is not None:
            answers[fact.name] = answer
    return answers


def _ask_fact(fact: Fact, now: Any) -> Any:
    import questionary

    values: dict[str, Any] = {each: each for each in fact.choices} or {"yes": True, "no": False}
    choices = [*values, UNKNOWN]
    default = next(
        (word for word, value in values.items() if value == now and now is not None), UNKNOWN
    )
    print(f"\n{fact.why}" + (f" ({fact.default_hint})" if fact.default_hint else ""))
    answer = _given(questionary.select(fact.question, choices=choices, default=default).ask())
    return values.get(answer)


def ask_tick(project: Project, args: argparse.Namespace) -> None:
    """Fill in which item, what evidence and what note."""
    require_terminal("give an item: checklist tick ID -e PATH|URL")
    import questionary

    taken = survey.take(project)
    phase = gate.working_towards(project.phase)
    ready = [
        s
        for s in gate.still_open(taken, phase, calendar=True)
        if s.item.kind != "auto" and s.state != "fail"
    ]
    titles = {f"{status.item.id}  {status.item.title}": status.item for status in ready}
    if not titles:
        raise DataError("no open item waits for a person")
    item = titles[
        _given(
            questionary.select(
                "Which one?", choices=list(titles), use_search_filter=True, use_jk_keys=False
            ).ask()
        )
    ]
    expected = (item.data.get("evidence") or {}).get("files") or [""]
    print(f"\n{item.data['how']}")
    args.items = [item.id]
    if not args.evidence and args.na is None:
        args.evidence = [
            _given(
                questionary.text(
                    "Evidence, a path, path#heading or address:", default=expected[0]
                ).ask()
            )
        ]


def _given(answer: Any) -> Any:
    if answer is None:
        raise KeyboardInterrupt
    return answer

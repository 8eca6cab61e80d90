"""Read and decide `when:` expressions over project facts, in three values.

Grammar, a subset of Python's: names, `==`, `!=`, `in [a, b]`, `not`, `and`, `or`, parentheses.
An unknown fact gives an unknown answer unless the rest of the expression decides it.
"""

import ast
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ml_checklist.errors import nearest, shown

# Far below what Python's parser needs to exhaust its stack.
MAX_CHARACTERS = 500
MAX_DEPTH = 20


class Answer(NamedTuple):
    """`value` is None when the facts `missing` would have to be known."""

    value: bool | None
    missing: frozenset[str] = frozenset()


Facts = Mapping[str, Any]
Condition = Callable[[Facts], Answer]
YES, NO = Answer(True), Answer(False)


class Fact(NamedTuple):
    """One thing to know about a project; `choices` is empty for yes or no."""

    name: str
    choices: tuple[str, ...]
    question: str
    why: str
    default_hint: str = ""

    def accepts(self, value: object) -> bool:
        """Whether a value may be given to this fact."""
        return value in self.choices if self.choices else isinstance(value, bool)


def parse(text: str, known: Mapping[str, Fact]) -> Condition:
    """The function that decides `text`; ValueError says what is wrong with it."""
    plain = text.strip()
    if not 0 < len(plain) <= MAX_CHARACTERS:
        raise ValueError(f"has {len(plain)} characters; 1 to {MAX_CHARACTERS} are read")
    try:
        tree = ast.parse(plain, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"does not understand {shown(text)}: {_syntax(error, text)}") from None
    return _condition(tree.body, known, MAX_DEPTH)


def _syntax(error: Exception, text: str) -> str:
    if not isinstance(error, SyntaxError):
        return "it is nested too deeply"
    if not 0 < (error.offset or 0) <= len(text.strip()):
        return "it ends too early"
    return f"{error.msg}, at character {error.offset}"


def _condition(node: ast.expr, known: Mapping[str, Fact], depth: int) -> Condition:
    if not depth:
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels; split it")
    if isinstance(node, ast.BoolOp):
        parts = [_condition(value, known, depth - 1) for value in node.values]
        decisive = isinstance(node.op, ast.Or)
        return lambda facts: _joined([part(facts) for part in parts], decisive=decisive)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _condition(node.operand, known, depth - 1)
        return lambda facts: _negated(inner(facts))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _comparison(_fact(node.left, known), node.ops[0], node.comparators[0])
    fact = _fact(node, known)
    if fact.choices:
        raise ValueError(f"{fact.name} is a choice; write {fact.name} == {fact.choices[0]}")
    return _compare(fact.name, [True], negated=False)


def _fact(node: ast.expr, known: Mapping[str, Fact]) -> Fact:
    if not isinstance(node, ast.Name):
        raise ValueError(f"expected a fact, got {shown(ast.unparse(node))}")
    if node.id not in known:
        raise ValueError(f"unknown fact {node.id!r}{nearest(node.id, known)}")
    return known[node.id]


def _comparison(fact: Fact, operator: ast.cmpop, right: ast.expr) -> Condition:
    if isinstance(operator, ast.Eq | ast.NotEq):
        wanted = [_value(fact, right)]
    elif isinstance(operator, ast.In) and isinstance(right, ast.List) and right.elts:
        wanted = [_value(fact, element) for element in right.elts]
    else:
        raise ValueError(f"{fact.name}: write ==, != or in [a, b]; nothing else is compared")
    return _compare(fact.name, wanted, negated=isinstance(operator, ast.NotEq))


def _value(fact: Fact, node: ast.expr) -> Any:
    # `a-b` is one word in a choice, and a subtraction to Python.
    word = str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)
    word = word.replace(" - ", "-")
    value: Any = word if fact.choices else {"true": True, "false": False}.get(word.lower(), word)
    if not fact.accepts(value):
        allowed = fact.choices or ("true", "false")
        raise ValueError(f"{fact.name} cannot be {word!r}{nearest(word, allowed)}")
    return value


def _compare(name: str, wanted: list[Any], *, negated: bool) -> Condition:
    def decide(facts: Facts) -> Answer:
        if facts.get(name) is None:
            return Answer(None, frozenset({name}))
        return YES if (facts[name] in wanted) != negated else NO

    return decide


def _negated(answer: Answer) -> Answer:
    return answer if answer.value is None else Answer(not answer.value)


def _joined(answers: list[Answer], *, decisive: bool) -> Answer:
    """`or` when a true part decides, `and` when a false one does."""
    if any(answer.value is decisive for answer in answers):
        return Answer(decisive)
    missing = frozenset().union(*(answer.missing for answer in answers))
    return Answer(None, missing) if missing else Answer(not decisive)

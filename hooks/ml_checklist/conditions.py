"""Read and decide `when:` expressions over project facts, in three values.

Grammar: names, `==`, `!=`, `in [a, b]`, `not`, `and`, `or`, parentheses. An unknown fact gives an
unknown answer unless the rest of the expression decides it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ml_checklist.errors import nearest, shown

MAX_TOKENS = 200
_TOKEN = re.compile(r"\s*(==|!=|[()\[\],]|'[^']*'|\"[^\"]*\"|[A-Za-z0-9_][A-Za-z0-9_.-]*)")
_WORDS = {"and", "or", "not", "in", "(", ")", "[", "]", ",", "==", "!="}


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
    parser = _Parser(_tokens(text), known)
    condition = parser.either()
    if parser.peek():
        raise ValueError(f"does not understand {parser.peek()!r} in {shown(text)}")
    return condition


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if not match:
            raise ValueError(
                f"does not understand {text[position:].strip()[:10]!r} in {shown(text)}"
            )
        tokens.append(match[1])
        position = match.end()
    if not 0 < len(tokens) <= MAX_TOKENS:
        raise ValueError(f"has {len(tokens)} words; 1 to {MAX_TOKENS} are read")
    return tokens


class _Parser:
    """Recursive descent; the limit on tokens bounds its depth."""

    def __init__(self, tokens: list[str], known: Mapping[str, Fact]) -> None:
        self.tokens, self.known, self.position = tokens, known, 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise ValueError(f"expected {wanted or 'a fact'}, got {token or 'the end'!r}")
        self.position += 1
        return token

    def either(self) -> Condition:
        parts = [self.both()]
        while self.peek() == "or":
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda facts: _join(facts, parts, decisive=True)

    def both(self) -> Condition:
        parts = [self.single()]
        while self.peek() == "and":
            self.take()
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else lambda facts: _join(facts, parts, decisive=False)

    def single(self) -> Condition:
        if self.peek() == "not":
            self.take()
            inner = self.single()
            return lambda facts: _negated(inner(facts))
        if self.peek() == "(":
            self.take()
            inner = self.either()
            self.take(")")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        name = self.take()
        if name in _WORDS:
            raise ValueError(f"expected a fact, got {name!r}")
        if name not in self.known:
            raise ValueError(f"unknown fact {name!r}{nearest(name, self.known)}")
        fact, operator = self.known[name], self.peek()
        if operator in ("==", "!="):
            self.take()
            wanted = [self.value(fact)]
        elif operator == "in":
            self.take()
            wanted = self.values(fact)
        elif fact.choices:
            raise ValueError(f"{name} is a choice; write {name} == {fact.choices[0]}")
        else:
            wanted = [True]
        return _compare(name, wanted, negated=operator == "!=")

    def values(self, fact: Fact) -> list[Any]:
        self.take("[")
        values = [self.value(fact)]
        while self.peek() == ",":
            self.take()
            values.append(self.value(fact))
        self.take("]")
        return values

    def value(self, fact: Fact) -> Any:
        word = self.take().strip("'\"")
        value: Any = {"true": True, "false": False}.get(word, word) if not fact.choices else word
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


def _join(facts: Facts, parts: list[Condition], *, decisive: bool) -> Answer:
    """`or` when a true part decides, `and` when a false one does."""
    answers = [part(facts) for part in parts]
    if any(answer.value is decisive for answer in answers):
        return Answer(decisive)
    missing = frozenset().union(*(answer.missing for answer in answers))
    return Answer(None, missing) if missing else Answer(not decisive)

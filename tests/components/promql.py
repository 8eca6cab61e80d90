"""Evaluates the alert rules of deploy/prometheus/ where promtool is missing.

The part of PromQL that they use. A series is its labels, with its name as `__name__`, and its
samples, one a minute from 0. An instant vector is a list of (labels, value).
"""

import math
import operator
import re
from typing import Any

TOKEN = re.compile(
    r"\s*(\w+\{[^}]*\}(?:\[\w+\])?|[a-z_]\w*\[\w+\]|[a-z_]\w*|\d+(?:\.\d+)?|==|[-+*/<>(),])"
)
COMPARE = {">": operator.gt, "<": operator.lt, "==": operator.eq}
Vector = list[tuple[dict[str, str], float]]
Series = list[tuple[dict[str, str], list[float]]]


def firing(rule: dict[str, Any], series: Series, minute: int) -> list[dict[str, str]]:
    """The labels of the alerts of a rule that fire, after `for` minutes in a row."""
    length = {"m": 1, "h": 60}
    text = rule.get("for", "0m")
    lasting = int(text[:-1]) * length[text[-1]]
    found = [Parser(rule["expr"], series, at).value() for at in range(minute - lasting, minute + 1)]
    kept = [frozenset(_bare(labels).items()) for labels, _ in found[-1]]
    every = [{frozenset(_bare(labels).items()) for labels, _ in one} for one in found]
    return [dict(one) for one in kept if all(one in other for other in every)]


class Parser:
    """One expression at one minute."""

    def __init__(self, text: str, series: Series, minute: int) -> None:
        self.tokens, self.series, self.minute = TOKEN.findall(text), series, minute

    def value(self) -> Any:
        """unless binds loosest, then comparison, then arithmetic."""
        left = self._compared()
        if self._take("unless"):
            right = [_bare(labels) for labels, _ in self._compared()]
            left = [one for one in left if _bare(one[0]) not in right]
        return left

    def _compared(self) -> Any:
        left = self._divided()
        for name, compare in COMPARE.items():
            if self._take(name):
                right = self._divided()
                return _joined(left, right, lambda a, b, c=compare: a if c(a, b) else None)
        return left

    def _divided(self) -> Any:
        left = self._atom()
        while self._take("/"):
            left = _joined(left, self._atom(), lambda a, b: a / b if b else math.nan)
        return left

    def _atom(self) -> Any:
        token = self.tokens.pop(0)
        if re.fullmatch(r"[\d.]+", token):
            return float(token)
        if token == "sum":
            names = self._group()
            return _summed(self._inside(), names)
        if token == "scalar":
            found = self._inside()
            return found[0][1] if len(found) == 1 else math.nan
        if token in ("rate", "increase"):
            return self._inside_range(token)
        return self._selected(token, lambda samples: samples[self.minute])

    def _inside(self) -> Any:
        assert self.tokens.pop(0) == "("
        found = self.value()
        assert self.tokens.pop(0) == ")"
        return found

    def _inside_range(self, name: str) -> Vector:
        assert self.tokens.pop(0) == "("
        token = self.tokens.pop(0)
        assert self.tokens.pop(0) == ")"
        minutes = int(token.partition("[")[2].removesuffix("m]"))
        first = max(self.minute - minutes, 0)
        scale = 60 * minutes if name == "rate" else 1

        def change(samples: list[float]) -> float:
            return (samples[self.minute] - samples[first]) / scale

        return self._selected(token.partition("[")[0], change)

    def _selected(self, selector: str, read: Any) -> Vector:
        name, _, inner = selector.partition("{")
        rules = re.findall(r'(\w+)(=~|=)"([^"]*)"', inner)
        found = []
        for labels, samples in self.series:
            fits = labels["__name__"] == name and len(samples) > self.minute
            for key, kind, value in rules:
                given = labels.get(key, "")
                fits &= bool(re.fullmatch(value, given)) if kind == "=~" else given == value
            if fits:
                found.append((labels, read(samples)))
        return found

    def _group(self) -> list[str]:
        if not self._take("by"):
            return []
        names = []
        while (token := self.tokens.pop(0)) != ")":
            names += [token] if token not in "(," else []
        return names

    def _take(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False


def _bare(labels: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key != "__name__"}


def _summed(vector: Vector, names: list[str]) -> Vector:
    sums: dict[frozenset[tuple[str, str]], float] = {}
    for labels, value in vector:
        key = frozenset((name, labels.get(name, "")) for name in names)
        sums[key] = sums.get(key, 0.0) + value
    return [(dict(key), value) for key, value in sums.items()]


def _joined(left: Vector, right: Any, function: Any) -> Vector:
    """A vector with a number, or with a vector of the same labels; None is left out."""
    if isinstance(right, list):
        others = {frozenset(_bare(labels).items()): value for labels, value in right}
        pairs = [
            (labels, value, others.get(frozenset(_bare(labels).items()))) for labels, value in left
        ]
    else:
        pairs = [(labels, value, right) for labels, value in left]
    found = [(labels, function(a, b)) for labels, a, b in pairs if b is not None]
    return [(labels, value) for labels, value in found if value is not None]

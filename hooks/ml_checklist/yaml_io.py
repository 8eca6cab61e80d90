"""Read YAML without its traps, and write the few plain files of a project's state.

Each mapping that is read knows its line.

Strict mode is for the checklist's own files. It refuses anchors, aliases, tags, merge keys,
duplicate keys, keys that YAML 1.1 reads as something else (`on:`), and bare yes, no, on, off.
Loose mode is for other people's files that a probe looks into: tags are ignored, aliases resolved.
Scalars follow YAML 1.2: `on` is a word, a date is a word, `1e-3` is a number.
No recursion, so that ten thousand brackets are an error message and not a dead interpreter.
"""

import json
import re
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from ml_checklist.errors import DataError, Problem, shown

MAX_BYTES = 1 << 20
MAX_DEPTH = 40
MAX_ALIASED = 10_000  # values reached through aliases: thirty lines of them can name a billion

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?((\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
_NULLS = {"", "~", "null", "Null", "NULL"}
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"false", "False", "FALSE"}
_WORDS_OF_1_1 = {"yes", "no", "on", "off", "y", "n"}


class Located(dict[str, Any]):
    """A mapping that knows the line it starts on and the line of each key."""

    line: int
    lines: dict[str, int]


def load(path: Path, where: str | None = None, *, strict: bool = True) -> Any:
    """The content of one small YAML file; `where` is how messages call the file."""
    name = where or str(path)
    try:
        if path.exists() and not path.is_file():
            raise DataError(Problem(name, 0, "is not a file; keep a file here"))
        if path.stat().st_size > MAX_BYTES:
            text = f"has {path.stat().st_size} bytes; at most {MAX_BYTES} are read; split it"
            raise DataError(Problem(name, 0, text))
        return parse(path.read_bytes(), name, strict=strict)
    except OSError as error:
        raise DataError(Problem(name, 0, f"cannot be read: {error.strerror}")) from None


def parse(raw: bytes, where: str, *, strict: bool = True) -> Any:
    """The one document in `raw`; None when it is empty."""
    try:
        text = raw.decode("utf-8-sig")
        return _Builder(where, strict).build(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem(where, line, "is not UTF-8; save it as UTF-8")
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        text = " ".join(f"is not YAML: {error.context or ''} {error.problem or ''}".split())
        problem = Problem(where, mark.line + 1 if mark else 0, text)
    except yaml.YAMLError as error:
        problem = Problem(where, 0, " ".join(f"is not YAML: {error}".split()))
    raise DataError(problem)


def table(text: str, where: str) -> dict[str, Any]:
    """The mapping in a text of other people; empty where it is none or cannot be read."""
    try:
        data = parse(text.encode(), where, strict=False)
    except DataError:
        return {}
    return data if isinstance(data, dict) else {}


class _Builder:
    """Builds the value of one document from parser events."""

    def __init__(self, where: str, strict: bool) -> None:
        self.where, self.strict = where, strict
        self.anchors: dict[str, Any] = {}
        self.sizes: dict[int, int] = {}
        self.n_aliased = 0
        self.stack: list[Any] = []
        self.keys: list[str | None] = []
        self.root: Any = None
        self.n_documents = 0

    def build(self, text: str) -> Any:
        loader = Loader(text)
        try:
            while loader.check_event():
                self._take(loader.get_event())
        finally:
            loader.dispose()
        return self.root

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()
            self.keys.pop()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.n_documents += 1
            if self.n_documents > 1:
                self._refuse(event, "holds a second document (`---`); keep one")

    def _refuse(self, event: Any, text: str) -> None:
        raise DataError(Problem(self.where, _line(event), text))

    def _decorated(self, event: Any) -> None:
        if self.strict and event.anchor:
            self._refuse(event, f"has the anchor &{event.anchor}; write the value out")
        if self.strict and event.tag:
            self._refuse(event, f"has the tag {event.tag}; write the plain value")

    def _alias(self, event: Any) -> None:
        if self.strict:
            self._refuse(event, f"has the alias *{event.anchor}; write the value out")
        if self._awaits_key():
            self.keys[-1] = str(event.anchor)
            return
        value = self.anchors.get(event.anchor)
        if any(value is each for each in self.stack):
            self._refuse(event, f"has the alias *{event.anchor} inside of its own anchor")
        self.n_aliased += self._size(value)
        if self.n_aliased > MAX_ALIASED:
            self._refuse(event, f"reaches more than {MAX_ALIASED} values through aliases")
        self._put(value)

    def _size(self, value: Any) -> int:
        """How many values this one holds, aliases followed; each container is counted once."""
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in self.sizes:
            inner = value.values() if isinstance(value, dict) else value
            self.sizes[id(value)] = 1 + sum(map(self._size, inner))
        return self.sizes[id(value)]

    def _awaits_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1], Located) and self.keys[-1] is None

    def _open(self, event: Any) -> None:
        self._decorated(event)
        if len(self.stack) >= MAX_DEPTH:
            self._refuse(event, f"is nested deeper than {MAX_DEPTH} levels; flatten it")
        value: Any = []
        if isinstance(event, yaml.MappingStartEvent):
            value = Located()
            value.line, value.lines = _line(event), {}
        if self._awaits_key():
            self._refuse(event, "has a mapping or list as a key; keys are words")
        self._put(value)
        if event.anchor:
            self.anchors[event.anchor] = value
        self.stack.append(value)
        self.keys.append(None)

    def _scalar(self, event: Any) -> None:
        self._decorated(event)
        plain = event.style is None or event.style == ""
        value = resolve(event.value) if plain and not event.tag else event.value
        if self._awaits_key():
            self._key(event, value, plain)
            return
        if self.strict and plain and event.value.lower() in _WORDS_OF_1_1:
            self._refuse(event, f"has the bare word {event.value}; quote it, or say true or false")
        if event.anchor:
            self.anchors[event.anchor] = value
        self._put(value)

    def _key(self, event: Any, value: Any, plain: bool) -> None:
        key, top = event.value, self.stack[-1]
        odd = not isinstance(value, str) or (plain and key.lower() in _WORDS_OF_1_1 | {"<<"})
        if self.strict and odd:
            self._refuse(event, f"has the key {key}, not a word to every reader of YAML; quote it")
        if self.strict and key in top:
            first = top.lines[key]
            self._refuse(event, f"has the key {shown(key)} twice, first on line {first}; keep one")
        top.lines[key] = _line(event)
        self.keys[-1] = key

    def _put(self, value: Any) -> None:
        if not self.stack:
            self.root = value
        elif isinstance(self.stack[-1], Located):
            self.stack[-1][str(self.keys[-1])] = value
            self.keys[-1] = None
        else:
            self.stack[-1].append(value)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def resolve(text: str) -> Any:
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text[0] in "-+.0123456789" and len(text) <= 40:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text


# Anything that a reader of YAML 1.1 or 1.2 could take for something else is quoted. PyYAML quotes
# otherwise in each of its versions, and a file of state must not change by an upgrade.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_TRAPS = {"true", "false", "null", *_WORDS_OF_1_1}


def dump(data: dict[str, Any]) -> str:
    """YAML for a mapping of scalars, lists and mappings; keys in the order given."""
    return f"{_block(data)}\n"


def _block(value: Any) -> str:
    if not isinstance(value, dict | list) or not value:
        return scalar(value)
    if isinstance(value, list):
        return "\n".join(f"- {indent(_block(each), '  ')[2:]}" for each in value)
    lines = []
    for key, inner in value.items():
        nested = isinstance(inner, dict | list) and inner
        text = f"\n{indent(_block(inner), '  ')}" if nested else f" {scalar(inner)}"
        lines.append(f"{scalar(key)}:{text}")
    return "\n".join(lines)


def scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _TRAPS:
        return value
    text = json.dumps(value, ensure_ascii=False)
    # JSON's pairs for rare planes are not YAML.
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)

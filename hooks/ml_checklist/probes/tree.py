"""A project's files as probes see them: below one root, never through a link that leads out."""

import json
import re
import tomllib
from datetime import date
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ml_checklist import gitrepo, markdown, proofs, yaml_io
from ml_checklist.errors import DataError, UnreadableError

MAX_BYTES, MAX_DATA_BYTES = 4 << 20, 16 << 20  # of prose or code, and of JSON, YAML or TOML
DOCS = ("doc", "documentation", "Documentation")  # where others keep what we call docs/
REPORTS = ".checklist"  # what test runs leave: never committed, never a link


class Base(NamedTuple):
    """The revision that an exported tree shows, and where the tree was in the repository."""

    top: Path
    revision: str
    prefix: str


class Tree:
    """The files below `root`; `report` is that of the tests, .checklist/proofs.json by default.

    paths: our path -> theirs, by `map:` in project.yml.
    base: the revision whose files these are, when `root` is only an export of it.
    shipped: item -> the tests that the template brings as its proof.
    foreign: whether the project was not made from the template, so that its files lie elsewhere.
    """

    def __init__(
        self,
        root: Path,
        *,
        paths: dict[str, str] | None = None,
        base: Base | None = None,
        report: Path | None = None,
        today: date | None = None,
        shipped: dict[str, list[str]] | None = None,
        foreign: bool = False,
    ) -> None:
        self.root, self.paths, self.base = root.resolve(), paths or {}, base
        self.today, self.shipped = today or date.today(), shipped or {}
        self.foreign = foreign
        if foreign and not (self.root / "docs").is_dir():
            kept = [name for name in DOCS if (self.root / name).is_dir()]
            self.paths = {**({"docs/": f"{kept[0]}/"} if kept else {}), **self.paths}
        self.proofs = report or self.root / ".checklist/proofs.json"
        self._found: dict[str, list[str]] = {}
        self._inside: dict[Path, bool] = {}
        self._texts: dict[str, str | None] = {}
        self._blocks: dict[str, list[tuple[int, str]] | None] = {}
        self._data: dict[tuple[str, str], Any] = {}

    def theirs(self, file: str) -> str:
        """Where the project keeps what we call `file`: the whole path mapped, or a folder of it."""
        if not self.paths:
            return file
        for ours in (file, *(f"{parent}/" for parent in PurePosixPath(file).parents)):
            if ours in self.paths:
                return self.paths[ours] + file[len(ours) :]
        return file

    def find(self, pattern: str) -> list[str]:
        """Paths of the files that a name or glob meets, sorted, relative to the root."""
        if pattern not in self._found:
            name = self.theirs(pattern)
            is_glob = any(char in name for char in "*?[")
            paths = sorted(self.root.glob(name)) if is_glob else [self.root / name]
            there = [path for path in paths if self.inside(path) and path.is_file()]
            self._found[pattern] = [path.relative_to(self.root).as_posix() for path in there]
        return self._found[pattern]

    def inside(self, path: Path) -> bool:
        """Whether a path, links followed, stays below the root."""
        if path.is_symlink() or path == self.root:
            return self._resolves_inside(path)
        # Files of one folder share the answer: following links costs more than reading.
        if path.parent not in self._inside:
            self._inside[path.parent] = self._resolves_inside(path.parent)
        return self._inside[path.parent]

    def _resolves_inside(self, path: Path) -> bool:
        try:
            return path.resolve().is_relative_to(self.root)
        except (OSError, RuntimeError):  # a circle of links
            return False

    def text(self, name: str) -> str | None:
        """The text of one file; None when it is missing, too large, or not UTF-8."""
        if name not in self._texts:
            self._texts[name] = self._read(self.root / name, MAX_BYTES)
        return self._texts[name]

    def _read(self, path: Path, limit: int) -> str | None:
        try:
            if not self.inside(path) or not path.is_file() or path.stat().st_size > limit:
                return None
            return path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None

    def blocks(self, name: str) -> list[tuple[int, str]] | None:
        """The text of one file in parts that a pattern can be tried on; see `searchable`."""
        if name not in self._blocks:
            text = self.text(name)
            self._blocks[name] = None if text is None else searchable(text)
        return self._blocks[name]

    def term(self, ours: str) -> str:
        """What the project calls a heading, a topic or a key: `map: {"#origin": "#herkunft"}`."""
        return self.paths.get(f"#{ours}", f"#{ours}")[1:].casefold()

    def section(self, name: str, heading: str) -> markdown.Section | None:
        """The section of a document whose heading or anchor this is, in the project's language."""
        sections, slug = markdown.by_anchor(self.text(name) or ""), markdown.slug(heading)
        return sections.get(self.term(slug)) or sections.get(slug)

    def data(self, name: str, form: str) -> Any:
        """The content of a JSON, YAML or TOML file; raises UnreadableError."""
        if (name, form) not in self._data:
            self._data[name, form] = self._parse(name, form)
        return self._data[name, form]

    def _parse(self, name: str, form: str) -> Any:
        text = self._read(self.root / name, MAX_DATA_BYTES)
        if text is None:
            limit = f"larger than {MAX_DATA_BYTES >> 20} MiB or not UTF-8"
            raise UnreadableError(name, f"{name} cannot be read: {limit}")
        try:
            if form == "json":
                return json.loads(text)
            if form == "toml":
                return tomllib.loads(text)
            return yaml_io.parse(text.encode(), name, strict=False)
        except DataError as error:
            raise UnreadableError(name, str(error)) from None
        except (ValueError, RecursionError) as error:
            first = str(error).splitlines()[0]
            raise UnreadableError(name, f"{name} is not {form.upper()}: {first}") from None

    @cached_property
    def forged(self) -> str:
        """Why the reports in .checklist/ are none of this checkout; empty where they may be."""
        folder = self.root / REPORTS
        links = [path.name for path in (folder, *folder.glob("*")) if path.is_symlink()]
        if links:
            return f"{links[0]} is a link, so it proves nothing; delete it"
        committed = [n for n in self.tracked or () if n == REPORTS or n.startswith(f"{REPORTS}/")]
        if committed:
            remedy = f"git rm -r --cached {REPORTS}"
            return f"{committed[0]} is committed, so it proves nothing; {remedy}"
        return ""

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The ids of code, configuration, tests and data that a test result is tied to."""
        return proofs.identity(self.root)

    @cached_property
    def tracked(self) -> list[str] | None:
        """Paths that git tracks below the root, None outside of a repository."""
        if self.base:
            top, revision, prefix = self.base
            return gitrepo.names(top, "ls-tree", "-r", "-z", "--name-only", f"{revision}:{prefix}")
        return gitrepo.names(self.root, "ls-files", "-z", "--cached", "--deduplicate")


MAX_LINE, OVERLAP = 500, 100  # characters
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n){4}")


def searchable(text: str) -> list[tuple[int, str]]:
    """A text as (number of its first line, part): no long line in a part, no run of blank lines.

    A pattern such as `^\\s*x` takes time by the square of either; a file may hold 4 MiB of it. A
    longer line is searched in overlapping pieces.
    """
    lines = text.split("\n")
    if max(map(len, lines)) <= MAX_LINE and not _BLANK_LINES.search(text):
        return [(1, text)]
    found: list[tuple[int, str]] = []
    start, part, n_blank = 1, list[str](), 0
    for number, line in enumerate(lines, 1):
        n_blank = 0 if line.strip() else n_blank + 1
        if len(line) <= MAX_LINE and n_blank < 4:
            part.append(line)
            continue
        found += [(start, "\n".join(part))] if part else []
        step = MAX_LINE - OVERLAP
        pieces = range(0, len(line.rstrip()), step)
        found += [(number, line[at : at + MAX_LINE]) for at in pieces if len(line) > MAX_LINE]
        start, part = number + 1, []
    return [*found, (start, "\n".join(part))]


def matches(path: str, pattern: str) -> bool:
    """Whether a glob meets the whole path: `*` stays in one part, a final `/` means all below."""
    return bool(_regex(pattern).fullmatch(path))


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    if pattern.endswith("/"):
        pattern += "**"
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))

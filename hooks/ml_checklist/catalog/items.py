"""What an item, a section and a catalog are once they are read."""

from pathlib import Path
from typing import Any, NamedTuple

from ml_checklist.catalog.conditions import YES, Answer, Condition, Fact, Facts

PHASES = ("poc", "mvp", "production")
RANK = {"poc": 0, "mvp": 1, "production": 2, "live": 3}
# What the words of catalogs before 0.4 mean as minutes of a person.
MINUTES = {"low": 15, "medium": 180, "high": 960}


class Section(NamedTuple):
    """A heading of the catalog; `order` is where a project meets it."""

    id: str
    order: int
    title: str
    about: str


class Item(NamedTuple):
    """One point that a project decides, does or proves; `data` holds every key as written."""

    id: str
    section: str
    rev: int
    title: str
    phase: str
    level: str
    kind: str
    lifecycle: str
    condition: Condition | None
    data: dict[str, Any]
    file: str
    line: int

    @property
    def counts(self) -> bool:
        """Whether a gate asks for it: in force, and more than a suggestion."""
        return self.lifecycle == "active" and self.level != "may"

    @property
    def probe(self) -> dict[str, Any] | None:
        """The probe as written, None where only a person can tell."""
        return self.data.get("probe")

    @property
    def steps(self) -> list[str]:
        """What to do, one step after the other."""
        how = self.data["how"]
        return [how] if isinstance(how, str) else how

    @property
    def do(self) -> str:
        """What to do first, on one line."""
        return " ".join((self.data.get("do") or self.steps[0]).split())

    @property
    def minutes(self) -> int:
        """Time of a person; 0 where the template does the work."""
        effort: int | str = self.data["effort"]
        return MINUTES[effort] if isinstance(effort, str) else effort

    @property
    def short(self) -> str:
        """Two to four words, for maps."""
        return str(self.data.get("short") or self.title)

    @property
    def essential(self) -> bool:
        """Whether no one may set it aside by hand."""
        return bool(self.data.get("essential"))

    @property
    def components(self) -> list[str]:
        """Components of the template that bring the files it points to."""
        named = self.data.get("component") or []
        return [named] if isinstance(named, str) else named

    @property
    def requires(self) -> list[str]:
        """Ids of items whose failure explains a failure of this one."""
        return self.data.get("requires") or []

    @property
    def accept(self) -> list[str]:
        """Kinds of evidence that a tick may cite."""
        return (self.data.get("evidence") or {}).get("accept") or ["path", "url"]

    def applies(self, facts: Facts) -> Answer:
        """Whether it concerns a project with these facts."""
        return self.condition(facts) if self.condition else YES


class Catalog(NamedTuple):
    """All items in the order a project meets them, and what is known of former ones."""

    folder: Path
    sections: dict[str, Section]
    items: dict[str, Item]
    aliases: dict[str, str]
    retired: dict[str, dict[str, Any]]
    facts: dict[str, Fact]

    def resolve(self, item_id: str) -> Item | None:
        """The item of this id, or the one that once had it."""
        return self.items.get(self.aliases.get(item_id, item_id))

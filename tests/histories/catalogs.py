"""A catalog that lives: items arrive, change their words, names and places, and retire."""

import random
from dataclasses import dataclass, field

HEAD = (
    "section: {name}\norder: {order}\ntitle: {title}\nabout: What is asked of the {name}.\nitems:\n"
)
ITEM = """\
  - id: {id}
    rev: {rev}
{was}    title: {title}
    why: Because thing {uid} hurts otherwise.
    how: Write it down in docs/problem.md.
    effort: low
    phase: {phase}
    level: {level}
    kind: attest
    lifecycle: {{{life}}}
    source: ["004:1"]
"""
WORDS = ("goal", "user", "cost", "risk", "scope", "label", "range", "split", "source", "owner")


@dataclass
class Item:
    """One item; `uid` is what it is, whatever it is called."""

    uid: int
    id: str
    since: str
    rev: int = 1
    was: list[str] = field(default_factory=list)
    words: int = 0
    level: str = "should"
    phase: str = "poc"
    state: str = "active"
    changed: str = ""

    def text(self) -> str:
        """The item, or its tombstone, as YAML."""
        life = f"state: {self.state}, since: {self.since}"
        life += f", changed: {self.changed}" if self.changed else ""
        life += ", active_in: 9.0.0" if self.state == "upcoming" else ""
        was = f"    was: [{', '.join(self.was)}]\n" if self.was else ""
        title = f"Thing {self.uid} is in order, in words of draft {self.words}"
        if self.state == "retired":
            head = f"  - id: {self.id}\n    rev: {self.rev}\n{was}    title: {title}\n"
            return f"{head}    lifecycle: {{{life}}}\n"
        fields = {"phase": self.phase, "level": self.level, "life": life, "was": was}
        return ITEM.format(id=self.id, uid=self.uid, rev=self.rev, title=title, **fields)


class Catalog:
    """Sections of items, and what may be forgotten of them."""

    def __init__(self, rng: random.Random, forgets: frozenset[str]) -> None:
        self.rng, self.forgets = rng, forgets
        self.n_items = 0
        self.sections: dict[str, list[Item]] = {"data": [], "modelling": [], "scoping": []}
        self.files = {name: f"{name}.yml" for name in self.sections}
        for name in self.sections:
            for _ in range(5):
                self.arrive("0.1.0", name)
        for item in self.alive():
            item.state = "active"

    def alive(self) -> list[Item]:
        """Every item that is no tombstone."""
        return [i for items in self.sections.values() for i in items if i.state != "retired"]

    def _place(self, item: Item) -> tuple[str, int]:
        return next((n, items.index(item)) for n, items in self.sections.items() if item in items)

    def _name(self, section: str) -> str:
        retired = [i for i in self.sections[section] if i.state == "retired"]
        if "ids" in self.forgets and retired:
            taken = self.rng.choice(retired)
            self.sections[section].remove(taken)
            return taken.id
        return f"{section}.{self.rng.choice(WORDS)}-{self.n_items}"

    def arrive(self, version: str, section: str = "") -> None:
        """A new item, somewhere."""
        section = section or self.rng.choice(list(self.sections))
        self.n_items += 1
        items = self.sections[section]
        state = self.rng.choice(["upcoming", "active"])
        item = Item(self.n_items, self._name(section), version, state=state)
        items.insert(self.rng.randint(0, len(items)), item)

    def reword(self, version: str) -> None:
        """Other words, same meaning."""
        self.rng.choice(self.alive()).words += 1

    def ask_more(self, version: str) -> None:
        """Another meaning: older ticks go stale."""
        item = self.rng.choice(self.alive())
        item.rev, item.words, item.changed = item.rev + 1, item.words + 1, version

    def rename(self, version: str) -> None:
        """Another id; the former one is kept."""
        item = self.rng.choice(self.alive())
        section = self._place(item)[0]
        self.n_items += 1
        old, item.id = item.id, f"{section}.{self.rng.choice(WORDS)}-{self.n_items}"
        item.was = [] if "was" in self.forgets else [*item.was, old]
        item.changed = version

    def retire(self, version: str) -> None:
        """A tombstone, in its place or at the end."""
        item = self.rng.choice(self.alive())
        items = self.sections[self._place(item)[0]]
        if len([i for i in items if i.state != "retired"]) < 3:
            return
        item.state, item.since = "retired", version
        items.remove(item)
        if "tombstones" not in self.forgets:
            items.insert(self.rng.choice([0, len(items)]), item)

    def deprecate(self, version: str) -> None:
        """Counts no longer."""
        self.rng.choice(self.alive()).state = "deprecated"

    def count(self, version: str) -> None:
        """What was announced counts now."""
        for item in self.alive():
            if item.state == "upcoming":
                item.state, item.since = "active", version

    def shuffle(self, version: str) -> None:
        """The items of a section in another order."""
        self.rng.shuffle(self.rng.choice(list(self.sections.values())))

    def refile(self, version: str) -> None:
        """A section under another file name."""
        name = self.rng.choice(list(self.sections))
        self.files[name] = f"{name}-{version.replace('.', '-')}.yml"

    def evolve(self, version: str) -> None:
        """Some of what happens to a catalog between two versions."""
        often = [self.arrive, self.arrive, self.reword, self.rename, self.retire, self.retire]
        seldom = [self.ask_more, self.deprecate, self.count, self.shuffle, self.refile]
        for change in self.rng.choices([*often, *often, *seldom], k=self.rng.randint(2, 7)):
            change(version)

    def texts(self) -> dict[str, str]:
        """File name -> content."""
        made = {}
        for order, (name, items) in enumerate(self.sections.items(), start=1):
            head = HEAD.format(name=name, order=10 * order, title=name.title())
            made[self.files[name]] = head + "".join(item.text() for item in items)
        return made

"""Ticks through updates, ours and the obvious alternatives: `python bench/bench_updates.py`.

Random histories of a small catalog (items reworded, moved, added, renamed, retired) are lived
through by a project in each way of keeping ticks: people tick on two branches that are merged with
git, then the template's next version is pulled. Every way sees the same histories. What a tool
refuses or marks counts as work for a person, who then mends it rightly; what it gets wrong without
a word counts as lost (a tick that was given is not there) or moved (a tick stands at an item that
nobody ticked). cruft and the rest run in an environment of the bench's own. Exit code 1 when a tick
of ours is lost or moved, or a merge or an update of ours conflicts.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import copier
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "hooks"))

from ml_checklist.state import survey  # noqa: E402
from ml_checklist.state.project import open_project  # noqa: E402

N_ITEMS, N_UPDATES, N_CHANGES, N_TICKS = 40, 4, 2, 2
VERBS = ("Measure", "Write down", "Check", "Agree on", "Record", "Test", "Limit", "Explain")
NOUNS = ("the split", "the owner", "each metric", "the licence", "a baseline", "every label")
NAMES = "_skip_if_exists", "_exclude"


class Item(NamedTuple):
    """uid: what the item is, whatever it is called. was: former ids."""

    uid: int
    id: str
    title: str
    was: tuple[str, ...] = ()
    retired: bool = False


Catalog = list[Item]


def sentence(chance: random.Random) -> str:
    """A title, unlike any other."""
    return f"{chance.choice(VERBS)} {chance.choice(NOUNS)} of part {chance.randrange(10**6)}"


def first(chance: random.Random) -> Catalog:
    """The catalog of the first version."""
    return [Item(uid, f"data.i{uid}", sentence(chance)) for uid in range(N_ITEMS)]


def later(catalog: Catalog, chance: random.Random) -> Catalog:
    """The next version: two changes, each to reword, move, add, rename or retire an item."""
    found = list(catalog)
    for _ in range(N_CHANGES):
        place = chance.choice([p for p, item in enumerate(found) if not item.retired])
        item = found.pop(place)
        match chance.choice(("reword", "move", "add", "rename", "retire")):
            case "reword":
                found.insert(place, item._replace(title=sentence(chance)))
            case "move":
                found.insert(chance.randrange(len(found)), item)
            case "add":
                found.insert(place, item)
                uid = 1 + max(item.uid for item in found)
                fresh = Item(uid, f"data.i{uid}", sentence(chance))
                found.insert(chance.randrange(len(found)), fresh)
            case "rename":
                renamed = item._replace(id=f"{item.id}x", was=(*item.was, item.id))
                found.insert(place, renamed)
            case "retire":
                found.insert(place, item._replace(retired=True))
    return found


def shown(catalog: Catalog) -> Catalog:
    """What a list without tombstones holds."""
    return [item for item in catalog if not item.retired]


# HOW TICKS ARE KEPT ---------------------------------------------------------------------------


class Way(NamedTuple):
    """files: of a version, with the uids that are ticked. ticked: uids as a reader sees them."""

    name: str
    files: Callable[[Catalog, set[int]], dict[str, str]]
    tick: Callable[[Path, Item], None]
    ticked: Callable[[Path, Catalog], set[int]]
    engine: str = "copier"
    config: str = ""


OURS = """\
  - id: {id}
    rev: 1
    was: {was}
    title: {title}
    why: Because it hurts otherwise.
    how: Write it into docs/problem.md.
    effort: low
    phase: poc
    level: must
    kind: attest
    lifecycle: {{state: {state}, since: 0.1.0{end}}}
    source: ["004:1"]
"""
FACTS = "facts:\n  - {name: big, type: bool, question: Is it big?, why: Then more counts.}\n"
TICK = 'status: done\nby: "@ann"\ndate: "2026-11-20"\nitem_rev: 1\nevidence:\n  - url: https://a.example\n'


def ours_files(catalog: Catalog, done: set[int]) -> dict[str, str]:
    """Catalog and ticks apart, one file a tick."""
    text = "section: data\norder: 1\ntitle: Data\nabout: About data.\nitems:\n"
    for item in catalog:
        state, end = ("retired", ", changed: 0.2.0") if item.retired else ("active", "")
        was = f"[{', '.join(item.was)}]"
        text += OURS.format(id=item.id, was=was, title=item.title, state=state, end=end)
    ticks = {f"checklist/ticks/{item.id}.yml": TICK for item in catalog if item.uid in done}
    return {
        "checklist/catalog/data.yml": text,
        "checklist/catalog/facts.yml": FACTS,
        **ticks,
    }


def ours_tick(project: Path, item: Item) -> None:
    """A new file."""
    path = project / f"checklist/ticks/{item.id}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(TICK, encoding="utf-8")


def ours_ticked(project: Path, catalog: Catalog) -> set[int]:
    """As the tool sees it."""
    taken = survey.take(open_project(str(project)))
    met = {name for name, status in taken.statuses.items() if status.state == "pass"}
    return {item.uid for item in catalog if item.id in met}


ENTRY = """\
- id: {id}
  title: {title}
  phase: poc
  owner: null
  evidence: null
  notes: null
  done: {done}
  waived: false
  reviewed: null
  risk: medium
"""


def yaml_files(catalog: Catalog, done: set[int]) -> dict[str, str]:
    """Item and tick in one YAML file, among the fields that such a file usually has."""
    entries = [
        ENTRY.format(id=item.id, title=item.title, done=str(item.uid in done).lower())
        for item in shown(catalog)
    ]
    return {"checklist.yml": "".join(entries)}


def yaml_tick(project: Path, item: Item) -> None:
    """The line `done` below the id."""
    path = project / "checklist.yml"
    before, mark, after = path.read_text(encoding="utf-8").partition(f"- id: {item.id}\n")
    path.write_text(before + mark + after.replace("done: false", "done: true", 1), "utf-8")


def yaml_ticked(project: Path, catalog: Catalog) -> set[int]:
    """By id."""
    entries = yaml.safe_load((project / "checklist.yml").read_text(encoding="utf-8"))
    done = {entry["id"] for entry in entries if entry["done"]}
    return {item.uid for item in shown(catalog) if item.id in done}


def list_files(catalog: Catalog, done: set[int]) -> dict[str, str]:
    """A Markdown task list."""
    lines = [f"- [{'x' if i.uid in done else ' '}] {i.title}\n" for i in shown(catalog)]
    return {"CHECKLIST.md": "# Checklist\n\n" + "".join(lines)}


def list_tick(project: Path, item: Item) -> None:
    """The box before the title."""
    path = project / "CHECKLIST.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"- [ ] {item.title}\n", f"- [x] {item.title}\n"), "utf-8")


def list_ticked(project: Path, catalog: Catalog) -> set[int]:
    """By title: a list has no other name for an item."""
    lines = set((project / "CHECKLIST.md").read_text(encoding="utf-8").splitlines())
    return {item.uid for item in shown(catalog) if f"- [x] {item.title}" in lines}


def own_lists() -> str:
    """What our copier.yml says of files that a project writes about itself."""
    content = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    kept = {name: [p for p in content[name] if "/checklist/" in p] for name in NAMES}
    return yaml.safe_dump(kept)


WAYS = (
    Way("one file a tick (ours)", ours_files, ours_tick, ours_ticked, config=own_lists()),
    Way("one YAML file, copier", yaml_files, yaml_tick, yaml_ticked),
    Way("Markdown task list, copier", list_files, list_tick, list_ticked),
    Way("one YAML file, cruft", yaml_files, yaml_tick, yaml_ticked, "cruft"),
    Way("Markdown task list, cruft", list_files, list_tick, list_ticked, "cruft"),
)


# ONE HISTORY ----------------------------------------------------------------------------------


def live(way: Way, seed: int, place: Path, cruft: str) -> Counter[str]:
    """What happens to the ticks of one project over all versions."""
    chance, seen = random.Random(seed), Counter[str]()
    catalog, template, project = first(chance), place / "template", place / "project"
    template.mkdir(parents=True)
    git(template, "init", "-q", "-b", "main")
    release(way, template, catalog, 0)
    start(way, template, project, cruft)
    git(project, "init", "-q", "-b", "main")
    keep(project, "Start")
    done: set[int] = set()
    for number in range(1, N_UPDATES + 1):
        done |= work(way, project, catalog, done, chance, seen)
        catalog = later(catalog, chance)
        release(way, template, catalog, number)
        still = {item.uid for item in shown(catalog)} & done
        seen["updates"] += 1
        seen["ticks"] += len(still)
        if pull(way, project, cruft):
            seen["updates a person must mend"] += 1
        else:
            found = way.ticked(project, catalog)
            seen["ticks lost in silence"] += len(still - found)
            seen["ticks moved in silence"] += len(found - done)
        mend(way, project, catalog, done)
        keep(project, f"Version {number}")
    return seen


def release(way: Way, template: Path, catalog: Catalog, number: int) -> None:
    """A new version of the template."""
    inner = template / ("{{ cookiecutter.slug }}" if way.engine == "cruft" else "template")
    shutil.rmtree(inner, ignore_errors=True)
    for name, text in way.files(catalog, set()).items():
        (inner / name).parent.mkdir(parents=True, exist_ok=True)
        (inner / name).write_text(text, encoding="utf-8")
    if way.engine == "cruft":
        (template / "cookiecutter.json").write_text('{"slug": "project"}\n')
    else:
        (inner / "{{ _copier_conf.answers_file }}.jinja").write_text(
            "{{ _copier_answers | to_nice_yaml }}"
        )
        (template / "copier.yml").write_text(f"_subdirectory: template\n{way.config}")
    keep(template, f"Version {number}")
    git(template, "tag", f"v0.{number}.0")


def start(way: Way, template: Path, project: Path, cruft: str) -> None:
    """A project of the first version."""
    if way.engine == "cruft":
        run([cruft, "create", "-y", "--output-dir", str(project.parent), str(template)], template)
    else:
        copier.run_copy(str(template), project, defaults=True, quiet=True)


def work(
    way: Way,
    project: Path,
    catalog: Catalog,
    done: set[int],
    chance: random.Random,
    seen: Counter[str],
) -> set[int]:
    """Two branches tick items of their own and are merged; the uids they ticked."""
    free = [item for item in shown(catalog) if item.uid not in done]
    chosen = chance.sample(free, 2 * N_TICKS)
    for branch, own in (("left", chosen[:N_TICKS]), ("right", chosen[N_TICKS:])):
        git(project, "checkout", "-q", "-B", branch, "main")
        for item in own:
            way.tick(project, item)
        keep(project, f"Ticks of {branch}")
    git(project, "checkout", "-q", "main")
    for branch in ("left", "right"):
        seen["merges"] += 1
        if run(["git", "merge", "-q", "--no-edit", branch], project, check=False):
            seen["merges a person must mend"] += 1
    both = {item.uid for item in chosen}
    mend(way, project, catalog, done | both)
    keep(project, "Merged")
    return both


def pull(way: Way, project: Path, cruft: str) -> bool:
    """Update to the newest version; whether a person must mend what came of it."""
    if way.engine == "cruft":
        failed = run([cruft, "update", "-y"], project, check=False)
        return bool(failed or list(project.rglob("*.rej")) or unmerged(project))
    copier.run_update(project, defaults=True, overwrite=True, quiet=True)
    return bool(unmerged(project) or run(["git", "diff", "--check"], project, check=False))


def unmerged(project: Path) -> str:
    """Files that git holds for unmerged."""
    return git(project, "ls-files", "--unmerged")


def mend(way: Way, project: Path, catalog: Catalog, done: set[int]) -> None:
    """The state as a careful person leaves it."""
    for path in [*project.rglob("*.rej"), *project.rglob("*.orig")]:
        path.unlink()
    shutil.rmtree(project / "checklist", ignore_errors=True)
    for name, text in way.files(catalog, done).items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")


# AROUND IT ------------------------------------------------------------------------------------


def git(folder: Path, *words: str) -> str:
    """Run git in a folder."""
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@a.example", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def keep(folder: Path, message: str) -> None:
    """Commit everything there is."""
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)


def run(command: list[str], folder: Path, *, check: bool = True) -> int:
    """The exit code of a command."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return done.returncode


def environment(place: Path) -> str:
    """cruft in a virtual environment of its own."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    run([uv, "venv", "-q", str(place)], place.parent)
    run([uv, "pip", "install", "-q", "--python", str(place), "cruft"], place.parent)
    return str(place / "bin/cruft")


def table(results: dict[str, Counter[str]]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| ticks kept as | merges to mend | updates to mend | ticks lost in silence "
        "| ticks moved in silence |",
        "|---|---|---|---|---|",
    ]
    for name, seen in results.items():
        lines.append(
            f"| {name} | {seen['merges a person must mend']} of {seen['merges']} "
            f"| {seen['updates a person must mend']} of {seen['updates']} "
            f"| {seen['ticks lost in silence']} of {seen['ticks']} "
            f"| {seen['ticks moved in silence']} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Live the histories in every way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--histories", type=int, default=20)
    count = parser.parse_args().histories
    results: dict[str, Counter[str]] = {way.name: Counter() for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        cruft = environment(place / "cruft")
        for seed in range(count):
            for number, way in enumerate(WAYS):
                results[way.name] += live(way, seed, place / f"{seed}-{number}", cruft)
            shutil.rmtree(place / f"{seed}-0", ignore_errors=True)
    print(table(results))
    ours = results[WAYS[0].name]
    bad = [key for key in ours if "silence" in key or "mend" in key if ours[key]]
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())

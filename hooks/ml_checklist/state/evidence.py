"""Evidence of a tick: what it points at, the id of that content, and whether it is worth citing."""

from typing import Any

from ml_checklist import gitrepo, markdown
from ml_checklist.catalog.items import Item
from ml_checklist.catalog.schema import URL
from ml_checklist.files import blob_id, files_below, tree_id
from ml_checklist.probes import PATH
from ml_checklist.probes.finding import Finding
from ml_checklist.probes.tree import Tree

MAX_FILES = 10_000
# What the checklist itself consists of proves nothing about the project.
OWN = ("hooks/", "checklist/", ".git/", ".checklist/")


def split(reference: str) -> tuple[str, str]:
    """`docs/x.md#licence` -> (`docs/x.md`, `licence`)."""
    path, _, anchor = reference.partition("#")
    return path.rstrip("/"), anchor


def content_id(tree: Tree, reference: str) -> str:
    """The id of a file, a folder or a section as it is now; ValueError says why there is none."""
    name, anchor = split(reference)
    if not PATH.fits(name):
        remedy = "leave out `..` and a leading `/`"
        raise ValueError(f"{reference!r} is not a path below the project; {remedy}")
    path = tree.root / name
    if not tree.inside(path):
        raise ValueError(f"{name} leads out of the project through a link; cite a file inside it")
    if path.is_dir() and not anchor:
        n_files = len(files_below(path))
        if not 0 < n_files <= MAX_FILES:
            raise ValueError(f"{name}/ holds {n_files} files; cite a folder of 1 to {MAX_FILES}")
        return tree_id(tree.root, name)
    if not path.is_file():
        raise ValueError(f"{name} does not exist")
    if not anchor:
        return blob_id(path.read_bytes())
    return blob_id(_section(tree, name, anchor).encode())


def _section(tree: Tree, name: str, anchor: str) -> str:
    text = tree.text(name)
    if text is None:
        raise ValueError(f"{name} is not UTF-8 text, so it has no section {anchor!r}")
    part = tree.section(name, anchor)
    if part is None:
        raise ValueError(f"{name} has no heading {anchor!r}")
    return f"{part.title}\n{part.body.strip()}\n"


def proposed(tree: Tree, item: Item, finding: Finding | None) -> list[str]:
    """What a tick of an item cites by default: the files it names, else the one its probe found."""
    named = [str(each) for each in (item.data.get("evidence") or {}).get("files") or ()]
    found = [name for name in named if (tree.root / tree.theirs(split(name)[0])).exists()]
    if found or finding is None or "path" not in item.accept:
        return found
    place = finding.location.partition(":")[0]
    return [place] if place and (tree.root / place).is_file() else []


def cite(tree: Tree, reference: str) -> dict[str, Any]:
    """The evidence entry for a path or an address; ValueError says why it cannot be cited."""
    if reference.startswith(("http://", "https://")):
        if not URL.fits(reference):
            raise ValueError(f"{reference!r} is not an address; leave out spaces and quotes")
        return {"url": reference}
    name, anchor = split(reference)
    theirs = tree.theirs(name)
    reference = f"{theirs}#{anchor}" if anchor else theirs
    made = content_id(tree, reference)
    _refuse_worthless(tree, theirs, anchor)
    return {"path": reference, "git": made}


def _refuse_worthless(tree: Tree, name: str, anchor: str) -> None:
    if f"{name}/".startswith(OWN):
        raise ValueError(f"{name} belongs to the checklist itself; cite the project's own work")
    if gitrepo.git(tree.root, "check-ignore", "-q", "--", name) is not None:
        remedy = "so nobody else can see it; cite a committed file"
        raise ValueError(f"{name} is ignored by git, {remedy}")
    text = tree.text(name) if name.lower().endswith((".md", ".markdown", ".txt")) else None
    if text is None:
        return
    body = _section(tree, name, anchor) if anchor else text
    if markdown.prompts(body):
        part = f"section {anchor!r}" if anchor else "file"
        line = "still holds a `> fill:` line of the template; write it first"
        raise ValueError(f"{name}: this {part} {line}")
    if not markdown.n_letters(markdown.prose(body)):
        empty = f"there is nothing under {anchor or 'any heading'}; write it first"
        raise ValueError(f"{name}: {empty}")


def moved(tree: Tree, entry: dict[str, Any]) -> str:
    """Why an evidence entry no longer shows what was signed off; empty while it does."""
    if "path" not in entry:
        return ""
    try:
        now = content_id(tree, entry["path"])
    except ValueError as error:
        return str(error)
    return "" if now == entry["git"] else f"{entry['path']} changed since"

"""Where a project came from, as Copier keeps it, and what would stop its next update."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from ml_checklist import gitrepo, yaml_io
from ml_checklist.errors import DataError, Problem

ANSWERS = ".copier-answers.yml"
# https://..., git+file:///..., git@host:path, gh:owner/name
_ADDRESS = re.compile(r"^([a-z+]+://|[\w.-]+@[\w.-]+:|g[hl]:)")
# Scaffold -> components that it has without being asked, as components.yml says.
_MVP = ("tune", "registry", "serve", "batch", "ship")
_ABOVE = ("explain", "fairness", "drift", "monitor", "rollout", "retrain", "govern", "audit")
BROUGHT = {"mvp": _MVP, "production": (*_MVP, *_ABOVE, "inspect", "operate")}
# Kind of data -> (components that come with it, components that it never has).
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "table": ((), ()),
    "image": (("torch",), ("lightgbm", "xgboost", "explain", "inspect")),
    "text": (("torch",), ("explain", "inspect")),
    "series": ((), ("inspect", "govern")),
}
# What a kind of data says of the facts that `checklist start` asks for.
_FACTS: dict[str, dict[str, Any]] = {
    "table": {"data_kind": "tabular"},
    "image": {"data_kind": "image"},
    "text": {"data_kind": "text"},
    "series": {"data_kind": "time-series", "has_time": True},
}
_LOOK = "then look through `git diff`"
_BY_HAND = "set `_src_path` in it to the template's address and commit that alone"


class Origin(NamedTuple):
    """The template's address and version, and how much code was taken; empty where unknown.

    chosen are the components that were asked for, besides those of the scaffold.
    """

    source: str
    version: str
    scaffold: str
    chosen: tuple[str, ...] = ()
    kind: str = "table"

    @property
    def components(self) -> tuple[str, ...]:
        """All components of the project but those that another one needed."""
        needs, lacks = KINDS.get(self.kind, KINDS["table"])
        brought = [name for name in BROUGHT.get(self.scaffold, ()) if name not in lacks]
        return (*self.chosen, *needs, *brought)

    @property
    def facts(self) -> dict[str, Any]:
        """What the answers let one expect; `checklist start` offers it, and a person decides."""
        if not self.scaffold or self.scaffold == "checklist":
            return {}
        learns = {"deep_learning": True} if "torch" in self.components else {}
        return {**_FACTS.get(self.kind, {}), **learns}


def read(home: Path) -> Origin:
    try:
        answers = yaml_io.load(home / ANSWERS, strict=False)
    except DataError:
        answers = None
    if not isinstance(answers, dict):
        return Origin("", "", "")
    version = _version((home / ANSWERS).read_text(encoding="utf-8"))
    source, scaffold = (str(answers.get(key) or "") for key in ("_src_path", "scaffold"))
    chosen = answers.get("components")
    names = tuple(map(str, chosen)) if isinstance(chosen, list) else ()
    kind = str(answers.get("data") or "table")
    return Origin(source, version, scaffold, names, kind)


def _version(text: str) -> str:
    # A commit such as 12e4567 is no number, though Copier writes it without quotes.
    found = re.search(r"^_commit: *['\"]?([^'\"\s]+)", text, re.M)
    return found[1] if found else ""


def version_at(home: Path, revision: str) -> str:
    """The template's version at a revision; empty where it is not known."""
    return _version(gitrepo.git(home, "show", f"{revision}:./{ANSWERS}") or "")


def traps(home: Path) -> list[Problem]:
    """What `copier update` would stumble over here, each with the line that mends it."""
    if not (home / ANSWERS).is_file():
        return []
    try:
        yaml_io.load(home / ANSWERS, strict=False)
    except DataError:
        text = f"is no YAML; take the last good one: `git log -p -- {ANSWERS}`"
        return [Problem(ANSWERS, 0, text)]
    text = _source(read(home)) or _commit(read(home))
    return [Problem(ANSWERS, 0, text)] if text else []


def _source(origin: Origin) -> str:
    source = origin.source
    if not source:
        return f"does not say where the template is, so nothing can be updated; {_BY_HAND}"
    if not _ADDRESS.match(source) and not Path(source).expanduser().is_absolute():
        wrong = f"_src_path {source!r} is relative, so `copier update` looks in the wrong place"
        return f"{wrong}; {_BY_HAND}"
    if not origin.version:
        wrong = "the template's folder was no git repository, so an update has no base"
        remedy = f"`uvx copier copy --overwrite --data-file {ANSWERS} ADDRESS .` with its address"
        return f"has no `_commit`: {wrong}; {remedy}, {_LOOK}"
    return ""


def _commit(origin: Origin) -> str:
    folder = Path(origin.source).expanduser()
    if _ADDRESS.match(origin.source):
        return ""
    if not folder.is_dir():
        return f"_src_path {origin.source!r} is a folder of another machine; {_BY_HAND}"
    known = origin.version.rpartition("-g")[2]
    if gitrepo.commit(folder, known):
        return ""
    wrong = "it was made from changes never committed, or that is a shallow clone"
    remedy = "`uvx copier recopy --vcs-ref TAG`"
    return f"_commit {origin.version} is not in {folder}: {wrong}; {remedy}, {_LOOK}"

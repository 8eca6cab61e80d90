"""Take the data in, check it, and split it into train, valid and test."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config
from ..utils.files import sha256_of_file, sha256_of_json
from ..utils.logs import say
from ..utils.trees import tree_id
from .screening import Screen, screens_of

if TYPE_CHECKING:
    from ..dataloader.contract import Contract
    from ..dataloader.original import Incoming
    from ..dataloader.split import Dealt
    from ..dataloader.typed import Table


@dataclass(frozen=True)
class Looked:
    """A file as it would be prepared: checked and dealt, with nothing written yet."""

    incoming: Incoming
    table: Table
    contract: Contract
    dealt: Dealt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--replace`."""
    parser.add_argument(
        "--replace", action="store_true", help="take data.file in again, though its content changed"
    )


def run(config: Config, args: argparse.Namespace) -> int:
    """Prepare, unless nothing has changed, and say what there is."""
    ensure(config, args.root, replace=args.replace)
    return 0


def ensure(config: Config, root: Path, *, replace: bool = False) -> dict[str, Any]:
    """The manifest of prepared data; prepares it where something is missing or has changed."""
    from ..dataloader import manifest as manifests

    before = manifests.read_manifest(root)
    screens = screens_of(root)
    made_by = _made_by(config, screens)
    as_before = before is not None and not replace and before.get("made_by") == made_by
    if before and as_before and _is_unchanged(config, root, before):
        for screen in screens.values():
            screen.recheck(before)
        _tell(before)
        return before
    manifest = _prepare(config, root, before, replace, list(screens.values()))
    manifest |= {"made_by": made_by}
    manifests.write_manifest(root, manifest)
    _tell(manifest)
    return manifest


def _made_by(config: Config, screens: Mapping[str, Screen]) -> dict[str, Any]:
    """What decides the parts beside the file: the configuration, our code, who screens rows."""
    settings = {"task": config.task, "data": config.data.model_dump(mode="json")}
    package = Path(__file__).parents[1]
    return {
        "config": sha256_of_json(settings),
        "code": tree_id(package, "dataloader"),
        **({"screens": {name: one.state for name, one in screens.items()}} if screens else {}),
    }


def _is_unchanged(config: Config, root: Path, manifest: dict[str, Any]) -> bool:
    from ..dataloader.manifest import is_complete

    path = root / config.data.file
    same = not path.is_file() or sha256_of_file(path) == manifest["files"][0]["sha256"]
    return same and is_complete(root, manifest)


def look(
    config: Config,
    root: Path,
    before: dict[str, Any] | None,
    *,
    replace: bool = False,
    screens: Sequence[Screen] = (),
) -> Looked:
    """The configured file, typed, checked, screened and dealt; writes nothing but the sample.

    before: the manifest so far. Raises ValueError with what is wrong with the file.
    """
    from ..dataloader import original, roles

    incoming = original.find(root, config, before["files"][0] if before else None, replace=replace)
    table = _checked(config, incoming, screens)
    contract = roles.agree(table.rows, table.readings, config.data)
    if not contract.features:
        raise ValueError(f"{incoming.shown}: no column is left to predict {config.data.target}")
    dealt = _deal(config, table, before, incoming.kept.relative_to(root).as_posix())
    return Looked(incoming, table, contract, dealt)


def _prepare(
    config: Config,
    root: Path,
    before: dict[str, Any] | None,
    replace: bool,
    screens: Sequence[Screen],
) -> dict[str, Any]:
    from ..dataloader import manifest as manifests
    from ..dataloader import original

    looked = look(config, root, before, replace=replace, screens=screens)
    table = looked.table
    # Nothing was written so far: a file that fails leaves no trace.
    file = original.take_in(root, looked.incoming)
    file |= {"rows": table.n_read, "columns": manifests.columns_of(looked.contract)}
    for screen in screens:
        screen.set_aside()
    n_kept = len(table.rows)
    return {
        "files": [file],
        "task": config.task,
        "target": config.data.target,
        "classes": classes_of(config, table),
        "ranges": looked.contract.ranges,
        "rows": {"read": table.n_read, "kept": n_kept, "dropped": table.n_read - n_kept},
        "dropped": [{"reason": why, "rows": n} for why, n in table.dropped.items()],
        "split": _write(config, root, table, looked.dealt),
    }


def _checked(config: Config, incoming: Incoming, screens: Sequence[Screen]) -> Table:
    """The file's usable rows, typed; raises ValueError with what screens or data checks found."""
    from ..dataloader import read, roles, typed
    from ..dataloader.checking import Context, check_all

    source = read.open_source(incoming.path, incoming.shown)
    roles.check_names(config.data, source.columns, source.shown)
    if read.CAME_AS in source.rows.collect_schema():
        say("", f"left out {read.ROW}: it numbers the rows of another file")
    table = typed.typed(source, config.data, config.task)
    for screen in screens:
        screen.screen(table, config, source.shown)
    context = Context(source.shown, config.task, config.data, table.readings)
    if problems := check_all(table.rows, context):
        raise ValueError("\n".join(problems))
    typed.drop_duplicates(table, config.data)
    return table


def classes_of(config: Config, table: Table) -> list[str] | None:
    """The classes in order; of two, the positive one is last: data.positive, or the rarer."""
    if config.task != "classification":
        return None
    counts = dict(sorted(table.rows[config.data.target].value_counts().iter_rows()))
    if len(counts) != 2:
        return list(counts)
    # Of two equally frequent classes the later name: 1 of 0 and 1, yes of no and yes.
    rarer = min(reversed(counts), key=lambda label: counts[label])
    positive = config.data.positive or rarer
    return [label for label in counts if label != positive] + [positive]


def _deal(config: Config, table: Table, before: dict[str, Any] | None, file: str) -> Dealt:
    from ..dataloader import split

    dealt = split.deal(table.rows, config.data, _cuts(config, before, file))
    if config.task == "classification":
        for sentence in split.classes_unseen(table.rows[config.data.target], dealt.part):
            say("prepare", f"note: {sentence}; its result is not seen there")
    return dealt


def _write(config: Config, root: Path, table: Table, dealt: Dealt) -> dict[str, Any]:
    """Write the parts; returns the manifest's account of the split."""
    from ..dataloader import parts, split

    written: dict[str, Any] = {}
    for name in split.PARTS:
        rows = table.rows.filter(dealt.part == name)
        parts.write_part(root, name, rows)
        digest = sha256_of_file(parts.part_path(root, name))
        written[name] = {"rows": len(rows), "sha256": digest}
    chosen = config.data.split.model_dump(mode="json")
    return {**chosen, "cuts": dealt.cuts, "fingerprint": dealt.fingerprint, "parts": written}


def _cuts(config: Config, before: dict[str, Any] | None, file: str) -> dict[str, str]:
    """Where time was cut the last time, so that later rows do not move earlier ones."""
    if not before or before["files"][0]["file"] != file:
        return {}
    chosen = config.data.split.model_dump(mode="json")
    same = all(before["split"].get(key) == value for key, value in chosen.items())
    return dict(before["split"]["cuts"]) if same else {}


def _tell(manifest: dict[str, Any]) -> None:
    file, rows, parts = manifest["files"][0], manifest["rows"], manifest["split"]["parts"]
    features = [column for column in file["columns"] if column["role"] in ("feature", "time")]
    sizes = ", ".join(f"{name} {part['rows']}" for name, part in parts.items())
    why = ", ".join(f"{gone['rows']} {gone['reason']}" for gone in manifest["dropped"])
    say(
        "prepare",
        f"{rows['read']} rows, {len(features)} features from {file['file']}; {rows['dropped']} "
        f"dropped{f' ({why})' if why else ''}; {sizes}",
    )
    for column in file["columns"]:
        if column["role"] == "left-out":
            say("", f"left out {column['name']}: {column['why']}")

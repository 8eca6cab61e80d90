"""Read the data, validate it, and split it into train, valid and test."""

import argparse
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config, Data
from ..dataloader import manifest as manifests
from ..dataloader.checks import check_classes, check_columns, check_table, classes_of
from ..dataloader.originals import describe_file, keep_original, with_sample
from ..dataloader.profile import excluded_columns, profile
from ..dataloader.schema import PATH as SCHEMA
from ..dataloader.schema import Schema, infer_schema, read_schema, write_schema
from ..dataloader.sources import MAIN, ROW, load
from ..dataloader.split import PARTS, SPLITS, split, time_cuts
from ..utils.files import sha256_of_file, sha256_of_json, write_json
from ..utils.logs import log
from ..utils.names import check_name
from ..utils.provenance import tree_id

PROFILE = Path("reports", "profile.json")
QUARANTINE = Path("data", "quarantine")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--replace`."""
    parser.add_argument(
        "--replace", action="store_true", help="read data.file again, though its content changed"
    )


def run(args: argparse.Namespace) -> None:
    """Prepare, unless nothing has changed, and print a summary."""
    ensure(load_project(args.root, args.overrides), args.root, replace=args.replace)


def ensure(config: Config, root: Path, *, replace: bool = False) -> dict[str, Any]:
    """The manifest of prepared data; prepares it where something is missing or has changed.

    Raises ValueError with one line for each thing that is wrong with the configuration or data.
    """
    before = manifests.read_manifest(root)
    check_names(config)
    same = before is not None and before.get("made_by") == _made_by(config, root)
    if before and same and not replace and _is_unchanged(config, root, before):
        _print_summary(before)
        return before
    manifest = _prepare(config, root, before, replace)
    # Once more: the schema may just have been written.
    manifest["made_by"] = _made_by(config, root)
    manifests.write_manifest(root, manifest)
    _print_summary(manifest)
    return manifest


def check_names(config: Config) -> None:
    """Raise ValueError where a split, model or metric is not known, or not for this task."""
    from ..evaluation.metrics import metrics_of
    from ..model.estimators import ESTIMATORS

    models = [name for name, one in ESTIMATORS.items() if config.task in one.tasks]
    check_name(config.data.split.by, SPLITS, "data.split.by")
    check_name(config.model, models, f"model (task: {config.task})")
    check_name(config.metric, metrics_of(config.task), f"metric (task: {config.task})")
    for name in config.models:
        check_name(name, ESTIMATORS, "conf/default.yaml: models")


def _made_by(config: Config, root: Path) -> dict[str, Any]:
    """What decides the parts beside the files: configuration, schema, and this project's code."""
    settings = {"task": config.task, "data": config.data.model_dump(mode="json")}
    schema = sha256_of_file(root / SCHEMA) if (root / SCHEMA).is_file() else None
    code = tree_id(Path(__file__).parents[1], "dataloader")
    return {"config": sha256_of_json(settings), "schema": schema, "code": code}


def _is_unchanged(config: Config, root: Path, manifest: dict[str, Any]) -> bool:
    named = {MAIN: config.data.file, **config.data.files}
    for file in manifest["files"]:
        path = root / named.get(file["name"], "")
        if path.is_file() and sha256_of_file(path) != file["sha256"]:
            return False
    return manifests.is_complete(root, manifest)


def _prepare(
    config: Config, root: Path, before: dict[str, Any] | None, replace: bool
) -> dict[str, Any]:
    """Nothing is written before the data has passed every check, but the sample."""
    data = with_sample(config, root)
    known = {file["name"]: file for file in before["files"]} if before else {}
    files = [
        describe_file(name, path, data, root, known.get(name), replace)
        for name, path in {MAIN: data.file, **data.files}.items()
    ]
    raw = load(data, root)
    check_columns(data, raw.columns)
    schema = _schema_of(data, root, raw)
    table, dropped, invalid = _clean(config, data, schema, raw)
    check_table(config, table)
    excluded = excluded_columns(table, schema)
    features = [name for name in schema.columns if name not in {*excluded, *_not_features(data)}]
    if not features:
        raise ValueError(f"{data.file}: no column is left to predict {data.target}")
    chosen = _frozen_split(data, table, before)
    part = split(table, data.model_copy(update={"split": chosen}))
    classes = classes_of(config, table[data.target])
    check_classes(config, table[data.target], part)
    for file in files:
        keep_original(root, file)
    _write_schema_once(root, schema)
    if len(invalid):
        write_json(root / QUARANTINE / "prepare.json", invalid.to_dicts())
    write_json(root / PROFILE, {"columns": profile(table, schema), "suspects": []})
    parts = {name: manifests.write_part(root, name, table.filter(part == name)) for name in PARTS}
    return {
        "files": [{key: file[key] for key in file if key != "path"} for file in files],
        "task": config.task,
        "target": data.target,
        "classes": classes,
        "features": features,
        "excluded": [{"column": name, "reason": why} for name, why in excluded.items()],
        "rows": {"read": len(raw), "kept": len(table), "dropped": len(raw) - len(table)},
        "dropped": [{"reason": why, "rows": n} for why, n in dropped.items() if n],
        "split": {
            **chosen.model_dump(mode="json"),
            "fingerprint": sha256_of_json([table[ROW].to_list(), part.to_list()]),
            "parts": parts,
        },
    }


def _schema_of(data: Data, root: Path, raw: pl.DataFrame) -> Schema:
    """conf/schema.yaml, inferred anew where it is of another file; data.ranges set its limits."""
    schema = read_schema(root)
    if schema is None or schema.source != data.file:
        names = [data.id, data.split.column if data.split.by == "group" else None]
        # Names of rows and groups stay text: as numbers long ones would run into one another.
        types: dict[str, Any] = {name: "text" for name in names if name is not None}
        schema = infer_schema(raw, data.file, types | dict(data.columns))
    new = [name for name in raw.columns if name not in {ROW, *schema.columns, *data.ignore}]
    if new:
        raise ValueError(
            f"{data.file}: column '{new[0]}' is not in {SCHEMA}; add it there or to data.ignore, "
            f"or delete {SCHEMA} to infer it anew"
        )
    columns = dict(schema.columns)
    for name, (low, high) in data.ranges.items():
        columns[name] = columns[name].model_copy(update={"min": low, "max": high})
    return schema.model_copy(update={"columns": columns})


def _write_schema_once(root: Path, schema: Schema) -> None:
    """Write conf/schema.yaml, unless the user's stands there already."""
    before = read_schema(root)
    if before is None or before.source != schema.source:
        write_schema(root, schema)
        log("prepare", f"schema of {len(schema.columns)} columns inferred: {SCHEMA} is yours now")


def _clean(
    config: Config, data: Data, schema: Schema, raw: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, int], pl.DataFrame]:
    """Typed valid rows with a known target; rows dropped by reason; violations."""
    known = raw.filter(pl.col(data.target).is_not_null())
    if raw[data.target].dtype.is_float():
        known = known.filter(pl.col(data.target).is_not_nan())
    dropped = {"target missing": len(raw) - len(known)}
    valid, bad = schema.validate_rows(known, data.file, data.max_invalid_share)
    dropped["invalid"] = len(known) - len(valid)
    if data.duplicates == "drop":
        ignored = {ROW, *data.ignore} - {data.id, data.target}
        subset = [name for name in valid.columns if name not in ignored]
        unique = valid.unique(subset=subset, keep="first", maintain_order=True)
        dropped["exact duplicate"] = len(valid) - len(unique)
        valid = unique
    return valid, dropped, bad


def _not_features(data: Data) -> set[str | None]:
    group = data.split.column if data.split.by == "group" else None
    return {data.target, data.id, group, *data.ignore}


def _frozen_split(data: Data, table: pl.DataFrame, before: dict[str, Any] | None) -> Any:
    """data.split; by time with the cuts of last time, so that later rows move no earlier one."""
    chosen = data.split
    if chosen.by != "time" or (chosen.valid_from and chosen.test_from):
        return chosen
    settings = chosen.model_dump(mode="json", exclude={"valid_from", "test_from"})
    old = before["split"] if before else {}
    if all(old.get(key) == value for key, value in settings.items()):
        cuts = {"valid_from": old["valid_from"], "test_from": old["test_from"]}
    else:
        valid_from, test_from = time_cuts(table, data)
        cuts = {"valid_from": str(valid_from), "test_from": str(test_from)}
    return chosen.model_copy(update=cuts)


def _print_summary(manifest: dict[str, Any]) -> None:
    rows, parts = manifest["rows"], manifest["split"]["parts"]
    sizes = ", ".join(f"{name} {part['rows']}" for name, part in parts.items())
    why = ", ".join(f"{one['rows']} {one['reason']}" for one in manifest["dropped"])
    log(
        "prepare",
        f"{rows['read']} rows, {len(manifest['features'])} features from "
        f"{manifest['files'][0]['file']}; {rows['dropped']} dropped{f' ({why})' if why else ''}; "
        f"{sizes}",
    )
    for one in manifest["excluded"]:
        log("", f"excluded {one['column']}: {one['reason']}")

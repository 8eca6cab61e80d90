"""Read the data, validate it, and split it into train, valid and test."""

import argparse
from pathlib import Path
from typing import Any

import polars as pl

from ..configs.load import load_project
from ..configs.settings import Config, Data
from ..dataloader import manifest as manifests
from ..dataloader.checks import check_classes, check_columns, check_table, classes_of
from ..dataloader.manifest import describe_file, keep_original
from ..dataloader.profile import excluded_columns
from ..dataloader.sample import with_sample
from ..dataloader.schema import PATH as SCHEMA
from ..dataloader.schema import Schema, schema_for, write_schema
from ..dataloader.sources import MAIN, ROW, load
from ..dataloader.split import GAP, PARTS, SPLITS, freeze_times, split
from ..evaluation.metrics import check_floor, metrics_of
from ..model.estimators import ESTIMATORS, build_estimator
from ..utils.files import sha256_of_file, sha256_of_json, write_json
from ..utils.logs import log
from ..utils.names import check_name
from ..utils.provenance import tree_id
from ..utils.suspects import named
from .look import look, print_suspects

QUARANTINE = Path("data", "quarantine")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--replace`."""
    text = "read data.file again, though its content changed"
    parser.add_argument("--replace", action="store_true", help=text)


def run(args: argparse.Namespace) -> None:
    """Prepare, unless nothing has changed, and print a summary."""
    ensure(load_project(args.root, args.overrides), args.root, replace=args.replace)


def ensure(config: Config, root: Path, *, replace: bool = False) -> dict[str, Any]:
    """The manifest of prepared data; prepares it where something is missing or has changed.

    Raises ValueError with one line for each thing that is wrong with the configuration or data.
    """
    check_config(config)
    manifest = manifests.read_manifest(root)
    if manifest is None or replace or not _is_current(config, root, manifest):
        manifest = _prepare(config, root, manifest or {}, replace)
        # After _prepare, since it may just have written the schema.
        manifest["made_by"] = _made_by(config, root)
        manifests.write_manifest(root, manifest)
    _print_summary(manifest)
    return manifest


def check_config(config: Config) -> None:
    """Raise ValueError where a split, model, metric or parameter is unknown or of another task."""
    models = [name for name, one in ESTIMATORS.items() if config.task in one.tasks]
    check_name(config.data.split.by, SPLITS, "data.split.by")
    check_name(config.model, models, f"model for task: {config.task}")
    check_name(config.metric, metrics_of(config.task), f"metric for task: {config.task}")
    check_floor(config.metric, config.evaluation.floor)
    for name in config.models:
        check_name(name, ESTIMATORS, "conf/default.yaml: models")
    parameters = config.models.get(config.model, {})
    weight = config.train.class_weight if config.train.class_weight == "balanced" else None
    build_estimator(config.model, config.task, parameters, weight, config.seed)
    if config.train.target_transform is not None and config.task == "classification":
        raise ValueError("conf/default.yaml: train.target_transform is for numbers, not classes")
    relative = getattr(ESTIMATORS[config.model], "relative", False)
    if config.train.target_transform is not None and relative:
        text = "a forecast is learnt as a difference from the level of its history"
        raise ValueError(f"conf/default.yaml: train.target_transform must be null; {text}")


def _made_by(config: Config, root: Path) -> dict[str, Any]:
    """What decides the parts beside the files: configuration, schema, and this project's code."""
    settings = {"task": config.task, "data": config.data.model_dump(mode="json")}
    schema = sha256_of_file(root / SCHEMA) if (root / SCHEMA).is_file() else None
    code = tree_id(Path(__file__).parents[1], "dataloader")
    return {"config": sha256_of_json(settings), "schema": schema, "code": code}


def _is_current(config: Config, root: Path, manifest: dict[str, Any]) -> bool:
    """Whether nothing has changed since the manifest was written."""
    if manifest.get("made_by") != _made_by(config, root):
        return False
    named = {MAIN: config.data.file, **config.data.files}
    files = manifest["files"]
    paths = [(root / named.get(file["name"], file["file"]), file["sha256"]) for file in files]
    same = all(not path.is_file() or sha256_of_file(path) == sha for path, sha in paths)
    return same and manifests.is_complete(root, manifest)


def _prepare(config: Config, root: Path, before: dict[str, Any], replace: bool) -> dict[str, Any]:
    """The new manifest. Nothing but the sample is written before the data has passed all checks."""
    data = with_sample(config, root, replace)
    known = {file["name"]: file for file in before.get("files", [])}
    named = {MAIN: data.file, **data.files}
    files = [
        describe_file(name, file, data, root, known.get(name, {}), replace=replace)
        for name, file in named.items()
    ]
    raw = load(data, root)
    check_columns(data, [name for name in raw.columns if name != ROW])
    schema = schema_for(raw, config.task, data, root)
    table, dropped, invalid = _clean(data, schema, raw)
    check_table(config, table)
    candidates = schema.select(set(schema.columns) - _not_features(data))
    excluded = excluded_columns(table, candidates)
    features = [name for name in candidates.columns if name not in excluded]
    if not features:
        raise ValueError(f"{data.file}: no column is left to predict {data.target}")
    data = freeze_times(table, data, before.get("split", {}))
    part = split(table, data)
    kept = part != GAP
    dropped["in data.split.gap"] = len(table) - int(kept.sum())
    table, part = table.filter(kept), part.filter(kept)
    classes = classes_of(config, table[data.target])
    check_classes(classes, table[data.target], part)

    for entry in files:
        keep_original(root, named[entry["name"]], entry)
    write_schema(root, schema)
    seen = config.model_copy(update={"data": data})
    suspects = look(root, seen, raw, table, part, schema, features, classes)
    if len(invalid):
        write_json(root / QUARANTINE / "prepare.json", invalid.to_dicts())
    parts = {name: manifests.write_part(root, name, table.filter(part == name)) for name in PARTS}
    return {
        "files": files,
        "task": config.task,
        "target": data.target,
        "classes": classes,
        "features": features,
        "excluded": [{"column": name, "reason": why} for name, why in excluded.items()],
        "suspects": suspects,
        "rows": {"read": len(raw), "kept": len(table), "dropped": len(raw) - len(table)},
        "dropped": [{"reason": why, "rows": n} for why, n in dropped.items() if n],
        "split": {
            **data.split.model_dump(mode="json"),
            "fingerprint": sha256_of_json(table.select(ROW, part=part).write_csv()),
            "parts": parts,
        },
    }


def _clean(
    data: Data, schema: Schema, raw: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, int], pl.DataFrame]:
    """Typed valid rows with a known target; number of rows dropped by reason; violations."""
    target = raw[data.target]
    known = raw.filter((target.fill_nan(None) if target.dtype.is_float() else target).is_not_null())
    valid, invalid = schema.validate_rows(known, data.file, data.max_invalid_share)
    ignored = {ROW, *data.ignore} - {data.id, data.target}
    compared = [name for name in valid.columns if name not in ignored]
    unique = valid
    if data.duplicates == "drop":
        unique = valid.unique(compared, keep="first", maintain_order=True)
    dropped = {
        "target missing": len(raw) - len(known),
        "invalid": len(known) - len(valid),
        "exact duplicate": len(valid) - len(unique),
    }
    return unique, dropped, invalid


def _not_features(data: Data) -> set[str]:
    group = data.split.column if data.split.by == "group" else None
    named = (data.target, data.id, data.weight, group, *data.ignore)
    return {name for name in named if name is not None}


def _print_summary(manifest: dict[str, Any]) -> None:
    rows, parts = manifest["rows"], manifest["split"]["parts"]
    sizes = ", ".join(f"{name} {part['rows']}" for name, part in parts.items())
    why = ", ".join(f"{one['rows']} {one['reason']}" for one in manifest["dropped"])
    text = f"{rows['read']} rows, {len(manifest['features'])} features from "
    text += f"{manifest['files'][0]['file']}; {rows['dropped']} dropped"
    log("prepare", f"{text}{f' ({why})' if why else ''}; {sizes}")
    reasons: dict[str, list[str]] = {}
    suspected = {name for one in manifest["suspects"] for name in one["columns"]}
    for one in manifest["excluded"]:
        if one["column"] not in suspected:
            reasons.setdefault(one["reason"], []).append(one["column"])
    for reason, columns in reasons.items():
        log("", f"excluded {named(columns)}: {reason}")
    print_suspects(manifest["suspects"])

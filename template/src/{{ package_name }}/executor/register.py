"""Keep an evaluated run's model as a new version, the challenger."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.contract import CONTRACT
from ..configs.schema import Config
from ..utils import runs
from ..utils.errors import DoesNotHold
from ..utils.files import read_json, sha256_of_file, write_json
from ..utils.logs import say
from ..utils.seeds import one_thread_each
from . import cases, gating, scoring
from .evaluate import EVALUATION, REPORTS, below

if TYPE_CHECKING:
    from ..model.onnx.convert import Converted
    from ..model.registry import Entry

COMPARISON = Path(REPORTS, "comparison.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to keep (default: the one in reports/run.json)")


def run(config: Config, args: argparse.Namespace) -> int:
    """Register one run; raises DoesNotHold with every reason not to."""
    one_thread_each()
    if not (args.root / CONTRACT).is_file():
        raise ValueError(f"{CONTRACT}: no such file; run `contract` first, and read what it wrote")
    judged = runs.find(args.root, args.run or _stood_by(args.root))
    evaluation = _evaluation(judged)
    if reasons := refusals(config, args.root, judged, evaluation):
        raise DoesNotHold("\n".join(reasons))
    entry = register(args.root, judged, evaluation)
    _tell(entry, args.root, evaluation.get("champion"))
    return 0


def refusals(config: Config, root: Path, judged: runs.Run, evaluation: dict[str, Any]) -> list[str]:
    """Every reason not to register this run; a baseline that is not beaten is left to promotion."""
    found = gating.stale(root, evaluation)
    if judged.record["trees"]["src"] != evaluation["trees"]["src"]:
        found.append(f"logs/{judged.record['run']}: src/ has changed since training; train again")
    return found + below(config, evaluation) + cases.misses(evaluation)


def register(root: Path, judged: runs.Run, evaluation: dict[str, Any]) -> Entry:
    """The new version, with alias challenger; where it does not convert, its engine is skops."""
    from ..model import registry

    with tempfile.TemporaryDirectory() as name:
        parts = Path(name)
        converted = _gather(root, judged, parts)
        facts = _facts(root, judged, evaluation, converted, parts)
        entry = registry.register(root, parts, facts, above=_given(root))
    registry.set_alias(root, registry.CHALLENGER, entry.version)
    if difference := evaluation.get("champion", {}).get("difference"):
        _compare(root, entry, evaluation["champion"], difference)
    return entry


def _gather(root: Path, judged: runs.Run, parts: Path) -> Converted:
    """Put every file of the entry into `parts`."""
    from ..dataloader.door import Door
    from ..dataloader.manifest import read_manifest
    from ..dataloader.parts import read_part
    from ..model import store
    from ..model.onnx.convert import convert
    from ..model.scorer import ONNX
    from . import companions
    from .problem import Problem

    manifest = read_manifest(root)
    assert manifest is not None, "an evaluation that is not stale has its data"
    model, _ = store.load(judged.folder)
    problem = Problem.of(Config.model_validate(judged.record["config"]), manifest)
    fitted_on, valid = read_part(root, "train"), read_part(root, "valid")
    for name in (store.MODEL, store.DESCRIPTION, EVALUATION):
        shutil.copy2(judged.folder / name, parts / name)
    shutil.copy2(root / CONTRACT, parts / Path(CONTRACT).name)
    # The service refuses what the contract refuses, though it was in the data before that.
    fit = Door.load(root / CONTRACT).inspect(valid, "data/valid").kept
    if not len(fit):
        raise ValueError(f"{CONTRACT}: refuses every row of data/valid; `contract --show-changes`")
    write_json(parts / "golden.json", companions.golden(problem, model, fit))
    write_json(parts / "fallback.json", companions.fallback(problem, fitted_on))
    write_json(parts / "reference.json", companions.reference(problem, fitted_on))
    X = problem.X(valid)
    return convert(model, problem.columns, problem.classes, X, parts / ONNX)


def _facts(
    root: Path, judged: runs.Run, evaluation: dict[str, Any], converted: Converted, parts: Path
) -> dict[str, Any]:
    from ..model import store

    record, said = judged.record, read_json(parts / store.DESCRIPTION)
    return {
        "created": datetime.now(UTC).isoformat(),
        "run": record["run"],
        "model": record["model"]["name"],
        "task": said["task"],
        "target": said["target"],
        "classes": said["classes"],
        "engine": converted.engine,
        "engine_reason": converted.reason,
        "max_difference": converted.max_difference,
        "data": record["data"],
        "split": record["config"]["data"]["split"],
        "git": record["git"],
        "trees": evaluation["trees"],
        "config_sha256": record["config_sha256"],
        "contract_sha256": sha256_of_file(root / CONTRACT),
        "metric": evaluation["metric"],
        "metrics": evaluation["metrics"],
        "environment": _environment(record["environment"]),
    }


def _given(root: Path) -> int:
    """The highest version that was ever promoted, here or on another machine."""
    path = root / REPORTS / "registry.json"
    listed = read_json(path)["models"] if path.is_file() else []
    return max((int(one["version"]) for one in listed), default=0)


def _environment(trained_in: dict[str, Any]) -> dict[str, Any]:
    """What the model was trained in, and what it was converted with."""
    from importlib import metadata

    converters = {name: metadata.version(name) for name in ("onnx", "onnxruntime")}
    return {**trained_in, "packages": {**trained_in["packages"], **converters}}


def _stood_by(root: Path) -> str:
    path = root / REPORTS / runs.RECORD
    if not path.is_file():
        raise ValueError(f"{REPORTS}/{runs.RECORD}: no such file; run `evaluate` first")
    return str(read_json(path)["run"])


def _evaluation(judged: runs.Run) -> dict[str, Any]:
    path = judged.folder / EVALUATION
    if not path.is_file():
        name = judged.folder.name
        raise ValueError(f"logs/{name}: not evaluated yet; run `evaluate --run {name}` first")
    return dict(read_json(path))


def _compare(
    root: Path, entry: Entry, weighed: dict[str, Any], difference: dict[str, float]
) -> None:
    """What the checklist reads about challenger and champion."""
    from ..configs.gates import load_gates

    tolerance = load_gates(root).promotion.tolerance
    comparison = {
        "champion": weighed["version"],
        "challenger": entry.version,
        "metric": weighed["metric"],
        "difference": difference,
        "lowest_allowed": None if tolerance is None else -tolerance,
        "share_changed": weighed["share_changed"],
    }
    write_json(root / COMPARISON, comparison)


def _tell(entry: Entry, root: Path, weighed: dict[str, Any] | None) -> None:
    facts = entry.facts
    engine = facts["engine"]
    if facts["engine_reason"]:
        engine += f" ({facts['engine_reason']})"
    else:
        engine += f", equal to training within {facts['max_difference']:.0e}"
    where = entry.folder.relative_to(root).as_posix()
    say("register", f"version {entry.version}: {facts['model']}, run {facts['run']}, to {where}")
    say("", f"engine    {engine}")
    if weighed is not None:
        said = f"champion  version {weighed['version']}: "
        if "why_not" in weighed:
            said += f"not compared, {weighed['why_not']}"
        else:
            metric = scoring.in_words(weighed["metric"])
            said += f"{metric} {scoring.interval(weighed['difference'])} to it, above 0 is better"
        say("", said)
    say("", "next      promote-model")

"""Faults that the model and the project's records show, and the form of a finding."""

import contextlib
import functools
import importlib.resources
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml  # type: ignore[import-untyped]
from omegaconf import OmegaConf

from ..configs.load import DEFAULT, load_project
from ..dataloader.manifest import hashes_of, is_complete, read_manifest, read_part
from ..model import store
from ..model.estimators import build_estimator
from ..utils import runs
from ..utils.files import read_json
from ..utils.suspects import named, sample

ALIASES, SCHEMA, SERVICE = "models/aliases.json", "conf/schema.yaml", "conf/service.yaml"
LIVE, SKEW, FAIRNESS = "reports/live.json", "reports/skew.json", "conf/fairness.yaml"
MAX_UNEQUAL = 0.001  # share of rows, as `skew` has it
MAX_ROWS = 100_000
# Standard deviations of a column that is scaled, in any usual way.
LEAST, MOST = 0.05, 20.0
OTHER_LOSS = {"absolute": "squared", "squared": "absolute"}
NEED_SCALE = ("linear_model", "svm", "neighbors", "neural_network")  # of sklearn


@functools.cache
def rules() -> dict[str, Any]:
    """The content of rules.yaml, which explains itself."""
    text = importlib.resources.files(__package__).joinpath("rules.yaml").read_text("utf-8")
    return dict(yaml.safe_load(text))


class Finding(NamedTuple):
    """id: of `kinds` in rules.yaml. seen: what was found. line: from 1; None: the whole file."""

    id: str
    seen: str
    file: str
    line: int | None = None


class Records:
    """The project below root; manifest and run are None where data or a saved model is missing."""

    def __init__(self, root: Path) -> None:
        manifest = read_manifest(root)
        self.manifest = manifest if manifest and is_complete(root, manifest) else None
        self.root, self.run = root, None
        with contextlib.suppress(ValueError):
            self.run = runs.find(root)
        self.champion = self.read(ALIASES).get("champion")  # the version that serves

    def read(self, file: str) -> dict[str, Any]:
        """The content of a JSON or YAML file below root; empty without one."""
        path = self.root / file
        if not path.is_file():
            return {}
        return dict(read_json(path) if path.suffix == ".json" else OmegaConf.load(path))

    def finding(self, id: str, seen: str, file: str, *keys: str) -> Finding:
        """A finding at a key of a JSON or YAML file, or at the deepest key that is there."""
        line, path = None, self.root / file
        node = yaml.compose(path.read_text(encoding="utf-8")) if path.is_file() else None
        for key in keys:
            pairs = node.value if isinstance(node, yaml.MappingNode) else []
            for name, value in [pair for pair in pairs if pair[0].value == key]:
                line, node = int(name.start_mark.line) + 1, value
        return Finding(id, seen, file, line)


def find_scaling(records: Records) -> Iterator[Finding]:
    """Columns on train whose scale the distance, penalty or activation does not suit."""
    if records.run is None or records.manifest is None:
        return
    model, _ = store.load(records.run.folder)
    library, *families = type(model.estimator).__module__.split(".")
    needs_scale = library == "sklearn" and families[0] in NEED_SCALE
    if not needs_scale or set(model.columns) - set(records.manifest["features"]):
        return  # columns of other data are a finding of their own
    X = model.matrix(sample(read_part(records.root, "train"), MAX_ROWS))
    if not isinstance(X, np.ndarray):
        return  # a sparse row holds the shares of a text's words, which have one scale
    X = X.astype(float)
    columns = zip(model.preprocessor.feature_names_, X.std(axis=0), X.T, strict=True)
    several = [(name, spread) for name, spread, cells in columns if len(np.unique(cells)) > 2]
    if far := [f"{name} {at:.3g}" for name, at in several if not LEAST <= at <= MOST]:
        activation = getattr(model.estimator, "activation", "none")
        chosen = f"model {records.run.record['model']['name']}, activation {activation}"
        seen = f"{chosen}; deviation of {named(far)} on train"
        yield records.finding("scaling.missing", seen, DEFAULT, "model")


def find_loss(records: Records) -> Iterator[Finding]:
    """Losses, weights and transforms of the target that do not suit the metric."""
    config = load_project(records.root)
    metric, name, transform = config.metric, config.model, config.train.target_transform
    chosen = config.models.get(name, {})
    estimator = build_estimator(name, config.task, chosen, None, config.seed)
    parameters = estimator.get_params() if hasattr(estimator, "get_params") else chosen
    stated = [parameters.get(key) for key in ("loss", "criterion", "objective")]
    # Those that state none, such as ridge, minimise the squared error.
    loss, seen = next((str(one) for one in stated if one), "squared_error"), ""
    of = next((kind for kind, names in rules()["metrics"].items() if metric in names), "")
    if of == "probability" and config.train.class_weight is not None:
        seen = f"{metric} scores probabilities, which train.class_weight changes"
    elif of == "squared" and transform is not None:
        seen = f"{metric} is of the mean; a target under {transform} leads to the median"
    elif transform is None and of in OTHER_LOSS and OTHER_LOSS[of] in loss:
        seen = f"{metric}, and {name} minimises {loss}"
    if seen:
        yield records.finding("loss.metric", seen, DEFAULT, "metric")


def find_gaps(records: Records) -> Iterator[Finding]:
    """Gaps between the champion or the newest run, its code and its data."""
    files = [f"models/{records.champion}/{runs.RECORD}"] if records.champion else []
    files += [f"{runs.LOGS}/{records.run.folder.name}/{runs.RECORD}"] if records.run else []
    for file in files:
        if not (record := records.read(file)):
            yield Finding("lineage.no-record", "the version that serves has no record", file)
        elif record["git"]["commit"] is None or record["git"]["dirty"]:
            seen = f"changes on commit {record['git']['commit']}"
            yield records.finding("lineage.uncommitted", seen, file, "git")
    if records.run and records.manifest:
        gone = records.run.record["data"].items() - hashes_of(records.manifest).items()
        if names := ", ".join(sorted(key for key, _ in gone)):
            yield records.finding("lineage.data", f"other content now: {names}", files[-1], "data")


def find_drift(records: Records) -> Iterator[Finding]:
    """A version that serves, and whose data nobody watches."""
    watched, champion = records.read(LIVE).get("model", {}).get("version", "none"), records.champion
    if champion and (records.root / SERVICE).is_file() and watched != champion:
        seen = f"watched: version {watched}; champion: {champion}"
        yield records.finding("drift.unwatched", seen, ALIASES, "champion")


def find_skew(records: Records) -> Iterator[Finding]:
    """Columns that differ between the service and training; a comparison that is missing."""
    report, champion = records.read(SKEW), records.champion
    for one in report.get("columns", []):
        if one["unequal_share"] > MAX_UNEQUAL:
            seen = f"{one['column']}: {one['unequal_share']:.2%} of rows differ"
            yield records.finding("skew.over-limit", seen, SKEW, "columns")
    is_logged = any((records.root / "data/served/predictions").glob("*.parquet"))
    if champion and is_logged and (compared := report.get("model_version")) != champion:
        seen = f"compared: version {compared}; champion: {champion}"
        yield records.finding("skew.unchecked", seen, SKEW, "model_version")


def find_compliance(records: Records) -> Iterator[Finding]:
    """Features that identify a person, or are protected attributes."""
    protected = records.read(FAIRNESS).get("columns") or []
    for name in records.manifest["features"] if records.manifest else []:
        kind = "protected" if name in protected else "personal"
        if kind == "protected" or re.search(rules()["personal"], name.lower()):
            seen = f"{name} is a feature"
            yield records.finding(f"compliance.{kind}", seen, SCHEMA, "columns", name)


CHECKS = (find_scaling, find_loss, find_gaps, find_drift, find_skew, find_compliance)

"""Compare a version with the champion on the same rows of the test part."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..configs.settings import Config
from ..dataloader.manifest import read_part
from ..evaluation.intervals import bootstrap_pair
from ..evaluation.metrics import METRICS
from ..evaluation.text import interval_text, metric_text
from ..executor.train import bootstrap_options
from ..model import store
from ..model.predictor import encode_target
from ..utils import runs
from ..utils.files import read_json, write_json
from . import versions
from .gates import Result

REPORT = Path("reports", "comparison.json")
# A number counts as changed where it moves by more than this share of the target's spread.
MOVED = 0.1


def check_champion(
    config: Config, tolerance: float | None, root: Path, folder: Path, champion: str
) -> Result:
    """Not worse than the champion; one that cannot be compared fails.

    tolerance: in the unit of the metric; None: not worse by more than chance.
    """
    try:
        found = compare(config, root, folder, versions.resolve(root, champion))
    except (ValueError, pl.exceptions.PolarsError) as error:
        text = f"cannot be compared with version {champion}: {str(error).splitlines()[0]}"
        return Result("champion", False, f"{text}; see `promote --help`")
    lowest = None if tolerance is None else -tolerance
    write_json(root / REPORT, {**found, "lowest_allowed": lowest})
    gain = found["difference"]
    holds = gain["high"] >= 0 if lowest is None else gain["low"] >= lowest
    text = f"gain over version {champion}: {metric_text(found['metric'])} {interval_text(gain)}"
    return Result("champion", holds, text)


def compare(config: Config, root: Path, folder: Path, champion: Path) -> dict[str, Any]:
    """The paired difference on the test part, above 0 where the version in `folder` is better.

    share_changed: of the rows that get another prediction. Raises ValueError, or an error of
    polars, if the two cannot predict the same rows fairly.
    """
    check_comparable(folder, champion)
    (new, description), (old, _) = store.load(folder), store.load(champion)
    test, metric = read_part(root, "test", for_evaluation=True), description["metric"]
    y_true = encode_target(test[description["target"]], new.classes)
    ours, theirs = new.predict(test), old.predict(test)
    options = bootstrap_options(config)
    _, difference = bootstrap_pair(METRICS[metric], y_true, ours, theirs, **options)
    limit = MOVED * float(np.std(y_true)) if new.classes is None else 0
    changed = np.abs(ours.y_pred - theirs.y_pred) > limit
    names = {"champion": champion.name, "challenger": folder.name, "metric": metric}
    return {**names, "difference": difference, "share_changed": float(np.mean(changed))}


def check_comparable(folder: Path, champion: Path) -> None:
    """Raise ValueError where task, target, classes or split differ."""
    new, old = (store.read_description(one) for one in (folder, champion))
    for key in ("task", "target", "classes"):
        if new[key] != old[key]:
            raise ValueError(f"its {key} is {old[key]}, not {new[key]}")
    one, other = (read_json(path / runs.RECORD)["config"] for path in (folder, champion))
    if one["data"]["split"] != other["data"]["split"]:
        raise ValueError("it may have learnt from these rows: its data.split is another one")

"""Quality of served predictions: with labels an interval, before them an estimate."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from ..configs.settings import Config
from ..evaluation.errors import calibration
from ..evaluation.intervals import bootstrap
from ..evaluation.metrics import METRICS
from ..executor.train import bootstrap_options
from ..model.predictor import encode_target
from ..utils.predictions import Predictions
from .labels import ID, LABEL
from .settings import Quality

TRUTH, FEEDBACK = "truth", "feedback"
CONFIDENCE = "highest probability"
BLIND = "a change of what the inputs mean for the target; only labels show it"
MIN_ROWS = 30  # below, a share or a score is no evidence
Classes = Sequence[str] | None


def join_labels(
    predictions: pl.DataFrame, labels: pl.DataFrame, classes: Classes
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Each prediction with its newest label in column `truth`, once, and the other labels.

    labels: in order of time. Of feedback `correct: false` the truth is known of two classes alone.
    """
    newest = labels.unique(ID, keep="last", maintain_order=True)
    joined = predictions.join(newest.select(ID, LABEL, "correct"), on=ID)
    predicted, other = pl.col("prediction"), pl.lit(None, pl.String)
    if classes is not None and len(classes) == 2:
        other = predicted.replace(dict(zip(classes, reversed(classes), strict=True)))
    by_feedback = pl.when("correct").then(predicted).when(~pl.col("correct")).then(other)
    known = pl.coalesce(LABEL, by_feedback).alias(TRUTH)
    n_repeated, n_unknown = len(labels) - len(newest), len(newest) - len(joined)
    others = {"n_repeated": n_repeated, "n_without_prediction": n_unknown}
    return usable_rows(joined.with_columns(known), TRUTH, classes), others


def usable_rows(rows: pl.DataFrame, column: str, classes: Classes) -> pl.DataFrame:
    """The rows whose text in a column is one of the classes, or a number."""
    if classes is not None:
        return rows.filter(pl.col(column).is_in(list(classes)))
    return rows.filter(pl.col(column).cast(pl.Float64, strict=False).is_finite())


def as_predictions(rows: pl.DataFrame, classes: Classes) -> Predictions:
    """The logged predictions, as a model returns them."""
    y_pred = encode_target(rows["prediction"], classes)
    if classes is None:
        return Predictions(y_pred, None)
    fields = pl.Struct(dict.fromkeys(classes, pl.Float64))
    scores = rows["probabilities"].str.json_decode(fields).struct.unnest()
    return Predictions(y_pred, scores.fill_null(0.0).to_numpy())


def outputs(found: Predictions) -> pl.DataFrame:
    """The prediction as a column, and of classes the highest probability."""
    if found.y_score is None:
        return pl.DataFrame({"prediction": found.y_pred})
    codes = pl.Series("prediction", found.y_pred).cast(pl.String)
    return pl.DataFrame([codes, pl.Series(CONFIDENCE, found.y_score.max(axis=1))])


def live_quality(
    config: Config, rows: pl.DataFrame, classes: Classes, **options: Any
) -> dict[str, Any]:
    """The project's metric with its interval; higher is better: an error is negative.

    options: of `bootstrap`, in place of those in conf/.
    """
    metric = METRICS[config.metric]
    name = config.metric if metric.greater_is_better else f"negative {config.metric}"
    found: dict[str, Any] = {"metric": name, "n_labelled": len(rows)}
    if len(rows) < MIN_ROWS:
        return found | dict.fromkeys(("value", "low", "high"))
    y_true, predicted = encode_target(rows[TRUTH], classes), as_predictions(rows, classes)
    interval = bootstrap(metric, y_true, predicted, **bootstrap_options(config) | options)
    return found | signed(interval, config)


def signed(interval: Mapping[str, Any], config: Config) -> dict[str, Any]:
    """An interval of the project's metric of which higher is better."""
    value, low, high = (interval[name] for name in ("value", "low", "high"))
    if not METRICS[config.metric].greater_is_better and None not in (value, low, high):
        value, low, high = -value, -high, -low
    return {"value": value, "low": low, "high": high}


def shortfall(
    found: Mapping[str, Any], settings: Quality, of_test: Mapping[str, Any]
) -> float | None:
    """How far quality is below the floor, or below the test part; None: too few labels.

    Against the floor its low end counts; without one the two intervals must overlap.
    """
    limit = of_test["low"] if settings.floor is None else settings.floor
    reached = found["high" if settings.floor is None else "low"]
    is_known = found["n_labelled"] >= settings.min_labelled and None not in (limit, reached)
    return float(limit - reached) if is_known else None


def estimate(rows: pl.DataFrame, classes: Classes) -> dict[str, Any]:
    """The accuracy that the model's own probabilities promise, before labels arrive.

    Right where they are calibrated and the inputs moved little. Source: Garg and others (2022),
    Leveraging Unlabeled Data to Predict Out-of-Distribution Performance, ICLR.
    """
    if classes is None:
        return {"value": None, "reason": "numbers have no probability"}
    of_model = rows.filter(pl.col("source") == "model")
    value = outputs(as_predictions(of_model, classes))[CONFIDENCE].mean()
    method = f"mean of the {CONFIDENCE}"
    return {"of": "accuracy", "value": value, "method": method, "cannot_see": BLIND}


def calibrate(rows: pl.DataFrame, classes: Classes, n_bins: int, min_rows: int) -> dict[str, Any]:
    """gap: mean of what is stated against what was observed; None below min_rows.

    Of probabilities; of numbers in standard deviations of the true ones.
    """
    if len(rows) < min_rows:
        return {"gap": None, "n_labelled": len(rows)}
    found, y_true = as_predictions(rows, classes), encode_target(rows[TRUTH], classes)
    stated, observed, unit = found.y_pred, y_true, float(np.std(y_true)) or 1.0
    if found.y_score is not None:
        stated, observed, unit = found.y_score.max(axis=1), y_true == found.y_pred, 1.0
    gap = abs(float(stated.mean() - observed.mean())) / unit
    of_bins = calibration(y_true, found.y_pred, found.y_score, n_bins)
    return {"gap": gap, "n_labelled": len(rows), **of_bins}


def overruled(predictions: pl.DataFrame, labels: pl.DataFrame, classes: Classes) -> dict[str, Any]:
    """Of the predictions with feedback by people, how many they overruled."""
    given, _ = join_labels(predictions, labels.filter(pl.col("source") == FEEDBACK), classes)
    differs = ~pl.col("correct")
    if classes is not None:  # another number is no more than the truth
        differs = differs.fill_null(pl.col(TRUTH) != pl.col("prediction"))
    n_overruled = given.select(differs.sum()).item()
    share = n_overruled / len(given) if len(given) >= MIN_ROWS else None
    return {"n": n_overruled, "n_feedback": len(given), "share": share}

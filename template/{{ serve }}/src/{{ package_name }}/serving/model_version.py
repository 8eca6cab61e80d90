"""A registered model as the service uses it: ONNX where there is one, and the fallback."""

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from ..configs.settings import Section
from ..dataloader.schema import Schema
from ..dataloader.sources import ROW
from ..model import store
from ..model.predictor import Predictor
from ..registry.versions import BACKGROUND, PREDICTIONS
from ..utils.files import read_json, sha256_of_file

ONNX, FACTS = "model.onnx", "serving.json"  # `export` writes both
ONNXRUNTIME = "onnxruntime"
LOGGER = logging.getLogger(__package__)
Output = dict[str, Any]  # prediction, probabilities, source, reason


class Outputs(Section):
    """Predictions outside of these are replaced by the fallback."""

    sure_above: Annotated[float, Field(ge=0, lt=1)] | None = None
    min: float | None = None
    max: float | None = None


class OnnxEstimator:
    """An ONNX file behind scikit-learn's interface. classes: the codes of its probabilities."""

    def __init__(self, content: bytes, classes: Any) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.classes_ = np.asarray(classes)
        self._session = onnxruntime.InferenceSession(content, options)
        self._input = self._session.get_inputs()[0].name

    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        """Numbers, shape (n_rows,)."""
        return self.predict_proba(X)[:, 0]

    def predict_proba(self, X: NDArray[np.float32]) -> NDArray[Any]:
        """Probabilities, shape (n_rows, n_classes)."""
        return np.asarray(self._session.run(None, {self._input: X})[-1])


@dataclass(frozen=True)
class ModelVersion:
    """One version of models/.

    predictor: None where its files are missing or changed. constant: the fallback's prediction.
    background: raw rows of train.
    """

    folder: Path
    description: dict[str, Any]
    facts: dict[str, Any]
    schema: Schema
    predictor: Predictor | None
    constant: Output
    background: pl.DataFrame
    outputs: Outputs

    @classmethod
    def load(cls, folder: Path, outputs: Outputs) -> "ModelVersion":
        """The version in this folder, which `export` has prepared."""
        description, facts = read_json(folder / store.DESCRIPTION), read_json(folder / FACTS)
        try:
            predictor = _load_predictor(folder, description, facts)
        except (ValueError, OSError) as error:
            LOGGER.error("model-absent", extra={"facts": {"error": str(error)}})
            predictor = None
        constant = _constant(pl.read_parquet(folder / PREDICTIONS), description["classes"])
        background = pl.read_parquet(folder / BACKGROUND).drop(ROW)
        schema = Schema.model_validate(description["schema"])
        return cls(folder, description, facts, schema, predictor, constant, background, outputs)

    @property
    def name(self) -> str:
        """The number of the version."""
        return self.folder.name

    def predict(self, table: pl.DataFrame) -> list[Output]:
        """One output per typed row; never raises."""
        if self.predictor is None:
            return [self.fallback("absent")] * len(table)
        try:
            predicted = self.predictor.predict(table)
            if predicted.y_score is None:
                return [self._number(value) for value in predicted.y_pred.tolist()]
            return [self._class(scores) for scores in predicted.y_score.tolist()]
        except Exception:  # a model is another program, which fails in its own ways
            LOGGER.exception("model-failed")
            return [self.fallback("failed")] * len(table)

    def fallback(self, reason: str) -> Output:
        """The constant prediction, marked as such."""
        return self.constant | {"source": "fallback", "reason": reason}

    def _number(self, value: float) -> Output:
        low, high = self.outputs.min, self.outputs.max
        if not math.isfinite(value):
            return self.fallback("not-finite")
        if (low is not None and value < low) or (high is not None and value > high):
            return self.fallback("out-of-range")
        return {"prediction": value, "probabilities": None, "source": "model", "reason": None}

    def _class(self, scores: list[float]) -> Output:
        if not 0.999 < sum(scores) < 1.001:  # NaN or infinite if one of them is
            return self.fallback("not-finite")
        highest = max(scores)
        if highest < (self.outputs.sure_above or 0):
            return self.fallback("unsure")
        classes = self.description["classes"]
        chosen = classes[scores.index(highest)]
        found = dict(zip(classes, scores, strict=True))
        return {"prediction": chosen, "probabilities": found, "source": "model", "reason": None}


def _load_predictor(folder: Path, description: dict[str, Any], facts: dict[str, Any]) -> Predictor:
    if facts["engine"] != ONNXRUNTIME:
        return store.load(folder)[0]
    path = folder / ONNX
    if sha256_of_file(path) != facts["onnx_sha256"]:
        raise ValueError(f"{path}: not the file that `export` wrote; export it again")
    return store.described(description, OnnxEstimator(path.read_bytes(), facts["codes"]))


def _constant(recorded: pl.DataFrame, classes: list[str] | None) -> Output:
    """The mean of the recorded predictions; of classes the one with the highest mean."""
    names = ["prediction"] if classes is None else [f"probability_{one}" for one in classes]
    means = recorded.select(names).to_numpy().mean(axis=0).tolist()
    if classes is None:
        return {"prediction": means[0], "probabilities": None}
    found = dict(zip(classes, means, strict=True))
    return {"prediction": classes[means.index(max(means))], "probabilities": found}

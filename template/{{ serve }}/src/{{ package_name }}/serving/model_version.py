"""A registered model as the service uses it: ONNX where there is one, and the fallback."""

import asyncio
import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from ..configs.settings import Count, Section
from ..dataloader.schema import Schema
from ..dataloader.sources import ROW
from ..model import store
from ..model.predictor import Predictor
from ..model.preprocess import Preprocessor
from ..registry.versions import BACKGROUND, PREDICTIONS
from ..utils.files import read_json, sha256_of_file

ONNX, FACTS = "model.onnx", "serving.json"
ONNXRUNTIME = "onnxruntime"
LOGGER = logging.getLogger(__package__)
Milliseconds = Annotated[float, Field(gt=0)]
Output = dict[str, Any]  # prediction, probabilities, source, reason


class Outputs(Section):
    """Predictions outside of these are replaced by the fallback."""

    sure_above: Annotated[float, Field(ge=0, lt=1)] | None = None
    min: float | None = None
    max: float | None = None


class Timing(Section):
    """How long a prediction may take, and from when on it runs in a thread."""

    budget_ms: Milliseconds
    explain_ms: Milliseconds
    inline_ms: Annotated[float, Field(ge=0)]
    threads: Count


class OnnxEstimator:
    """An ONNX file behind scikit-learn's interface. classes: the codes of its probabilities."""

    def __init__(self, content: bytes, classes: Any) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.classes_ = None if classes is None else np.asarray(classes)
        self._session = onnxruntime.InferenceSession(content, options)
        self._input = self._session.get_inputs()[0].name

    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        """Numbers, shape (n_rows,)."""
        return np.asarray(self._session.run(None, {self._input: X})[-1]).reshape(-1)

    def predict_proba(self, X: NDArray[np.float32]) -> NDArray[Any]:
        """Probabilities, shape (n_rows, n_classes)."""
        return np.asarray(self._session.run(None, {self._input: X})[-1])


@dataclass
class ModelVersion:
    """One version of models/, which `export` has prepared.

    predictor: None where its files are missing or changed. constant: the fallback's prediction.
    background: raw rows of train. row_ms: the time of one row.
    """

    folder: Path
    description: dict[str, Any]
    facts: dict[str, Any]
    predictor: Predictor | None
    constant: Output
    background: pl.DataFrame
    outputs: Outputs = field(default_factory=Outputs)
    row_ms: float = 0.0

    @classmethod
    def load(cls, folder: Path, outputs: Outputs) -> "ModelVersion":
        """The version in this folder; raises ValueError where its description is missing."""
        description, facts = read_json(folder / store.DESCRIPTION), read_json(folder / FACTS)
        try:
            predictor = _load_predictor(folder, description, facts)
        except (ValueError, OSError) as error:
            LOGGER.error("model-absent", extra={"facts": {"error": str(error)}})
            predictor = None
        constant = _constant(pl.read_parquet(folder / PREDICTIONS), description["classes"])
        background = pl.read_parquet(folder / BACKGROUND).drop(ROW)
        version = cls(folder, description, facts, predictor, constant, background, outputs)
        seconds = [version._seconds() for _ in range(5)]
        return replace(version, row_ms=sorted(seconds)[2] * 1000)

    @property
    def name(self) -> str:
        """The number of the version."""
        return self.folder.name

    @cached_property
    def trained(self) -> Predictor:
        """The model as it was trained, which an explanation looks into."""
        return store.load(self.folder)[0]

    @property
    def schema(self) -> Schema:
        """The contract for the rows of requests."""
        return Schema.model_validate(self.description["schema"])

    def predict(self, table: pl.DataFrame) -> list[Output]:
        """One output per typed row; never raises."""
        if self.predictor is None:
            return [self.fallback("absent")] * len(table)
        try:
            predicted = self.predictor.predict(table)
        except Exception:  # a model is another program, which fails in its own ways
            LOGGER.exception("model-failed")
            return [self.fallback("failed")] * len(table)
        if predicted.y_score is None:
            return [self._number(value) for value in predicted.y_pred.tolist()]
        return [self._class(scores) for scores in predicted.y_score.tolist()]

    async def predict_within(
        self, table: pl.DataFrame, timing: Timing, pool: ThreadPoolExecutor
    ) -> list[Output]:
        """The same without holding up other requests; the fallback after `budget_ms`."""
        if self.row_ms * len(table) <= timing.inline_ms:
            return self.predict(table)
        task = asyncio.get_running_loop().run_in_executor(pool, self.predict, table)
        try:
            return await asyncio.wait_for(task, timing.budget_ms / 1000)
        except TimeoutError:
            return [self.fallback("slow")] * len(table)

    def fallback(self, reason: str) -> Output:
        """The constant output of a model that knows nothing, marked as such."""
        return {**self.constant, "source": "fallback", "reason": reason}

    def _number(self, value: float) -> Output:
        if not math.isfinite(value):
            return self.fallback("not-finite")
        low, high = self.outputs.min, self.outputs.max
        if (low is not None and value < low) or (high is not None and value > high):
            return self.fallback("out-of-range")
        return {"prediction": value, "probabilities": None, "source": "model", "reason": None}

    def _class(self, scores: list[float]) -> Output:
        if not 0.999 < sum(scores) < 1.001:  # NaN or infinite if one of them is
            return self.fallback("not-finite")
        highest = max(scores)
        if self.outputs.sure_above is not None and highest < self.outputs.sure_above:
            return self.fallback("unsure")
        classes = self.description["classes"]
        return {
            "prediction": classes[scores.index(highest)],
            "probabilities": dict(zip(classes, scores, strict=True)),
            "source": "model",
            "reason": None,
        }

    def _seconds(self) -> float:
        started = time.perf_counter()
        self.predict(self.background[:1])
        return time.perf_counter() - started


def _constant(recorded: pl.DataFrame, classes: list[str] | None) -> Output:
    """The mean of the recorded predictions; of classes the one with the highest mean."""
    if classes is None:
        return {"prediction": recorded["prediction"].mean(), "probabilities": None}
    shares = {label: recorded[f"probability_{label}"].mean() for label in classes}
    return {"prediction": max(shares, key=shares.__getitem__), "probabilities": shares}


def _load_predictor(folder: Path, description: dict[str, Any], facts: dict[str, Any]) -> Predictor:
    if facts["engine"] != ONNXRUNTIME:
        return store.load(folder)[0]
    path = folder / ONNX
    if sha256_of_file(path) != facts["onnx_sha256"]:
        raise ValueError(f"{path}: not the file that `export` wrote; export it again")
    estimator = OnnxEstimator(path.read_bytes(), facts["codes"])
    preprocessor = Preprocessor.from_json(description["preprocessing"])
    classes = description["classes"]
    codes = tuple(classes) if classes is not None else None
    return Predictor(tuple(description["columns"]), codes, preprocessor, estimator)

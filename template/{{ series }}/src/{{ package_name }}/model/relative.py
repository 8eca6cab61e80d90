"""Estimators of a series: learn the difference from the level, or repeat a value of the past."""

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .preprocess import LEVEL, SCALE, SPREAD

Array = NDArray[Any]
OPSET = {"": 17, "ai.onnx.ml": 3}
FIRST = SCALE + 1  # the column of the matrix where the inner estimator's begin
AROUND = """relative (float[rows, {width}] _matrix) => (float[rows, 1] _prediction) {{
    _sizes = Constant <value = int64[4] {{1, 1, 1, {rest}}}> ()
    _level, _spread, _scale, {inner} = Split <axis = 1> (_matrix, _sizes)
    _scaled = Mul({output}, _spread)
    _prediction = Add(_scaled, _level)
}}"""


class Relative:
    """An estimator of (target - level) / spread, whose predictions are in the target's unit.

    estimator: any with `fit` and `predict`, such as scikit-learn's.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the inner estimator."""
        return dict(self.estimator.get_params(deep))

    def inner(self, X: Array, y: Array) -> tuple[Array, Array]:
        """X and y as the inner estimator gets them."""
        return X[:, FIRST:], np.asarray((y - X[:, LEVEL]) / X[:, SPREAD])

    def fit(
        self,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
        valid: tuple[Array, Array] | None = None,
        folder: Any = None,
    ) -> "Relative":
        """y: in the target's unit. valid, folder: for an inner estimator that takes them."""
        options: dict[str, Any] = {"sample_weight": sample_weight, "folder": folder}
        if valid is not None:
            options["valid"] = self.inner(*valid)
        taken = inspect.signature(self.estimator.fit).parameters
        options = {name: one for name, one in options.items() if name in taken}
        self.estimator.fit(*self.inner(X, y), **options)
        return self

    def predict(self, X: Array) -> Array:
        """In the target's unit; shape (n_rows,)."""
        found = np.asarray(self.estimator.predict(X[:, FIRST:]), dtype=np.float64).reshape(-1)
        return np.asarray(found * X[:, SPREAD] + X[:, LEVEL])

    def to_onnx(self, X: Array) -> bytes:
        """The inner estimator's ONNX, with the level taken off before and added after."""
        import onnx
        import skl2onnx

        rows = X[:1, FIRST:]
        if hasattr(self.estimator, "to_onnx"):
            model = onnx.load_from_string(self.estimator.to_onnx(rows))
        else:
            model = skl2onnx.to_onnx(self.estimator, rows, target_opset=OPSET)
        graph = model.graph
        names = {"inner": graph.input[0].name, "output": graph.output[-1].name}
        text = AROUND.format(**names, width=X.shape[1], rest=rows.shape[1])
        around = onnx.parser.parse_graph(text)
        nodes = [*around.node[:2], *graph.node, *around.node[2:]]
        del graph.node[:], graph.input[:], graph.output[:]
        graph.node.extend(nodes)
        graph.input.extend(around.input)
        graph.output.extend(around.output)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


class Naive:
    """Predicts a column of the matrix: the last value, or that of the same season.

    Source: Hyndman and Athanasopoulos (2021), Forecasting, section 5.2.
    """

    def __init__(self, column: int) -> None:
        self.column = column

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None) -> "Naive":
        """There is nothing to learn."""
        return self

    def predict(self, X: Array) -> Array:
        """In the target's unit; shape (n_rows,)."""
        values = X.astype(np.float64)
        return np.asarray(values[:, self.column] * values[:, SPREAD] + values[:, LEVEL])

"""Estimators of a series: learn the difference from the level, or repeat a value of the past."""

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .preprocess import LEVEL, SPREAD

Array = NDArray[Any]
OPSET = {"": 17, "ai.onnx.ml": 3}
FIRST = 2  # the column of the matrix where the inner estimator's begin


class Relative(BaseEstimator):  # type: ignore[misc] # scikit-learn publishes no types
    """An estimator of (target - level) / spread, whose predictions are in the target's unit.

    estimator: any with `fit` and `predict`; its parameters are those of this one.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the inner estimator."""
        return dict(self.estimator.get_params(deep))

    def set_params(self, **params: Any) -> "Relative":
        """Change parameters of the inner estimator."""
        self.estimator.set_params(**params)
        return self

    @property
    def _parameter_constraints(self) -> Any:
        return self.estimator._parameter_constraints

    def _validate_params(self) -> None:
        self.estimator._validate_params()

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
        options: dict[str, Any] = {"sample_weight": sample_weight}
        if valid is not None:
            options["valid"] = self.inner(*valid)
        options["folder"] = folder
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
        from onnx import TensorProto, helper

        model = self._inner_onnx(X[:, FIRST:])
        graph = model.graph
        inner, output = graph.input[0].name, graph.output[-1].name
        ends = {"from": FIRST, "to": X.shape[1], "level": LEVEL, "spread": SPREAD, "axis": 1}
        for name, value in ends.items():
            number = helper.make_tensor(f"_{name}", TensorProto.INT64, [1], [value])
            graph.initializer.append(number)
        node = helper.make_node
        cut = [
            node("Slice", ["_matrix", "_from", "_to", "_axis"], [inner]),
            node("Slice", ["_matrix", "_level", "_spread", "_axis"], ["_of_level"]),
            node("Slice", ["_matrix", "_spread", "_from", "_axis"], ["_of_spread"]),
        ]
        back = [
            node("Mul", [output, "_of_spread"], ["_scaled"]),
            node("Add", ["_scaled", "_of_level"], ["_prediction"]),
        ]
        nodes = [*cut, *graph.node, *back]
        del graph.node[:], graph.input[:], graph.output[:]
        graph.node.extend(nodes)
        value = helper.make_tensor_value_info
        graph.input.append(value("_matrix", TensorProto.FLOAT, ["rows", X.shape[1]]))
        graph.output.append(value("_prediction", TensorProto.FLOAT, ["rows", 1]))
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())

    def _inner_onnx(self, X: Array) -> Any:
        import onnx

        if hasattr(self.estimator, "to_onnx"):
            return onnx.load_from_string(self.estimator.to_onnx(X))
        import skl2onnx

        try:
            return skl2onnx.to_onnx(self.estimator, X[:1], target_opset=OPSET)
        except Exception as error:  # each converter raises errors of its own
            reason = str(error).partition("\n")[0]
            raise ValueError(f"no ONNX of {type(self.estimator).__name__}: {reason}") from error


class Naive(BaseEstimator):  # type: ignore[misc]
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

"""Estimators of a series: of the difference from its level, naive ones, and smoothing."""

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .preprocess import AHEAD, LAGS, LEVEL, SCALE, SPREAD

Array = NDArray[Any]
OPSET = {"": 17, "ai.onnx.ml": 3}
FIRST = SCALE + 1  # the column of the matrix where the inner estimator's begin
MAX_ROWS, MAX_STEPS = 1_000, 150  # of the search for the weights of smoothing
START = (0.3, 0.1, 0.1, 0.95)  # of level, trend and season, and the damping of the trend
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
        engine: str = "local",
    ) -> "Relative":
        """y: in the target's unit. The rest is for an inner estimator that takes it."""
        options: dict[str, Any] = {"sample_weight": sample_weight}
        options |= {"folder": folder, "engine": engine}
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


class Smoothing(BaseEstimator):  # type: ignore[misc] # scikit-learn publishes no types
    """Additive Holt-Winters with a damped trend, begun anew in each history.

    season: in steps, or None. length: of a history. weights_: of level, trend and season, and the
    damping. Source: Gardner and McKenzie (1985), Forecasting Trends in Time Series, Management
    Science 31; Hyndman and Athanasopoulos (2021), Forecasting, section 8.3.
    """

    def __init__(self, season: int | None = None, length: int = 2) -> None:
        self.season, self.length = season, length

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None) -> "Smoothing":
        """Choose the weights with the smallest squared error. X, y: as Relative passes them."""
        from scipy.optimize import minimize

        chosen = np.linspace(0, len(X) - 1, min(len(X), MAX_ROWS)).round().astype(int)
        rows, weight = X[chosen], None if sample_weight is None else sample_weight[chosen]

        def error(weights: Array) -> float:
            squares = (self._forecast(rows, weights) - y[chosen]) ** 2
            return float(np.average(squares, weights=weight))

        bounds = [(0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (0.8, 1.0)]
        options = {"maxfev": MAX_STEPS, "xatol": 1e-3, "fatol": 1e-6}
        found = minimize(error, START, method="Nelder-Mead", bounds=bounds, options=options)
        self.weights_ = found.x.tolist()
        return self

    def predict(self, X: Array) -> Array:
        """Forecasts; shape (n_rows,)."""
        return self._forecast(X, self.weights_)

    def _forecast(self, X: Array, weights: Any) -> Array:
        """X: without the columns of level, spread and scale."""
        alpha, beta, gamma, damping = weights
        past = X[:, LAGS - FIRST :][:, : self.length].astype(np.float64)
        ahead, width = X[:, AHEAD - FIRST].astype(int), self.season or 1
        level, trend = past[:, :width].mean(axis=1), np.zeros(len(past))
        if self.length >= 2 * width:
            trend = (past[:, width : 2 * width].mean(axis=1) - level) / width
        # At the end of the first season: its level, and its shape without the trend.
        middle = np.arange(width) - (width - 1) / 2
        season = past[:, :width] - level[:, None] - trend[:, None] * middle
        level = level + trend * middle[-1]
        for t in range(width, self.length):
            expected = level + damping * trend
            error = past[:, t] - expected - season[:, t % width]
            level = expected + alpha * error
            trend = damping * trend + alpha * beta * error
            season[:, t % width] += gamma * (1 - alpha) * error if self.season else 0.0
        steps = np.cumsum(damping ** np.arange(1, ahead.max() + 1))[ahead - 1]
        shape = season[np.arange(len(past)), (self.length - 1 + ahead) % width]
        return np.asarray(level + steps * trend + shape)

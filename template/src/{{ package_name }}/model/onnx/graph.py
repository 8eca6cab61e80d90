"""A graph under construction: constants and steps, each known by the name of what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Old enough that every runtime of the last years reads it, new enough for trees in double.
OPSET, OPSET_ML, IR_VERSION = 17, 3, 8
ML = "ai.onnx.ml"


class Graph:
    """Steps in the order in which they were added; every number is a double."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, value: NDArray[Any]) -> str:
        """The name of a fixed array."""
        from onnx import numpy_helper

        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """The name of what an operator makes of its inputs."""
        from onnx import helper

        name = f"{operator}_{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(operator, list(inputs), [name], name, domain=domain, **attributes)
        )
        return name

    def columns(self, matrix: str, places: list[int]) -> str:
        """Some columns of a matrix."""
        return self.add("Gather", matrix, self.constant(np.array(places, dtype=np.int64)), axis=1)

    def beside(self, *matrices: str) -> str:
        """Matrices of as many rows side by side."""
        return matrices[0] if len(matrices) == 1 else self.add("Concat", *matrices, axis=1)

    def model(
        self, inputs: Mapping[str, int], output: str, width: int | None, notes: Mapping[str, str]
    ) -> Any:
        """The finished model.

        inputs: width of `numbers` (doubles) and `texts`. width: of the output, None for a vector.
        """
        from onnx import TensorProto, checker, helper

        kinds = {"numbers": TensorProto.DOUBLE, "texts": TensorProto.STRING}
        given = [
            helper.make_tensor_value_info(name, kinds[name], ["rows", n])
            for name, n in inputs.items()
        ]
        shape: list[Any] = ["rows"] if width is None else ["rows", width]
        answer = helper.make_tensor_value_info(output, TensorProto.DOUBLE, shape)
        graph = helper.make_graph(
            self._nodes, "model", given, [answer], initializer=self._constants
        )
        versions = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, OPSET_ML)]
        model = helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION)
        helper.set_model_props(model, dict(notes))
        checker.check_model(model)
        return model

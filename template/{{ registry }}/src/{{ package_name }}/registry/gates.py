"""What must hold before a version becomes champion: conf/gates.yaml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from ..configs.settings import Config, Count, Section
from ..dataloader.manifest import hashes_of, read_manifest
from ..evaluation.text import interval_text, metric_text, number_text
from ..utils.names import check_name
from ..utils.provenance import tree_id

PATH = "conf/gates.yaml"
Limit = Annotated[float, Field(ge=0)]


class Slices(Section):
    """The worst acceptable `metric` in groups of rows, in its unit."""

    min_rows: Count
    default: float | None
    columns: dict[str, float]


class Promotion(Section):
    """Limits of the loss against the champion, and of the calibration error."""

    tolerance: Limit | None
    max_calibration_error: Limit | None = None


class Gates(Section):
    """Everything in conf/gates.yaml."""

    slices: Slices
    promotion: Promotion


class Result(NamedTuple):
    """Whether a gate holds, and the numbers that show it."""

    gate: str
    holds: bool
    evidence: str


def check_current(root: Path, record: dict[str, Any], evaluation: dict[str, Any]) -> Result:
    """Run and evaluation are of the code and the data that are here."""
    manifest, code = read_manifest(root), tree_id(root, "src")
    changed = [one for one in (record, evaluation) if one["trees"]["src"] != code]
    if changed or manifest is None or hashes_of(manifest) != evaluation["data"]:
        part = "src/" if changed else "data/"
        return Result("current", False, f"{part} has changed; train, evaluate and register again")
    return Result("current", True, "of this code and data")


def check_baseline(evaluation: dict[str, Any]) -> Result:
    """It beats the better baseline by more than chance."""
    gain, name = evaluation["beats_baseline"], evaluation["baseline"]["name"]
    text = f"gain over {name}: {metric_text(evaluation['metric'])} {interval_text(gain)}"
    return Result("baseline", (gain["low"] or 0) > 0, text)


def check_limits(config: Config, gates: Gates, evaluation: dict[str, Any]) -> list[Result]:
    """evaluation.floor, the calibration error, and every large slice, where a limit is set."""
    higher = evaluation["higher_is_better"]
    value = evaluation["metrics"][evaluation["metric"]]["value"]
    error = evaluation["calibration"]["expected_error"]
    found = [
        ("minimum", value, config.evaluation.floor, higher),
        ("calibration", error, gates.promotion.max_calibration_error, False),
        *((*one, higher) for one in _slices(gates.slices, evaluation)),
    ]
    return [
        Result(
            gate,
            value >= limit if up else value <= limit,
            f"{number_text(value)}, must be at {'least' if up else 'most'} {limit:g}",
        )
        for gate, value, limit, up in found
        if limit is not None
    ]


def _slices(slices: Slices, evaluation: dict[str, Any]) -> Iterator[tuple[str, float, Any]]:
    """(gate, value, limit) of each slice with enough rows and a defined metric."""
    columns = {one["column"] for one in evaluation["slices"]}
    for name in slices.columns:
        check_name(name, columns, f"{PATH}: slices.columns (of evaluation.slices)")
    for one in evaluation["slices"]:
        if one["n_rows"] >= slices.min_rows and one["value_of_metric"] is not None:
            limit = slices.columns.get(one["column"], slices.default)
            yield f"{one['column']}={one['value']}", one["value_of_metric"], limit

"""No group of rows is served worse than was agreed in conf/gates.yaml; the worst comes first."""

from __future__ import annotations

from typing import Any

from ...configs.gates import GATES, Slices, load_gates
from .. import scoring
from ..cases import MISSES, Case


def judge(case: Case) -> dict[str, Any] | None:
    """Each slice that has a floor, by how far it is above it; nothing where none was agreed."""
    return held_to(load_gates(case.root).slices, case.assessed)


def held_to(floors: Slices, assessed: dict[str, Any]) -> dict[str, Any] | None:
    """Slices of an evaluation against floors; raises ValueError for a column without slices."""
    cut = {one["column"] for one in assessed["slices"]}
    if odd := sorted(set(floors.columns) - cut):
        raise ValueError(
            f"{GATES}: slices.columns: '{odd[0]}' is not cut into slices; there are "
            f"{', '.join(sorted(cut)) or 'none'}; name it in evaluation.slices of conf/default.yaml"
        )
    if floors.default is None and not floors.columns:
        return None
    judged = [_judged(one, floors, assessed) for one in assessed["slices"]]
    found = sorted((one for one in judged if one is not None), key=lambda one: one["margin"])
    lines = [_sentence(one, assessed["metric"]) for one in found if one["margin"] < 0]
    return {"min_rows": floors.min_rows, "slices": found, MISSES: lines}


def _judged(one: dict[str, Any], floors: Slices, assessed: dict[str, Any]) -> dict[str, Any] | None:
    """margin: how far above its floor it is, below 0 where it misses it."""
    floor, value = floors.floor_of(one["column"]), one["value_of_metric"]
    if floor is None or value is None or one["n_rows"] < floors.min_rows:
        return None
    sign = 1 if assessed["higher_is_better"] else -1
    about = {key: one[key] for key in ("column", "value", "n_rows", "value_of_metric")}
    return {**about, "floor": floor, "margin": sign * (value - floor)}


def _sentence(one: dict[str, Any], metric: str) -> str:
    return (
        f"{scoring.in_words(metric)} {scoring.number(one['value_of_metric'])} where "
        f"{one['column']} is {one['value']} ({one['n_rows']} rows) misses its floor "
        f"{one['floor']:g} of {GATES}"
    )

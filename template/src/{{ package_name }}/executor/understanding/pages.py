"""Put what was understood of a run into its report page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...utils import trees
from ...utils.files import read_json
from ..evaluate import EVALUATION, REPORT

if TYPE_CHECKING:
    from pathlib import Path

    from ...utils.runs import Run

KEY = "understood"
PARTS = ("explanations", "ablation", "fairness")


def parts_of(root: Path, run: Run) -> dict[str, Any]:
    """The reports that lie beside a run by name, without those of other code or settings."""
    paths = {name: run.folder / f"{name}.json" for name in PARTS}
    found = {name: read_json(path) for name, path in paths.items() if path.is_file()}
    now = {name: trees.tree_id(root, name) for name in ("src", "conf")} if found else {}
    return {name: part for name, part in found.items() if part["trees"] == now}


def redraw(root: Path, run: Run) -> str:
    """Draw the page of an evaluated run anew; says where it is, or how to get one."""
    from ...evaluation.report import write_report

    path = run.folder / EVALUATION
    if not path.is_file():
        return "none yet; `evaluate` draws one, with this in it"
    evaluation = read_json(path) | {KEY: parts_of(root, run)}
    write_report(evaluation, run.record, run.folder / REPORT)
    return (run.folder / REPORT).relative_to(root).as_posix()

"""The run to understand: its problem, its model, and the parts that anybody may look at."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ...configs.schema import Config
from ...utils import runs, trees
from ...utils.files import write_json

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from ..problem import Problem

REPORTS = "reports"


@dataclass(frozen=True)
class Subject:
    """A finished run. fitted_on, valid: typed rows; the third part stays shut here."""

    root: Path
    run: runs.Run
    problem: Problem
    model: Any
    fitted_on: pl.DataFrame
    valid: pl.DataFrame

    @classmethod
    def of(cls, config: Config, root: Path, name: str | None) -> Subject:
        """The run of that name, or the newest; judged as `config` says, fitted as the run was.

        Raises ValueError if it was trained on other data than there is now.
        """
        from ...dataloader import manifest as manifests
        from ...dataloader.parts import read_part
        from ...model import store
        from ..problem import Problem

        run = runs.find(root, name)
        manifest = manifests.read_manifest(root)
        if manifest is None or not manifests.is_complete(root, manifest):
            raise ValueError("data/: parts are missing or changed; run `prepare`, then `train`")
        if manifests.hashes_of(manifest) != run.record["data"]:
            raise ValueError(
                f"logs/{run.folder.name}: trained on other data than data/ holds now; train again"
            )
        trained = Config.model_validate(run.record["config"])
        problem = Problem.of(trained.model_copy(update={"evaluation": config.evaluation}), manifest)
        model, _ = store.load(run.folder)
        return cls(root, run, problem, model, read_part(root, "train"), read_part(root, "valid"))

    def header(self) -> dict[str, Any]:
        """What each report begins with: the run, and what tells whether it is still true."""
        return {
            "run": self.run.folder.name,
            "created": datetime.now(UTC).isoformat(),
            "model": self.problem.config.model,
            "split": "valid",
            "trees": {name: trees.tree_id(self.root, name) for name in ("src", "conf")},
            "data": self.run.record["data"],
        }

    def keep(self, name: str, report: dict[str, Any]) -> None:
        """Write a report beside its run, and to where probes and reviewers read it."""
        write_json(self.run.folder / name, report)
        write_json(self.root / REPORTS / name, report)


def add_run(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to look at, a folder in logs/ (default: the newest)")

"""Continue a training that was stopped: `resume [RUN]`."""

import argparse
from pathlib import Path

from ..configs.settings import Config
from ..executor.train import train
from ..model.training import CHECKPOINT
from ..utils import runs
from ..utils.logs import log


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run."""
    parser.add_argument("--run", help="the run to continue (default: the newest that has no model)")


def run(args: argparse.Namespace) -> None:
    """A new run that begins where the other one was stopped, with its configuration."""
    stopped = find_stopped(args.root, args.run)
    log("resume", f"{stopped.folder.name}, which is {stopped.record['status']}")
    config = Config.model_validate(stopped.record["config"])
    train(config, args.root, "resume", stopped.folder / CHECKPOINT)


def find_stopped(root: Path, name: str | None) -> runs.Run:
    """The run of that name, or the newest with a checkpoint and no model."""
    found = [one for one in runs.every(root) if name in (None, one.folder.name)]
    stopped = [
        one for one in found if (one.folder / CHECKPOINT).is_file() and "model" not in one.record
    ]
    if not stopped:
        raise ValueError(f"{runs.LOGS}/: no stopped run with a {CHECKPOINT}; `train` starts one")
    return stopped[-1]

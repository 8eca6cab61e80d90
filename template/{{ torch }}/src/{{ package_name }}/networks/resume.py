"""Continue a training that was stopped: `resume`."""

import argparse

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
    known = [one for one in runs.every(args.root) if args.run in (None, one.folder.name)]
    stopped = [one for one in known if "model" not in one.record]
    stopped = [one for one in stopped if (one.folder / CHECKPOINT).is_file()]
    if not stopped:
        raise ValueError(f"{runs.LOGS}/: no stopped run with a {CHECKPOINT}; `train` starts one")
    folder, record = stopped[-1].folder, stopped[-1].record
    log("resume", f"{folder.name}, which is {record['status']}")
    train(Config.model_validate(record["config"]), args.root, "resume", folder / CHECKPOINT)

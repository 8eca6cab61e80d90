"""Keep an evaluated run as a new version of the model: `register`."""

import argparse
import tempfile
from pathlib import Path

from ..dataloader.examples import inline
from ..dataloader.manifest import hashes_of, read_manifest, read_part
from ..dataloader.sources import ROW
from ..executor.evaluate import EVALUATION
from ..executor.predict import prediction_table
from ..model import store
from ..utils import runs
from ..utils.logs import log
from . import versions
from .promote import read_history

N_BACKGROUND = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--run`."""
    parser.add_argument("--run", help="the run to keep (default: the newest evaluated one)")


def run(args: argparse.Namespace) -> None:
    """Register one run."""
    chosen = _evaluated(args.root, args.run)
    folder = register(args.root, chosen)
    name = chosen.record["model"]["name"]
    log("register", f"version {folder.name}: {name}, run {chosen.folder.name}")
    log("", "next      promote")


def register(root: Path, chosen: runs.Run) -> Path:
    """The folder of the new version; raises ValueError unless data/ is what it was trained on."""
    manifest = read_manifest(root)
    if manifest is None or hashes_of(manifest) != chosen.record["data"]:
        raise ValueError(f"logs/{chosen.folder.name}: data/ holds other data now; train again")
    names = (store.MODEL, store.DESCRIPTION, runs.RECORD, EVALUATION)
    used = [int(one["version"]) for one in read_history(root)]
    with tempfile.TemporaryDirectory() as folder:
        files = [chosen.folder / name for name in names]
        files += _write_background(root, chosen.folder, Path(folder))
        return versions.add(root, files, above=max(used, default=0))


def _write_background(root: Path, run_folder: Path, folder: Path) -> list[Path]:
    """Raw typed rows of train and their predictions: explanations and checks use both."""
    model, _ = store.load(run_folder)
    rows = read_part(root, "train")
    sample = rows.sample(min(len(rows), N_BACKGROUND), seed=0).select(ROW, *model.columns)
    sample = inline(sample)  # a version needs no file of data/
    sample.write_parquet(folder / versions.BACKGROUND)
    prediction_table(model, sample).write_parquet(folder / versions.PREDICTIONS)
    return [folder / versions.BACKGROUND, folder / versions.PREDICTIONS]


def _evaluated(root: Path, name: str | None) -> runs.Run:
    chosen = runs.every(root) if name is None else [runs.find(root, name)]
    evaluated = [one for one in chosen if (one.folder / EVALUATION).is_file()]
    if not evaluated:
        raise ValueError(f"logs/{name or ''}: not evaluated; run `evaluate` first")
    return max(evaluated, key=lambda one: str(one.record["started"]))

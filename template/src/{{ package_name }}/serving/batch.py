"""Answer files of any size block by block, and go on after a kill: `batch INPUT... OUTPUT_DIR`."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.schema import Config
from ..utils import runs
from ..utils.errors import DoesNotHold
from ..utils.logs import say
from ..utils.seeds import one_thread_each

if TYPE_CHECKING:
    from .batching.job import Job, Part
    from .loading import Loaded

# The registered model alone decides the answers: no key=value changes them.
READS_OVERRIDES = True
MIB = 1 << 20
MAX_REASONS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files, the model, and how much is in memory at once."""
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="CSV or Parquet files")
    parser.add_argument("output", metavar="OUTPUT_DIR", help="folder for answers and refusals")
    parser.add_argument("--model", default="champion", help="alias or version (default: champion)")
    parser.add_argument("--anew", action="store_true", help="delete what another job answered")
    parser.add_argument(
        "--block-mb",
        type=float,
        default=16.0,
        help="MiB of input in memory at once, and in a part of the output (default: 16)",
    )
    parser.add_argument(
        "--max-refused",
        type=float,
        default=0.1,
        help="share of rows; where more are refused, the exit code is 1 (default: 0.1)",
    )


def run(config: Config, args: argparse.Namespace) -> int:
    """Answer every row that keeps to the contract; raises DoesNotHold where too few do."""
    one_thread_each()
    _check(args)
    from .batching.job import opened
    from .loading import Loaded

    loaded = Loaded.of(args.root, args.model)
    with opened(Path(args.output), _about(args, loaded), anew=args.anew) as job:
        content = config.model_dump(mode="json")
        with runs.recorded(args.root, "batch", content, config.seed) as record:
            record.note(batch={"output": args.output, **job.about})
            counts = _answer(args, loaded, job, record)
    _judge(counts, args)
    return 0


def _check(args: argparse.Namespace) -> None:
    words = [*args.inputs, args.output, *args.overrides]
    if odd := [word for word in words if "=" in word and not Path(word).exists()]:
        raise ValueError(
            f"command line: '{odd[0]}': batch takes no key=value; the registered model decides"
        )
    if args.block_mb <= 0 or not 0 <= args.max_refused <= 1:
        raise ValueError("command line: --block-mb must be above 0, --max-refused from 0 to 1")


def _about(args: argparse.Namespace, loaded: Loaded) -> dict[str, Any]:
    """What decides every byte of the output: another one of these is another job."""
    from ..model.registry import Entry
    from .batching.identity import identity

    if changed := Entry(loaded.folder, loaded.facts).tampered():
        raise ValueError("\n".join(changed))
    return {
        "format": 1,
        "inputs": [identity(Path(name), name) for name in args.inputs],
        "model": {"version": loaded.version, "files": loaded.facts["files"]},
        "block_bytes": int(args.block_mb * MIB),
    }


def _answer(args: argparse.Namespace, loaded: Loaded, job: Job, record: runs.Run) -> dict[str, int]:
    from ..dataloader.door import Door
    from .batching.answering import Desk
    from .batching.work import work

    door = Door(loaded.rules, f"models/{loaded.version}/contract.yaml")
    began = time.perf_counter()
    done = work(job, Desk(loaded.scorer, loaded.contract, door))
    rate = round(done.n_here / (time.perf_counter() - began))
    counts = job.finish(done.parts)
    record.note(rows=counts, rows_here=done.n_here, rows_per_second=rate)
    n_before = counts["read"] - done.n_here
    gone_on = f", {n_before} of them before" if n_before else ""
    say("batch", f"{counts['read']} rows with model {loaded.version}{gone_on}; {rate} rows/s")
    say("", f"{counts['answered']} answered, {counts['refused']} refused, in {args.output}")
    _tell_reasons(done.parts)
    return counts


def _tell_reasons(parts: Sequence[Part]) -> None:
    reasons: Counter[str] = Counter()
    for part in parts:
        reasons.update(part.reasons)
    for why, n_rows in reasons.most_common(MAX_REASONS):
        say("", f"refused   {n_rows} rows: {why}")
    if len(reasons) > MAX_REASONS:
        say("", f"          {len(reasons) - MAX_REASONS} more reasons are in job.json")


def _judge(counts: dict[str, int], args: argparse.Namespace) -> None:
    share = counts["refused"] / counts["read"]
    if share > args.max_refused:
        raise DoesNotHold(
            f"{args.output}: {share:.1%} of the rows were refused, above --max-refused "
            f"{args.max_refused:g}; its folder refused/ says why"
        )

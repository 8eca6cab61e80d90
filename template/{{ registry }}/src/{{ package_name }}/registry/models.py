"""List the registered versions: `models`."""

import argparse

from ..evaluation.text import interval_text, metric_text
from ..executor.evaluate import EVALUATION
from ..model.store import read_description
from ..utils.files import read_json
from ..utils.logs import log
from . import versions


def run(args: argparse.Namespace) -> None:
    """One line a version, the newest first; raises ValueError where a model file has changed."""
    numbers, aliases = versions.numbers(args.root), versions.aliases(args.root)
    if not numbers:
        log("models", "none is registered; run `evaluate`, then `register`")
    for number in map(str, reversed(numbers)):
        folder = versions.resolve(args.root, number)
        evaluation, model = read_json(folder / EVALUATION), read_description(folder)["model"]
        metric = evaluation["metric"]
        value = f"{metric_text(metric)} {interval_text(evaluation['metrics'][metric])}"
        names = ", ".join(name for name, version in aliases.items() if version == number)
        log("models", f"{number:>3}  {names:<10}  {model:<10}  {value}  {evaluation['run']}")

"""Price and energy of a training and of 1,000 predictions: `cost`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..configs.load import load
from ..registry.versions import resolve
from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log
from .instance import CPU, copied, newest, serving
from .settings import SLO, Budget, Energy, Price, load_operations

REPORT = Path("reports", "cost.json")
N_REQUESTS, N_FIRST = 1000, 50  # the first requests of a process load and compile
HOUR_S = 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--version`."""
    parser.add_argument("--version", help="a version or alias (default: the newest)")


def run(args: argparse.Namespace) -> None:
    """Write reports/cost.json; raises CheckFailed above the budget of conf/slo.yaml."""
    settings, budget = load_operations(args.root, args.overrides), load(args.root, SLO, Budget).cost
    folder = resolve(args.root, args.version or newest(args.root))
    training = float(read_json(folder / runs.RECORD)["cost"]["cpu_seconds"])
    with copied(args.root, folder) as copy:
        serving_s = cpu_of_1000(copy)
    price = settings.price
    share = 1000 * price.per_month / price.predictions_per_month
    value = cpu_price(serving_s, price) + share
    used = energy(training, serving_s, settings.energy)
    report = {
        "created": datetime.now(UTC).isoformat(),
        "trees": runs.trees(args.root),
        "model_version": folder.name,
        "currency": budget.currency,
        "training": cpu_price(training, price),
        "per_1000_predictions": value,
        "of_that_fixed": share,
        "cpu_seconds": {"training": training, "per_1000_predictions": serving_s},
        "energy": used,
        "constants": price.model_dump(),
    }
    write_json(args.root / REPORT, report)
    log("cost", f"{value:.4f} {budget.currency} for 1,000 predictions, {share:.4f} of it fixed")
    log("", f"training  {cpu_price(training, price):.6f} {budget.currency}")
    log("", f"energy    {used['per_1000_predictions_wh']:.4f} Wh for 1,000 predictions (estimate)")
    log("", f"record    {REPORT.as_posix()}")
    if value > budget.per_1000_predictions:
        limit = f"{SLO}: cost.per_1000_predictions is {budget.per_1000_predictions:g}"
        raise CheckFailed(f"{limit}, measured {value:.4f}")


def cpu_of_1000(root: Path) -> float:
    """CPU seconds of the service for 1,000 requests of one row; raises ValueError outside Linux."""
    with serving(root) as service, service.connect() as connection:
        for number in range(N_FIRST):
            service.milliseconds(connection, number)
        before = service.metric(CPU)
        for number in range(N_REQUESTS):
            service.milliseconds(connection, number)
        used = service.metric(CPU) - before
    if used <= 0:
        raise ValueError("the system does not report the CPU seconds of a process; use Linux")
    return used * 1000 / N_REQUESTS


def cpu_price(cpu_seconds: float, price: Price) -> float:
    """In the currency of conf/slo.yaml."""
    return cpu_seconds / HOUR_S * price.cpu_hour


def energy(training: float, per_1000: float, constants: Energy) -> dict[str, Any]:
    """Watt hours: CPU seconds x watts x overhead. An estimate, with its constants."""
    watts = constants.watts * constants.overhead
    return {
        "estimate": True,
        "method": "CPU seconds x watts of a busy core x overhead of the building",
        "constants": constants.model_dump(),
        "training_wh": training * watts / HOUR_S,
        "per_1000_predictions_wh": per_1000 * watts / HOUR_S,
    }

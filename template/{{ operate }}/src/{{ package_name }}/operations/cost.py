"""Price and energy of a training and of 1,000 predictions: `cost`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from ..utils import runs
from ..utils.errors import CheckFailed
from ..utils.files import read_json, write_json
from ..utils.logs import log
from .instance import CPU, copied, newest, serving
from .settings import SLO, load_both

REPORT = Path("reports", "cost.json")
N_FIRST = 50  # requests that are not counted: the first ones load and compile
HOUR_S = 3600


def run(args: argparse.Namespace) -> None:
    """Write reports/cost.json; raises CheckFailed above the budget of conf/slo.yaml."""
    settings, slo = load_both(args.root, args.overrides)
    version, price, budget = newest(args.root), settings.price, slo.cost
    training = float(read_json(version / runs.RECORD)["cost"]["cpu_seconds"])
    with copied(args.root, version) as copy:
        seconds = cpu_of_1000(copy, slo.serving.requests_per_second)
    fixed = 1000 * price.per_month / price.predictions_per_month
    value = seconds / HOUR_S * price.cpu_hour + fixed
    watts = price.watts * price.overhead
    energy = {"training": training * watts / HOUR_S, "per_1000": seconds * watts / HOUR_S}
    report = {
        "created": datetime.now(UTC).isoformat(),
        "model_version": version.name,
        "currency": budget.currency,
        "training": training / HOUR_S * price.cpu_hour,
        "per_1000_predictions": value,
        "cpu_seconds": {"training": training, "per_1000": seconds},
        "energy_wh": {"method": "estimate: CPU seconds x watts x overhead", **energy},
        "constants": price.model_dump(),
    }
    write_json(args.root / REPORT, report)
    log("cost", f"{value:.4f} {budget.currency} for 1,000 predictions, {fixed:.4f} of it fixed")
    log("", f"training  {report['training']:.6f} {budget.currency}")
    log("", f"energy    {energy['per_1000']:.4f} Wh for 1,000 predictions (estimate)")
    log("", f"record    {REPORT.as_posix()}")
    if value > budget.per_1000_predictions:
        limit = f"{SLO}: cost.per_1000_predictions is {budget.per_1000_predictions:g}"
        raise CheckFailed(f"{limit}, measured {value:.4f}")


def cpu_of_1000(root: Path, rate: float) -> float:
    """CPU seconds of the service for 1,000 requests of one row; raises ValueError outside Linux."""
    with serving(root) as service:
        service.load(N_FIRST, rate)
        before = service.metric(CPU)
        service.load(1000, rate)
        used = service.metric(CPU) - before
    if used <= 0:
        raise ValueError("the system does not report the CPU seconds of a process; use Linux")
    return used

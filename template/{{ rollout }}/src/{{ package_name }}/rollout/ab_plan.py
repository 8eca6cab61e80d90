"""How many users an experiment needs: `ab-plan --baseline 0.10 --effect 0.02`."""

import argparse
import math
from statistics import NormalDist

from ..utils.logs import log


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is expected, what is looked for, and the two errors."""
    parser.add_argument("--baseline", type=float, help="share of A; without --sd")
    parser.add_argument("--effect", type=float, required=True, help="smallest that matters")
    parser.add_argument("--sd", type=float, help="standard deviation, for means")
    parser.add_argument("--alpha", type=float, default=0.05, help="false alarms")
    parser.add_argument("--power", type=float, default=0.8, help="chance to see the effect")
    parser.add_argument("--per-day", type=float, help="users per day, of both")


def run(args: argparse.Namespace) -> None:
    """Print users per version, and days; raises ValueError for impossible values."""
    if not (0 < args.alpha < 1 and 0 < args.power < 1) or args.effect == 0:
        raise ValueError("ab-plan: alpha and power must be in (0, 1), effect must not be 0")
    errors = args.alpha, args.power
    if args.sd is not None:
        n = users_for_means(args.sd, args.effect, *errors)
    elif args.baseline is not None:
        n = users_for_shares(args.baseline, args.effect, *errors)
    else:
        raise ValueError("ab-plan: --baseline of a share, or --sd of a mean, is needed")
    log("ab-plan", f"{n} users per version, looked at once, at the end")
    if args.per_day:
        log("", f"{math.ceil(2 * n / args.per_day)} days with {args.per_day:g} users per day")


def users_for_shares(baseline: float, effect: float, alpha: float, power: float) -> int:
    """Users per version to tell `baseline` from `baseline + effect`, two-sided.

    Source: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, ch. 4.
    """
    other = baseline + effect
    if not (0 < baseline < 1 and 0 < other < 1):
        raise ValueError(f"ab-plan: both shares must be in (0, 1), got {baseline:g}, {other:g}")
    middle = (baseline + other) / 2
    null = math.sqrt(2 * middle * (1 - middle))
    real = math.sqrt(baseline * (1 - baseline) + other * (1 - other))
    a, b = _quantiles(alpha, power)
    return math.ceil(((a * null + b * real) / effect) ** 2)


def users_for_means(sd: float, effect: float, alpha: float, power: float) -> int:
    """Users per version to tell two means apart that differ by `effect`, two-sided."""
    if sd <= 0:
        raise ValueError(f"ab-plan: sd must be above 0, got {sd:g}")
    return math.ceil(2 * (sum(_quantiles(alpha, power)) * sd / effect) ** 2)


def _quantiles(alpha: float, power: float) -> tuple[float, float]:
    normal = NormalDist()
    return normal.inv_cdf(1 - alpha / 2), normal.inv_cdf(power)

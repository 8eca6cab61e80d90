"""How many users an experiment needs: `ab-plan --baseline 0.10 --effect 0.02`."""

import argparse
import math
from statistics import NormalDist

from ..utils.logs import log


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is expected, what is looked for, and the two errors."""
    parser.add_argument("--baseline", type=float, required=True, help="share of A")
    parser.add_argument("--effect", type=float, required=True, help="smallest that matters")
    parser.add_argument("--alpha", type=float, default=0.05, help="false alarms")
    parser.add_argument("--power", type=float, default=0.8, help="chance to see the effect")


def run(args: argparse.Namespace) -> None:
    """Print users per version; raises ValueError for impossible values."""
    n = users(args.baseline, args.effect, args.alpha, args.power)
    log("ab-plan", f"{n} users per version, looked at once, at the end")


def users(baseline: float, effect: float, alpha: float, power: float) -> int:
    """Users per version to tell the share `baseline` from `baseline + effect`, two-sided.

    Source: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, ch. 4.
    """
    other = baseline + effect
    if not all(0 < share < 1 for share in (baseline, other, alpha, power)) or effect == 0:
        raise ValueError("ab-plan: both shares, alpha and power must be in (0, 1), effect not 0")
    middle, quantile = (baseline + other) / 2, NormalDist().inv_cdf
    null = math.sqrt(2 * middle * (1 - middle))
    real = math.sqrt(baseline * (1 - baseline) + other * (1 - other))
    return math.ceil(((quantile(1 - alpha / 2) * null + quantile(power) * real) / effect) ** 2)

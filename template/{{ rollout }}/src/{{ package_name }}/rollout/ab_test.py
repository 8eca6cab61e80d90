"""Plan an experiment with two versions, or compare them: `ab-test --a 100/1000 --b 130/1000`."""

import argparse
import math
from statistics import NormalDist

from ..utils.logs import log

MIN_USERS = 100  # of each version: below that a share is not yet normal
Counts = tuple[int, int]  # successes, users


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Counts to compare, or a share to plan with; the difference, and the two errors."""
    parser.add_argument("--a", type=counts, help="SUCCESSES/USERS of A, such as 100/1000")
    parser.add_argument("--b", type=counts, help="the same of B")
    parser.add_argument("--baseline", type=float, help="to plan: the share of A")
    parser.add_argument("--effect", type=float, default=0.03, help="difference that matters")
    parser.add_argument("--alpha", type=float, default=0.05, help="false alarms, over all looks")
    parser.add_argument("--power", type=float, default=0.8, help="to plan: chance to see it")


def counts(text: str) -> Counts:
    """Successes and users; raises ValueError where that cannot be."""
    successes, n_users = map(int, text.split("/"))
    if not 0 <= successes <= n_users:
        raise ValueError(text)
    return successes, n_users


def run(args: argparse.Namespace) -> None:
    """Print the users to plan with, or the comparison; raises ValueError for a wrong value."""
    if args.effect <= 0 or not (0 < args.alpha < 1 and 0 < args.power < 1):
        raise ValueError("ab-test: effect must be above 0, alpha and power in (0, 1)")
    if args.baseline is not None:
        n = users(args.baseline, args.effect, args.alpha, args.power)
        return log("ab-test", f"{n} users per version, looked at once, at the end")
    if not (args.a and args.b) or min(args.a[1], args.b[1]) < MIN_USERS:
        raise ValueError(f"ab-test: --baseline, or --a and --b of {MIN_USERS} users each")
    difference, half, p = compare(args.a, args.b, args.effect, args.alpha)
    interval = f"[{difference - half:.4g}, {difference + half:.4g}]"
    log("ab-test", f"B - A {difference:+.4g} {interval} at every look; p {p:.3g}")
    text = "they differ" if p <= args.alpha else "not decided; collect more"
    log("", f"{text} (alpha {args.alpha:g})")


def users(baseline: float, effect: float, alpha: float, power: float) -> int:
    """Users per version to tell the share `baseline` from `baseline + effect`, two-sided.

    Source: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, ch. 4.
    """
    other = baseline + effect
    if not (0 < baseline < 1 and 0 < other < 1):
        raise ValueError("ab-test: baseline, and baseline + effect, must be in (0, 1)")
    middle, quantile = (baseline + other) / 2, NormalDist().inv_cdf
    null = math.sqrt(2 * middle * (1 - middle))
    real = math.sqrt(baseline * (1 - baseline) + other * (1 - other))
    return math.ceil(((quantile(1 - alpha / 2) * null + quantile(power) * real) / effect) ** 2)


def compare(a: Counts, b: Counts, effect: float, alpha: float) -> tuple[float, float, float]:
    """The mixture sequential ratio test of two shares: B - A, half its interval, the p-value.

    Both hold at every look. effect: standard deviation of the differences that are expected; it
    decides how soon a difference is seen, not how often there is a false alarm.
    Source: Johari, Pekelis and Walsh (2022), Always Valid Inference, Operations Research 70.
    """
    (share_a, n_a), (share_b, n_b) = ((successes / n, n) for successes, n in (a, b))
    difference = share_b - share_a
    variance = share_a * (1 - share_a) / n_a + share_b * (1 - share_b) / n_b
    variance = max(variance, 1e-300)
    mixed = variance + effect**2
    log_ratio = 0.5 * math.log(variance / mixed)
    log_ratio += effect**2 * difference**2 / (2 * variance * mixed)
    width = 2 * math.log(1 / alpha) + math.log(mixed / variance)
    half = math.sqrt(variance * mixed / effect**2 * width)
    return difference, half, math.exp(min(-log_ratio, 0.0))

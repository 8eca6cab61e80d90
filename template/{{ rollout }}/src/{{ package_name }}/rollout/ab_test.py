"""Compare two versions, at any number of looks: `ab-test --a 100/1000 --b 130/1000`."""

import argparse
import math

from ..utils.logs import log

MIN_USERS = 100  # of each version: below that a share is not yet normal
Counts = tuple[int, int]  # successes, users


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The counts of two versions."""
    text = "SUCCESSES/USERS, such as 100/1000"
    parser.add_argument("--a", type=counts, required=True, help=text)
    parser.add_argument("--b", type=counts, required=True, help="the same of the other one")
    parser.add_argument("--effect", type=float, default=0.03, help="expected; any is valid")
    parser.add_argument("--alpha", type=float, default=0.05, help="false alarms over all looks")


def counts(text: str) -> Counts:
    """Successes and users; raises ValueError where that cannot be."""
    successes, n_users = map(int, text.split("/"))
    if not 0 <= successes <= n_users:
        raise ValueError(text)
    return successes, n_users


def run(args: argparse.Namespace) -> None:
    """Print the comparison; raises ValueError where there are too few users of one version."""
    if min(args.a[1], args.b[1]) < MIN_USERS:
        raise ValueError(f"ab-test: {MIN_USERS} users of each version are needed")
    if args.effect <= 0 or not 0 < args.alpha < 1:
        raise ValueError("ab-test: effect must be above 0, alpha in (0, 1)")
    difference, half, p = compare(args.a, args.b, args.effect, args.alpha)
    interval = f"[{difference - half:.4g}, {difference + half:.4g}]"
    log("ab-test", f"B - A {difference:+.4g} {interval} at every look; p {p:.3g}")
    text = "they differ" if p <= args.alpha else "not decided; collect more"
    log("", f"{text} (alpha {args.alpha:g})")


def compare(a: Counts, b: Counts, effect: float, alpha: float) -> tuple[float, float, float]:
    """The mixture sequential ratio test of two shares: B - A, half its interval, the p-value.

    The interval holds at every look, and the p-value is always valid. effect: standard deviation of
    the differences that are expected; it decides how soon a difference is seen, not how often there
    is a false alarm.

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

"""Metrics and their values as people read them."""

from collections.abc import Mapping


def metric_text(metric: str) -> str:
    """The metric's name in words: `balanced accuracy`."""
    return metric.replace("_", " ")


def number_text(value: float | None) -> str:
    """Three decimals; one where the unit makes the number large, two digits where it is tiny."""
    if value is None:
        return "not defined"
    if 0 < abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"


def interval_text(value: Mapping[str, float | None]) -> str:
    """A value with its interval: `0.967 [0.931, 0.990]`."""
    if value["low"] is None:
        return number_text(value["value"])
    ends = f"[{number_text(value['low'])}, {number_text(value['high'])}]"
    return f"{number_text(value['value'])} {ends}"

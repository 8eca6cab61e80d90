"""What a learning curve shows: would more rows, or another model, help?"""

from .text import interval_text, number_text

SHARES = (0.1, 0.25, 0.5, 1.0)
# More rows cost time and hardly change the shape of the curve.
MAX_ROWS = 20_000
MIN_ROWS = 10
N_DRAWS = 100


def sizes(n_rows: int) -> list[int]:
    """Numbers of train rows to fit on, increasing."""
    limit = min(n_rows, MAX_ROWS)
    return sorted({min(limit, max(MIN_ROWS, round(share * limit))) for share in SHARES})


def summarize(
    gain: dict[str, float | None], gap: float, width: float, beats_baseline: bool
) -> dict[str, str]:
    """{"verdict", "sentence"} of a learning curve.

    gain: improvement on valid by the last doubling of rows, with its paired interval. gap: by how
    much train is better than valid. width: of valid's interval, the size of chance.
    """
    value, low, high = gain["value"], gain["low"], gain["high"]
    if value is None or low is None or high is None:
        return {"verdict": "unknown", "sentence": "the metric is not defined on fewer rows"}
    last = f"the last doubling of rows improved valid by {interval_text(gain)}"
    if low > 0:
        return {"verdict": "needs-data", "sentence": f"{last}: more data should help"}
    if not beats_baseline:
        advice = "not clearly better than the baseline: richer features or another model"
        return {"verdict": "under-fitting", "sentence": f"{last}; {advice}"}
    if gap > width:
        advice = f"train is {number_text(gap)} ahead: regularise, simplify or drop features"
        return {"verdict": "over-fitting", "sentence": f"{last}; {advice}"}
    return {"verdict": "flat", "sentence": f"{last}: no clear effect of more rows"}

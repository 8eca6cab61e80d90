"""Where the errors are, and what to look at first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import bounds, number, paragraph, table, text, whisker

ORDER = 65
TITLE = "Error analysis"
# A part that chance makes as bad in more than one of ten searches is no finding.
UNLIKELY = 0.1


def section(evaluation: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """Parts of the data with more errors, sure and wrong answers, rows nearly alike."""
    found = evaluation.get("error_analysis")
    if not found:
        return None
    shown = _sure(found["sure"]) if found["sure"] else ""
    return _spots(found) + _along(found) + shown + _near(found["near"])


def _spots(found: Mapping[str, Any]) -> str:
    spots, is_share = found["weak_spots"], found["error"].startswith("share")
    listed = sorted([*spots["one"], *spots["two"]], key=lambda one: one["by_chance"])
    n_found = sum(one["by_chance"] <= UNLIKELY for one in listed)
    verdict = (
        f"<strong>{n_found} of them have more errors than chance explains</strong>"
        if n_found
        else "<strong>none has more errors than chance explains</strong>"
    )
    said = (
        f"{spots['n_one']:,} parts of one column and {spots['n_two']:,} of two were searched for "
        f"errors; {verdict}. The dotted line is all rows together, "
        f"{_error(spots['error'], is_share)}. The last column says how often so wide a search "
        f"finds a part as bad where errors are dealt out at random."
    )
    scale = _scale(listed, spots["error"])
    rows = [
        [
            " and ".join(f"{text(w['column'])} {text(w['value'])}" for w in one["where"]),
            whisker({"value": one["error"], **_ends(one)}, scale, spots["error"]),
            f"{one['n_rows']:,}",
            _error(one["error"], is_share),
            f"{one['by_chance']:.0%}" if one["by_chance"] >= 0.005 else "under 1%",
        ]
        for one in listed[: max(3, n_found)]
    ]
    head = ["rows where", "", "rows", text(found["error"]), "by chance"]
    body = f'<div class="scroll">{table(head, rows, n_text=2)}</div>' if rows else ""
    return f"<h3>Weak spots</h3>{paragraph(said)}{body}"


def _along(found: Mapping[str, Any]) -> str:
    along = [one for one in found["along"] if one["differs"] > 0]
    is_share = found["error"].startswith("share")
    if not along:
        said = f"Along no column does the {text(found['error'])} change more than chance makes it."
        return f"<h3>Along a column</h3>{paragraph(said)}"
    overall = found["weak_spots"]["error"]
    scale = _scale([part for one in along for part in one["parts"]], overall)
    rows = [
        [
            text(one["column"]) if place == 0 else "",
            text(part["value"]),
            whisker({"value": part["error"], **_ends(part)}, scale, overall),
            f"{part['n_rows']:,}",
            f"{_error(part['error'], is_share)} {_bounds(part, is_share)}",
        ]
        for one in along
        for place, part in enumerate(one["parts"])
    ]
    said = f"The {text(found['error'])} where a column moves it, the strongest first."
    head = ["column", "part", "", "rows", "error"]
    inner = f'<div class="scroll">{table(head, rows, n_text=3)}</div>'
    return f"<h3>Along a column</h3>{paragraph(said)}{inner}"


def _sure(sure: Mapping[str, Any]) -> str:
    return _confident(sure) if "n_sure" in sure else _far(sure)


def _confident(sure: Mapping[str, Any]) -> str:
    n_wrong, expected = sure["n_wrong"], sure["n_expected"]
    # Twice the spread of a count of rare events around what was to be expected.
    too_many = n_wrong > expected + 2 * max(1.0, expected) ** 0.5
    verdict = (
        '<strong class="bad">It is surer than it should be.</strong>'
        if too_many
        else "So it is as sure as it may be."
    )
    said = (
        f"{sure['n_sure']:,} answers were given with a probability of {sure['sure']:.0%} or more; "
        f"{n_wrong} of them are wrong, where {expected:.1f} were to be expected. {verdict}"
    )
    rows = [
        [text(one["row"]), text(one["y_true"]), text(one["y_pred"]), f"{one['said_with']:.3f}"]
        for one in sure["rows"]
    ]
    body = table(["row", "true", "said", "with"], rows, n_text=3) if rows else ""
    return f"<h3>Sure and wrong</h3>{paragraph(said)}{body}"


def _far(sure: Mapping[str, Any]) -> str:
    said = (
        f"An error is usually about {number(sure['usual_error'])}. {sure['n_far']} rows are more "
        f"than three times as far off, where {sure['n_expected']:.1f} were to be expected; they "
        f"hold {sure['share_of_squared_error']:.0%} of all squared error."
    )
    rows = [
        [
            text(one["row"]),
            number(one["y_true"]),
            number(one["y_pred"]),
            f"{one['times_usual']:.1f}",
        ]
        for one in sure["rows"]
    ]
    body = table(["row", "true", "said", "times the usual error"], rows) if rows else ""
    return f"<h3>Far off</h3>{paragraph(said)}{body}"


def _near(near: Mapping[str, Any]) -> str:
    pairs, usual = near["pairs"], near["usual_distance"]
    title = "<h3>Nearly alike, answered differently</h3>"
    if not pairs:
        said = (
            "No row of test has another answer than its nearest neighbour in train or valid, if "
            "that one is nearer than neighbours usually are."
        )
        return title + paragraph(said)
    said = (
        "Rows of test whose nearest neighbour in train or valid has another answer, nearest first. "
        "One of the two labels may be wrong, or what tells them apart is not in the data."
    )
    rows = [
        [
            text(one["row"]),
            _shown(one["y_true"]),
            text(one["like_row"]),
            _shown(one["of_that"]),
            f"{one['distance'] / usual if usual else 0.0:.2f}",
        ]
        for one in pairs
    ]
    head = ["row", "its answer", "is like row", "whose answer is", "distance, 1 is usual"]
    return title + paragraph(said) + table(head, rows, n_text=4)


def _scale(listed: list[dict[str, Any]], overall: float) -> tuple[float, float]:
    ends = [one[end] for one in listed for end in ("low", "high")]
    return min([*ends, overall]), max([*ends, overall])


def _ends(one: Mapping[str, float]) -> dict[str, float]:
    return {"low": one["low"], "high": one["high"]}


def _error(value: float, is_share: bool) -> str:
    return f"{value:.1%}" if is_share else number(value)


def _bounds(one: Mapping[str, float], is_share: bool) -> str:
    if not is_share:
        return bounds(one)
    return f'<span class="bounds">[{one["low"]:.0%}, {one["high"]:.0%}]</span>'


def _shown(value: object) -> str:
    return number(value) if isinstance(value, float) else text(value)

"""A row to try the service with: the middle of train, which is nobody's row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from ..model.features import MISSING
from ..model.scorer import numeric_names

if TYPE_CHECKING:
    from ..dataloader.contract import Column
    from .loading import Release


def example_row(release: Release) -> dict[str, Any]:
    """One value a column, as a request holds it."""
    numbers, texts = release.reference["numbers"], release.reference["texts"]
    features = {column.name: column for column in release.contract.features}
    row: dict[str, Any] = {}
    for name, value in zip(numeric_names(release.columns), numbers, strict=True):
        row[name] = None if value is None else _cell(value, features[name])
    for name, text in zip(release.columns.categories, texts, strict=True):
        row[name] = None if text == MISSING else text
    return row


def _cell(value: float, column: Column) -> Any:
    if column.kind == "boolean":
        return value >= 0.5
    if column.kind == "date":
        return _written(datetime.fromtimestamp(value, UTC).replace(tzinfo=None), column.format)
    return value


def _written(moment: datetime, form: str | None) -> str:
    if form is None:
        return moment.isoformat()
    # Read as UTC: `%#z` says how a zone is read, and is not a way to write one.
    return str(pl.Series([moment]).dt.strftime(form.replace("%#z", "+00:00"))[0])

"""A made table of customers who leave or stay: dates, people with several rows each, and groups.

Used by test_production.py. The chance to leave follows from six columns and from nothing else, so
that each of them earns its keep and neither sex nor the calendar does.
"""

from __future__ import annotations

import csv
import math
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

FEATURES = ["region", "plan", "age", "calls", "usage_gb", "price"]
TARGET, LEFT = "left", {True: "yes", False: "no"}
REGIONS = {"north": 0.9, "south": -0.3, "west": -0.6}
PLANS = {"basic": 0.8, "family": -0.9, "business": 0.1}
ROWS_OF_A_CUSTOMER, DAYS = 3, 720

Row = dict[str, Any]


def customers(n_rows: int, seed: int, start: date) -> list[Row]:
    """Rows in order of time, each with its target. seed: names the customers too."""
    draw, found = random.Random(seed), []
    for number in range(n_rows):
        row = {
            "customer_id": f"c{seed}-{draw.randrange(n_rows // ROWS_OF_A_CUSTOMER):05}",
            "day": start + timedelta(days=number * DAYS // n_rows),
            "sex": draw.choice(["f", "m"]),
            "region": draw.choice(list(REGIONS)),
            "plan": draw.choice(list(PLANS)),
            "age": draw.randint(18, 80),
            "calls": draw.randint(0, 12),
            "usage_gb": round(draw.uniform(0, 40), 1),
            "price": round(draw.uniform(8, 40), 2),
        }
        found.append(row | {TARGET: LEFT[draw.random() < chance(row)]})
    return found


def chance(row: Row) -> float:
    """The probability that a customer leaves."""
    score = REGIONS[row["region"]] + PLANS[row["plan"]] - 0.05 * (row["age"] - 49)
    score += 0.35 * (row["calls"] - 6) - 0.07 * (row["usage_gb"] - 20)
    return 1 / (1 + math.exp(-1.5 * (score + 0.09 * (row["price"] - 24))))


def write(path: Path, rows: list[Row]) -> None:
    """A CSV file of rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

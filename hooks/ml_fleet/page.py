"""The fleet as one HTML page that opens anywhere."""

import html
import json
from collections.abc import Sequence
from pathlib import Path
from string import Template

from ml_fleet.row import Row, to_line
from ml_fleet.table import totals


def page(rows: Sequence[Row]) -> str:
    """The page as text: a template and one island of JSON."""
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    return template.substitute(totals=html.escape(totals(rows)), data=_island(rows))


def _island(rows: Sequence[Row]) -> str:
    """JSON that cannot end its own script element, whatever a name holds."""
    text = json.dumps([to_line(row) for row in rows], ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text

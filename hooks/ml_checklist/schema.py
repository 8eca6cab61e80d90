"""The shapes of the checklist's files as JSON Schema, for editors.

`python -m ml_checklist.schema DIR`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from ml_checklist import atomic
from ml_checklist.item_shapes import FACTS, ITEM, PROJECT, SECTION, TICK, TOMBSTONE, VIEW, WAIVER
from ml_checklist.overlay import OVERLAY
from ml_checklist.probe_shapes import PROBE
from ml_checklist.shapes import Shape
from ml_checklist.shapes_nested import Keys, ListOf

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class _ItemOrTombstone(Shape):
    """A living item, or what stays of a retired one."""

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [ITEM.schema(), TOMBSTONE.schema()]}


FILES: dict[str, Shape] = {
    "catalog": Keys(**SECTION, items=ListOf(_ItemOrTombstone(), 1)),
    "facts": FACTS,
    "view": VIEW,
    "tick": TICK,
    "waiver": WAIVER,
    "project": PROJECT,
    "overlay": OVERLAY,
}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file."""
    own = FILES[name].schema()
    probes = {"$defs": {"probe": PROBE.schema()}} if "#/$defs/probe" in str(own) else {}
    return {"$schema": _DRAFT, "title": name, **own, **probes}


def text(name: str) -> str:
    """The schema as the bytes of its file."""
    return json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write all schemas into a folder."""
    for name in FILES:
        atomic.write(folder / f"{name}.schema.json", text(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

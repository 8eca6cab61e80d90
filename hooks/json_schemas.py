"""Write the shapes of the checklist's files as JSON Schema, for editors.

`python hooks/json_schemas.py checklists/schema`
"""

import json
import sys
from pathlib import Path
from typing import Any

from ml_checklist import files
from ml_checklist.catalog import schema as shapes
from ml_checklist.probes import JOINS, PROBES
from ml_checklist.shapes import (
    Choice,
    Either,
    Keys,
    ListOf,
    Number,
    Shape,
    Table,
    Text,
    Truth,
    Whole,
)

DRAFT = "https://json-schema.org/draft/2020-12/schema"


class ItemOrTombstone(Shape):
    """A living item, or what stays of a retired one."""


FILES: dict[str, Shape] = {
    "catalog": Keys(**shapes.SECTION, items=ListOf(ItemOrTombstone(), 1)),
    "facts": shapes.FACTS,
    "view": shapes.VIEW,
    "tick": shapes.TICK,
    "waiver": shapes.WAIVER,
    "decline": shapes.DECLINE,
    "project": shapes.PROJECT,
    "overlay": shapes.OVERLAY,
}


def described(shape: Shape) -> dict[str, Any]:
    """One shape as JSON Schema."""
    match shape:
        case Text():
            return {"type": "string", "pattern": shape.pattern.pattern or r"\S"}
        case Choice():
            return {"enum": list(shape.words)}
        case Whole():
            return {"type": "integer", "minimum": shape.least}
        case Number():
            return {"type": "number"}
        case Truth():
            return {"type": "boolean"}
        case ListOf():
            return {"type": "array", "items": described(shape.shape), "minItems": shape.least}
        case Either():
            return {"anyOf": [described(each) for each in shape.shapes]}
        case Table():
            return {"type": "object", "additionalProperties": described(shape.shape)}
        case Keys():
            return _keys(shape)
        case ItemOrTombstone():
            return {"anyOf": [described(shapes.ITEM), described(shapes.TOMBSTONE)]}
        case shapes.ProbeShape():
            return {"$ref": "#/$defs/probe"}
    return {}


def _keys(shape: Keys) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key for key in shape.keys if key in shape.needed],
        "properties": {key: described(inner) for key, inner in shape.keys.items()},
    }


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file."""
    own = described(FILES[name])
    ways = (*map(shapes.joined, JOINS), *map(shapes.typed, PROBES))
    probe = {"$defs": {"probe": {"anyOf": [described(way) for way in ways]}}}
    used = probe if "#/$defs/probe" in str(own) else {}
    return {"$schema": DRAFT, "title": name, **own, **used}


def text(name: str) -> str:
    """The schema as the bytes of its file."""
    return json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write all schemas into a folder."""
    for name in FILES:
        files.write(folder / f"{name}.schema.json", text(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

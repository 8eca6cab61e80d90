"""Split a table into train, valid and test, before anything is fitted."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from ..configs.schema import Data, Split
from .read import ROW

PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Dealt:
    """Which part each row went to.

    part: in the table's order. cuts: the moments from which valid and test begin. fingerprint:
    changes when any row changes its part.
    """

    part: pl.Series
    fingerprint: str
    cuts: dict[str, str] = field(default_factory=dict)


def deal(table: pl.DataFrame, data: Data, cuts: Mapping[str, str] | None = None) -> Dealt:
    """Each row's part, by `data.split`. A row keeps its part when rows are added to the file.

    table: typed, with ROW. cuts: those of an earlier deal of the same file, kept.
    Raises ValueError if a row has no group or time, or a part stays empty.
    """
    if data.split.by == "time":
        dealt = _by_time(table, data.split, cuts or {})
    else:
        keys = keys_of(table, data)
        part = pl.Series("part", [_part_of(key, data.split) for key in keys])
        dealt = Dealt(part, _fingerprint(keys, part))
    if empty := [name for name in PARTS if not (dealt.part == name).any()]:
        raise ValueError(
            f"conf/default.yaml: data.split: no row is left for {', '.join(empty)}; "
            f"raise the shares, or choose another column than '{data.split.column}'"
        )
    return dealt


def keys_of(table: pl.DataFrame, data: Data) -> list[str]:
    """What a row is dealt by: its group, its id, or else all its values but the target.

    Without the target, two rows that differ in the answer only fall into one part: on both sides
    of the split they would give a model away that learnt rows by heart. Without the ignored
    columns, two rows that a model cannot tell apart fall into one part.
    """
    if data.split.by == "group":
        return _texts(_complete(table, str(data.split.column)))
    if data.id is not None:
        return _texts(table[data.id])
    values = table.drop(ROW, data.target, *set(data.ignore) - {data.target})
    return ["\x1f".join(map(repr, row)) for row in values.iter_rows()]


def _texts(cells: pl.Series) -> list[str]:
    return [str(value) for value in cells.to_list()]


def _part_of(key: str, split: Split) -> str:
    digest = hashlib.blake2b(f"{split.seed}:{key}".encode(), digest_size=8).digest()
    place = int.from_bytes(digest, "big") / 2**64
    return (
        "test" if place < split.test else "valid" if place < split.test + split.valid else "train"
    )


def _by_time(table: pl.DataFrame, split: Split, cuts: Mapping[str, str]) -> Dealt:
    """The last rows are test, those before them valid; rows of one moment stay together."""
    times = _complete(table, str(split.column))
    if not times.dtype.is_temporal():
        raise ValueError(
            f"conf/default.yaml: data.split.column: '{split.column}' holds no dates that can be "
            f"read, such as 2024-12-31; see docs/your-own-data.md"
        )
    moments = _texts(times)
    if not cuts:
        ordered = sorted(moments)
        valid_from = ordered[int(len(ordered) * (1 - split.valid - split.test))]
        cuts = {"valid": valid_from, "test": ordered[int(len(ordered) * (1 - split.test))]}
    part = pl.Series(
        "part",
        [
            "test" if m >= cuts["test"] else "valid" if m >= cuts["valid"] else "train"
            for m in moments
        ],
    )
    return Dealt(part, _fingerprint(moments, part), dict(cuts))


def _complete(table: pl.DataFrame, name: str) -> pl.Series:
    empty = table.filter(table[name].is_null())[ROW].to_list()
    if empty:
        raise ValueError(
            f"row {empty[0]}: {name} is empty ({len(empty)} rows), and data.split.column needs it "
            f"in every row"
        )
    return table[name]


def _fingerprint(keys: Iterable[str], part: pl.Series) -> str:
    lines = sorted(f"{key}\x1e{name}\n" for key, name in zip(keys, part.to_list(), strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def classes_unseen(target: pl.Series, part: pl.Series) -> list[str]:
    """Sentences on classes without a row in valid or test, where their result is not seen.

    Raises ValueError if a class has no row in train: it could not be learnt.
    """
    sentences = []
    for label in sorted(target.unique().to_list()):
        counts = {name: int(((target == label) & (part == name)).sum()) for name in PARTS}
        missing = [name for name in PARTS if not counts[name]]
        seen = f"class '{label}' of {target.name} has {sum(counts.values())} rows, none of them in"
        if PARTS[0] in missing:
            raise ValueError(
                f"{seen} {PARTS[0]}; merge it with another class, leave its rows out, or change "
                f"data.split"
            )
        sentences += [f"{seen} {' and '.join(missing)}"] if missing else []
    return sentences

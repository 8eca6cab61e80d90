"""How many rows each row group of a Parquet file has, from the file's footer.

polars tells nobody, and a slice that begins inside a group decodes what the slice before it did.
Source: apache/parquet-format, parquet.thrift and Thrift's compact protocol.
"""

from __future__ import annotations

from pathlib import Path

MAGIC = b"PAR1"
TAIL_BYTES = 8  # the footer's length and the magic
MAX_FOOTER_BYTES = 4 << 20  # a longer one takes longer to read here than it saves
FILE_ROW_GROUPS, GROUP_N_ROWS = 4, 3  # numbers of fields in parquet.thrift
TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
INTEGERS = (4, 5, 6)


def row_groups(path: Path) -> list[int] | None:
    """Rows by group, in order; None where the footer is too long, or is not what we know."""
    footer = _footer(path)
    if footer is None:
        return None
    try:
        return _Reader(footer).groups()
    except (IndexError, ValueError):
        return None


def _footer(path: Path) -> bytes | None:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != MAGIC or length > min(MAX_FOOTER_BYTES, size - TAIL_BYTES):
            return None
        file.seek(size - TAIL_BYTES - length)
        return file.read(length)


class _Reader:
    """Reads Thrift's compact protocol just far enough."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def groups(self) -> list[int]:
        """The numbers of rows, of a FileMetaData."""
        number = 0
        while step := self._field(number):
            number, kind = step
            if number == FILE_ROW_GROUPS:
                return [self._n_rows() for _ in range(self._length()[0])]
            self._skip(kind)
        raise ValueError("no row groups")

    def _n_rows(self) -> int:
        found, number = None, 0
        while step := self._field(number):
            number, kind = step
            if number == GROUP_N_ROWS:
                found = self._integer()
            else:
                self._skip(kind)
        if found is None:
            raise ValueError("a row group without its number of rows")
        return found

    def _field(self, before: int) -> tuple[int, int] | None:
        """Number and kind of the next field; None at the end of a struct."""
        head = self._byte()
        if not head:
            return None
        number = before + (head >> 4) if head >> 4 else self._integer()
        return number, head & 15

    def _length(self) -> tuple[int, int]:
        head = self._byte()
        return (head >> 4 if head >> 4 < 15 else self._varint()), head & 15

    def _skip(self, kind: int, *, listed: bool = False) -> None:
        if kind in (TRUE, FALSE):
            self.at += listed  # as a field its value is its kind
        elif kind in INTEGERS:
            self._varint()
        elif kind in (BYTE, DOUBLE):
            self.at += 1 if kind == BYTE else 8
        elif kind == BINARY:
            length = self._varint()  # moves on itself
            self.at += length
        elif kind in (LIST, SET):
            length, inner = self._length()
            for _ in range(length):
                self._skip(inner, listed=True)
        elif kind == STRUCT:
            number = 0
            while step := self._field(number):
                number, inner = step
                self._skip(inner)
        else:
            raise ValueError(f"kind {kind}")

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _byte(self) -> int:
        byte = self.data[self.at]
        self.at += 1
        return byte

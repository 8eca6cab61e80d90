"""What a file is known by, so that a job goes on with the same one."""

import hashlib
from pathlib import Path
from typing import Any

WHOLE_BYTES = 64 << 20
N_SAMPLES, SAMPLE_BYTES = 64, 1 << 16


def identity(path: Path, shown: str) -> dict[str, Any]:
    """Name, size and content of a file; raises ValueError if there is none.

    A file of up to 64 MiB is read whole. Of a larger one 4 MiB are, spread over it, and the time
    of its last change counts as well: to read everything twice would double the time on a slow
    disk.
    """
    if not path.is_file():
        raise ValueError(f"{shown}: no such file")
    size, changed = path.stat().st_size, path.stat().st_mtime_ns
    digest = hashlib.sha256()
    with path.open("rb") as file:
        if size <= WHOLE_BYTES:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        else:
            for place in range(N_SAMPLES):
                file.seek(place * (size - SAMPLE_BYTES) // (N_SAMPLES - 1))
                digest.update(file.read(SAMPLE_BYTES))
    return {
        "file": shown,
        "size_bytes": size,
        "content": digest.hexdigest(),
        "changed_ns": None if size <= WHOLE_BYTES else changed,
    }

"""The index of all images: the hash of each, and facts that `prepare` looks at."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from ..utils import images
from ..utils.files import sha256_of_file

PATH, HASH = "path", "sha256"
GRID = (8, 9)  # of the difference hash
SCHEMA = {
    PATH: pl.String,
    HASH: pl.String,
    "bytes": pl.Int64,
    "format": pl.String,
    "mode": pl.String,
    "width": pl.Int64,
    "height": pl.Int64,
    "metadata": pl.Int64,
    "spread": pl.Float64,
    "edge": pl.Float64,
    "look": pl.String,
}


def facts_of(paths: Sequence[str]) -> pl.DataFrame:
    """One row an image: SCHEMA. Raises ValueError that names each image that cannot be read.

    metadata: entries of its EXIF. spread: standard deviation of its grey values. edge: their mean
    along the border. look: a hash that nearly equal images share.
    """
    found, wrong = [], []
    for path in paths:
        try:
            found.append(_facts(path))
        except images.ERRORS as error:
            wrong.append(f"{path}: {images.reason(error)}")
    if wrong:
        more = [f"and {len(wrong) - 5} more images"] if len(wrong) > 5 else []
        raise ValueError("\n".join([*wrong[:5], *more]))
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


def _facts(path: str) -> tuple[Any, ...]:
    content = images.read_bytes(path)
    with Image.open(io.BytesIO(content), formats=images.FORMATS) as raw:
        kind, mode, n_entries = raw.format, raw.mode, len(raw.getexif())
    image = images.open_image(content)
    grey = images.to_array(image, (64, 64), 1)[0].astype(float)
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).mean()
    digest = hashlib.sha256(content).hexdigest()
    size = (image.width, image.height)
    about = (len(content), kind, mode, *size, n_entries)
    return (path, digest, *about, float(grey.std()), float(edge), look(image))


def look(image: Image.Image) -> str:
    """Whether each pixel of a small copy is brighter than its neighbour; 64 bits as text.

    Source: Krawetz (2013), Kind of Like That, hackerfactor.com.
    """
    small = images.to_array(image, GRID, 1)[0].astype(int)
    return np.packbits(small[:, 1:] > small[:, :-1]).tobytes().hex()


def changed_images(root: Path, index: Path) -> list[str]:
    """Paths of the index whose file is missing or has another content."""
    table = pl.read_csv(index, schema=SCHEMA)
    known = [(root / path, digest) for path, digest in table[[PATH, HASH]].rows()]
    same = [path.is_file() and sha256_of_file(path) == digest for path, digest in known]
    return table[PATH].filter(~pl.Series(same, dtype=pl.Boolean)).to_list()

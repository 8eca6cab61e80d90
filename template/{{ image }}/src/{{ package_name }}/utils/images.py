"""Read images: files below the project, or the text of a request."""

import base64
import io
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from .files import project_root

Array = NDArray[Any]
# A cell of a request begins with it; all others are paths, which a request can never name.
INLINE = "data:;base64,"
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
MAX_BYTES = 20_000_000
MAX_CHARACTERS = len(INLINE) + MAX_BYTES * 4 // 3 + 4  # as base64
MAX_PIXELS = 40_000_000  # 160 MB once decoded; a small file can hold far more
MODES = {1: "L", 3: "RGB"}  # number of channels -> Pillow's name
WHITE = (255, 255, 255, 255)  # behind transparent pixels
ERRORS = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


def read_bytes(cell: str) -> bytes:
    """The file of a cell; raises OSError or ValueError where there is none, or it is too large."""
    if cell.startswith(INLINE):
        return base64.b64decode(cell[len(INLINE) :], validate=True)
    path = project_root() / cell
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"has more than {MAX_BYTES:,} bytes")
    return path.read_bytes()


def open_image(content: bytes) -> Image.Image:
    """The decoded image, upright; raises one of ERRORS where it is broken or too large."""
    found = Image.open(io.BytesIO(content), formats=FORMATS)
    if found.width * found.height > MAX_PIXELS:
        raise ValueError(f"has more than {MAX_PIXELS:,} pixels")
    found.load()
    return ImageOps.exif_transpose(found)


def to_array(image: Image.Image, size: tuple[int, int], channels: int) -> Array:
    """uint8, shape (channels, height, width), red first; size: height and width in pixels.

    Sixteen bits become eight, transparent pixels white; the ratio of the sides is not kept.
    """
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) // 256).clip(0, 255).astype(np.uint8))
    if image.mode in ("P", "PA", "LA", "La", "RGBa", "RGBA") or "transparency" in image.info:
        above = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", above.size, WHITE), above)
    image = image.convert(MODES[channels])
    if image.size != size[::-1]:
        image = image.resize(size[::-1], Image.Resampling.BILINEAR, reducing_gap=3.0)
    values = np.asarray(image, dtype=np.uint8)
    return values.reshape(*size, channels).transpose(2, 0, 1)


def read_array(cell: str, size: tuple[int, int], channels: int) -> Array:
    """The pixels of a cell; raises ValueError that names the path and what is wrong."""
    try:
        return to_array(open_image(read_bytes(cell)), size, channels)
    except ERRORS as error:
        raise ValueError(f"{shown(cell)}: {reason(error)}") from error


def brightness(cell: str | None) -> tuple[float, float] | tuple[None, None]:
    """Mean and standard deviation of the grey values; None where the image cannot be read."""
    if cell is None or problem(cell) is not None:
        return None, None
    grey = read_array(cell, (64, 64), 1)
    return float(grey.mean()), float(grey.std())


def problem(cell: str) -> str | None:
    """What is wrong with the image of a cell, or None. An unchanged file is decoded once."""
    if cell.startswith(INLINE):
        return _problem(cell)
    try:
        found = (project_root() / cell).stat()
    except OSError as error:
        return reason(error)
    return _problem_of_file(cell, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=200_000)
def _problem_of_file(cell: str, changed: int, n_bytes: int) -> str | None:
    return _problem(cell)


def _problem(cell: str) -> str | None:
    try:
        open_image(read_bytes(cell))
    except ERRORS as error:
        return reason(error)
    return None


def from_request(text: str) -> str:
    """The cell of a request's base64 text, which never is a path; raises ValueError."""
    plain = text.partition("base64,")[2] if text.startswith("data:") else text
    try:
        content = base64.b64decode(plain, validate=True)
    except ValueError as error:  # of binascii, or of a letter that is no ASCII
        raise ValueError("must be the file of an image as base64 text") from error
    cell = INLINE + base64.b64encode(content).decode("ascii")
    if (wrong := problem(cell)) is not None:
        raise ValueError(f"must be an image that can be read: {wrong}")
    return cell


def to_cell(cell: str) -> str:
    """The cell with the content of its file."""
    return INLINE + base64.b64encode(read_bytes(cell)).decode("ascii")


def shown(cell: str) -> str:
    """A cell as messages name it: its path, or that it is of a request."""
    return "image of a request" if cell.startswith(INLINE) else cell


def reason(error: Exception) -> str:
    """What is wrong, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "no such file; paths are relative to the project folder"
    if isinstance(error, UnidentifiedImageError):
        return f"not an image of {', '.join(FORMATS)}"
    return str(error).partition("\n")[0] or type(error).__name__


def pixels_of(values: Array) -> Image.Image:
    """An image of uint8 values, shape (channels, height, width)."""
    return Image.fromarray(values[0] if len(values) == 1 else values.transpose(1, 2, 0))


def as_png(image: Image.Image) -> bytes:
    """The file of an image."""
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()

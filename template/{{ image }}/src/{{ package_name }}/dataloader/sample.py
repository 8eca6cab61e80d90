"""Find the images: the built-in sample, a folder a class, or a CSV of paths."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from ..configs.settings import Config, Data
from ..utils.files import replacing
from ..utils.images import FORMATS, as_png, pixels_of
from ..utils.logs import log
from .examples import INDEX, to_examples
from .facts import HASH, changed_images, facts_of
from .sources import ORIGINAL, find_file, read_table

SAMPLE, DIGITS = "sample", ORIGINAL / "digits"
ORIGIN = "Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits,"
ORIGIN += " https://doi.org/10.24432/C50P49, as part of scikit-learn"
LICENCE = "CC BY 4.0"
SUFFIXES = {f".{name.lower()}" for name in FORMATS} | {".jpg", ".tif"}
READ_ONLY = 0o444


def with_sample(config: Config, root: Path, replace: bool) -> Data:
    """The data settings with the files to read: a table of images, and the index of all of them.

    The sample is written where it is asked for. A folder becomes a table of path and class.
    Raises ValueError that names images that are broken, missing or, unless replace, changed.
    """
    data = config.data
    if data.file == SAMPLE:
        write_sample(root)
        named = {"origin": data.origin or ORIGIN, "licence": data.licence or LICENCE}
        data = data.model_copy(update={"file": DIGITS.as_posix(), **named})
    if (root / data.file).is_dir():
        data = data.model_copy(update={"file": _list_folder(data, root)})
    index = ORIGINAL / f"{Path(data.file).stem}.{INDEX}.csv"
    paths = image_paths(data, root)
    if not replace and (root / index).is_file() and (names := changed_images(root, root / index)):
        what = f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}"
        raise ValueError(
            f"{what}: missing or changed since `prepare` read it; restore it, or if that is "
            f"meant, run `prepare --replace`"
        )
    _write(root / index, facts_of(paths))
    for path in paths:
        if (root / path).is_relative_to(root / ORIGINAL):
            (root / path).chmod(READ_ONLY)
    return data.model_copy(update={"files": {**data.files, INDEX: index.as_posix()}})


def image_paths(data: Data, root: Path) -> list[str]:
    """The images of a folder, or of a CSV; paths below root are relative to it."""
    if (root / data.file).is_dir():
        return [_path(path, root) for path in _images_in(root / data.file)]
    table = to_examples(read_table(find_file(root, data.file), data.file), data, to_predict=False)
    return table[data.image].drop_nulls().unique(maintain_order=True).to_list()


def write_sample(root: Path) -> None:
    """The digits of scikit-learn as PNG files, in a folder a class; files that are there stay."""
    if (root / DIGITS).is_dir():
        return
    from sklearn.datasets import load_digits

    bunch = load_digits()
    values = (bunch["images"] * 255 / 16).round().astype(np.uint8)
    for number, (pixels, label) in enumerate(zip(values, bunch["target"], strict=True)):
        path = root / DIGITS / str(label) / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_png(pixels_of(pixels[None])))


def _list_folder(data: Data, root: Path) -> str:
    """Write the table of a folder that has a folder a class; returns its path in the project.

    With data.duplicates: drop, of images with one content the first one stays.
    """
    folder = root / data.file
    found = _images_in(folder)
    labelled = [(p, p.relative_to(folder).parts) for p in found]
    if not found or any(len(parts) < 2 for _, parts in labelled):
        odd = next((str(p) for p, parts in labelled if len(parts) < 2), data.file)
        raise ValueError(f"{odd}: images belong in a folder a class, as in {data.file}/cat/1.jpg")
    paths = [_path(path, root) for path in found]
    classes = [parts[0] for _, parts in labelled]
    table = pl.DataFrame({data.image: paths, data.target: classes})
    if data.duplicates == "drop":
        hashes = facts_of(paths)[HASH]
        table = table.filter(hashes.is_first_distinct())
        log("prepare", f"{len(paths) - len(table)} images repeat another one and are left out")
    kind = "unique" if data.duplicates == "drop" else "classes"
    file = (ORIGINAL / f"{folder.name}.{kind}.csv").as_posix()
    _write(root / file, table)
    return file


def _images_in(folder: Path) -> list[Path]:
    """In an order that tells nothing of the class."""
    found = [p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()]
    return sorted(found, key=lambda p: sha256(p.relative_to(folder).as_posix().encode()).digest())


def _path(path: Path, root: Path) -> str:
    return (path.relative_to(root) if path.is_relative_to(root) else path.resolve()).as_posix()


def _write(path: Path, table: pl.DataFrame) -> None:
    with replacing(path) as temporary:
        table.write_csv(temporary)

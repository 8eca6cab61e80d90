"""Save and load a model without pickle, which would run code on loading."""

from pathlib import Path
from typing import Any

from ..utils.files import read_json, replacing, sha256_of_file, write_json
from .dates import DateParts

MODEL = "model.skops"
DESCRIPTION = "model.json"

# What skops does not trust by itself and our models hold; nothing else is ever loaded.
TRUSTED = (
    "numpy.dtype",
    f"{DateParts.__module__}.{DateParts.__qualname__}",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


def save(folder: Path, model: Any, description: dict[str, Any]) -> dict[str, Any]:
    """Write the model and what is needed to use it; returns file, sha256 and size_bytes."""
    import skops.io

    path = folder / MODEL
    with replacing(path) as temporary:
        skops.io.dump(model, temporary)
    facts = {
        "file": MODEL,
        "sha256": sha256_of_file(path),
        "size_bytes": path.stat().st_size,
    }
    write_json(folder / DESCRIPTION, facts | description)
    return facts


def load(folder: Path) -> tuple[Any, dict[str, Any]]:
    """The model and its description.

    Raises ValueError if a file is missing, is not the one that was saved, or holds a type that no
    model of ours holds.
    """
    import skops.io

    for path in (folder / MODEL, folder / DESCRIPTION):
        if not path.is_file():
            raise ValueError(f"{path}: no such file; only {MODEL} files of `train` are loaded")
    description = dict(read_json(folder / DESCRIPTION))
    digest = sha256_of_file(folder / MODEL)
    if digest != description["sha256"]:
        raise ValueError(
            f"{folder / MODEL}: not the file that `train` wrote (sha256 {digest[:12]}, expected "
            f"{description['sha256'][:12]}); train again"
        )
    found = skops.io.get_untrusted_types(file=folder / MODEL)
    if odd := sorted(set(found) - set(TRUSTED)):
        raise ValueError(f"{folder / MODEL}: holds {', '.join(odd)}, which no model of ours holds")
    return skops.io.load(folder / MODEL, trusted=found), description

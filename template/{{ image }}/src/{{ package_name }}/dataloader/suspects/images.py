"""What looks wrong with images: copies, blanks, sizes, shortcuts, labels and groups."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ...configs.settings import Data
from ...utils.images import read_array
from ...utils.suspects import Severity, Suspect, codes, named, sample
from ..facts import HASH, PATH

N_SAMPLE, N_FITTED, N_FOLDS = 10_000, 3_000, 5
MIN_SPREAD = 2.0  # standard deviation of grey values, of 255
N_BITS, MAX_DIFFERENCE, SIDE = 3, 0.003, 16  # of the hash; 1 - correlation of small copies
# Fact of a file -> how it is named.
FACTS = {"bytes": "size in bytes", "format": "format", "mode": "colour mode", "width": "width"}
FACTS |= {"height": "height", "metadata": "number of EXIF entries", "edge": "border"}
SHORT_CUT, LEAK = 0.93, 0.98  # area under the ROC curve of one class against the others
AT_EDGE = "edge"  # an object may touch it, so that it warns from LEAK on
MIN_ROWS, MIN_CLASS, MIN_GROUPS = 50, N_FOLDS, 5
SURE, MIN_WRONG, MIN_SHARE = 0.05, 5, 0.01  # probability of the own class; images, of train
SMALL = 16  # side of the images that the quick model of `labels` sees
Rows = pl.DataFrame  # path, target, part, and the facts of each image


def copies(rows: Rows, data: Data) -> Iterator[Suspect]:
    """Images with the same content: a leak across parts, a fault with two classes."""
    of = pl.col("part", "target").n_unique().over(HASH)
    twice = rows.with_columns(of.name.suffix("s")).filter(pl.len().over(HASH) > 1).sort(HASH)
    if not len(twice):
        return
    across, torn = (twice.filter(pl.col(name) > 1) for name in ("parts", "targets"))
    evidence = f"{len(twice) - twice[HASH].n_unique()} images repeat another one"
    severity: Severity = "leak" if len(across) else "warn"
    shown = across if len(across) else twice
    if len(across):
        evidence += f", {across[HASH].n_unique()} of them in another part"
    evidence += f", such as {' and '.join(shown[PATH][:2])}"
    fix = "delete the copies; for a folder a class: data.duplicates: drop"
    yield Suspect([data.image], "duplicates", severity, len(twice), evidence, fix)
    if len(torn):
        evidence = f"{len(torn)} images are of one content and not of one {data.target}, such as "
        evidence += " and ".join(torn[PATH][:2])
        yield Suspect([data.target], "labels", "warn", len(torn), evidence, "correct the labels")


def near_copies(rows: Rows, data: Data) -> Iterator[Suspect]:
    """Images that hardly differ, in two parts: neighbours of a film, or one picture saved twice."""
    some = sample(rows.unique(HASH, maintain_order=True), N_SAMPLE)
    hashes = some["look"].map_elements(lambda one: int(one, 16), return_dtype=pl.UInt64).to_numpy()
    part, found = codes(some["part"]), []
    for place in range(len(some)):
        near = np.bitwise_count(hashes[place + 1 :] ^ hashes[place]) <= N_BITS
        other = part[place + 1 :] != part[place]
        found += [(place, place + 1 + int(n)) for n in np.flatnonzero(near & other)]
    pairs = [(some[PATH][a], some[PATH][b]) for a, b in found[:N_FITTED]]
    alike = [pair for pair in pairs if _difference(*pair) < MAX_DIFFERENCE]
    if alike:
        evidence = f"{len(alike)} pairs of images in two parts hardly differ, such as "
        evidence += " and ".join(alike[0])
        fix = "data.split: {by: group, column: ...}, such as the scene"
        yield Suspect([data.image], "near copies", "warn", 2 * len(alike), evidence, fix)


def _difference(*paths: str) -> float:
    """1 - correlation of the grey values of two images; brightness and contrast do not matter."""
    first, second = (read_array(path, (SIDE, SIDE), 1).ravel().astype(float) for path in paths)
    if min(first.std(), second.std()) < MIN_SPREAD:
        return 1.0  # blank ones have a suspicion of their own
    return float(1 - np.corrcoef(first, second)[0, 1])


def blanks(rows: Rows, data: Data) -> Iterator[Suspect]:
    """Images of one colour."""
    blank = rows.filter(pl.col("spread") < MIN_SPREAD)
    if len(blank):
        evidence = f"{len(blank)} images show nothing, such as {named(blank[PATH][:2].to_list())}"
        yield Suspect([data.image], "blank", "warn", len(blank), evidence, "leave them out")


def sizes(rows: Rows, data: Data) -> Iterator[Suspect]:
    """Images that are far wider or taller than the others, or smaller than data.image_size."""
    ratio = rows["width"] / rows["height"]
    off = (ratio.log() - ratio.log().median()).abs() > np.log(2)
    small = (rows["height"] < data.image_size[0] / 2) | (rows["width"] < data.image_size[1] / 2)
    for odd, what in ((off, "of other proportions"), (small, "much smaller than data.image_size")):
        if n_rows := int(odd.sum()):
            evidence = f"{n_rows} images are {what}, such as {rows[PATH].filter(odd)[0]}"
            fix = "cut or leave them out, or change data.image_size"
            yield Suspect([data.image], "sizes", "ask", n_rows, evidence, fix)


def shortcuts(rows: Rows, data: Data) -> Iterator[Suspect]:
    """Facts of the files that tell the class: a format, a size, a border, a camera's entries."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict
    from sklearn.tree import DecisionTreeClassifier

    some = sample(rows, N_SAMPLE)
    classes, y = np.unique(some["target"].to_numpy(), return_inverse=True)
    if len(y) < MIN_ROWS or len(classes) < 2 or np.bincount(y).min() < MIN_CLASS:
        return
    for name in [name for name in FACTS if some[name].n_unique() > 1]:
        model = DecisionTreeClassifier(max_leaf_nodes=2 * len(classes), class_weight="balanced")
        X = _numbers(some[name])[:, None]
        score = cross_val_predict(model, X, y, cv=N_FOLDS, method="predict_proba")
        areas = [roc_auc_score(y == k, column) for k, column in enumerate(score.T)]
        best = int(np.argmax(areas))
        if areas[best] > (LEAK if name == AT_EDGE else SHORT_CUT):
            severity: Severity = "leak" if areas[best] > LEAK and name != AT_EDGE else "warn"
            evidence = f"the {FACTS[name]} alone tells images of {data.target} {classes[best]}: "
            evidence += f"area under the ROC curve {areas[best]:.2f}"
            fix = "save all images alike, and cut what is no part of the object"
            yield Suspect([data.image], "leak", severity, len(rows), evidence, fix)


def labels(rows: Rows, data: Data) -> Iterator[Suspect]:
    """Images of train that a linear model of other images is sure are of another class.

    Sure: the other class is as probable as it is for its own images on average.
    Source: Northcutt, Jiang and Chuang (2021), Confident Learning, JAIR 70.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    some = sample(rows, N_FITTED)
    classes, y = np.unique(some["target"].to_numpy(), return_inverse=True)
    if len(y) < MIN_ROWS or len(classes) < 2 or np.bincount(y).min() < MIN_CLASS:
        return
    pixels = [read_array(path, (SMALL, SMALL), data.channels).ravel() for path in some[PATH]]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    X = np.array(pixels, dtype=np.float32)
    score = cross_val_predict(model, X, y, cv=N_FOLDS, method="predict_proba")
    own = score[np.arange(len(y)), y]
    usual = np.array([score[y == k, k].mean() for k in range(len(classes))])
    wrong = np.flatnonzero((own < SURE) & (score >= usual).any(axis=1))
    if len(wrong) < max(MIN_WRONG, MIN_SHARE * len(y)):
        return
    worst = wrong[np.argsort(own[wrong])]
    shown = [f"{some[PATH][int(i)]} (like {classes[score[i].argmax()]})" for i in worst[:3]]
    evidence = f"{len(wrong)} of {len(y)} images of train look like another {data.target} than "
    evidence += f"theirs: {', '.join(shown)}"
    yield Suspect([data.target], "labels", "ask", len(wrong), evidence, "look at these images")


def _numbers(cells: pl.Series) -> Any:
    is_text = cells.dtype == pl.String
    return (codes(cells) if is_text else cells.fill_null(0).to_numpy()).astype(np.float64)


def groups(others: pl.DataFrame, part: pl.Series) -> Iterator[Suspect]:
    """Columns such as patient or scene, with images of one value in several parts."""
    for cells in others:
        if cells.dtype not in (pl.String, pl.Float64) or cells.name.startswith("_"):
            continue
        known = pl.DataFrame({"value": cells, "part": part}).drop_nulls()
        n_parts = known.group_by("value").agg(pl.len(), pl.col("part").n_unique())
        repeated = n_parts.filter(pl.col("len") > 1)
        if len(repeated) < MIN_GROUPS or len(repeated) < 0.5 * len(n_parts):
            continue
        if across := int((repeated["part"] > 1).sum()):
            evidence = f"images of one {cells.name} are in several parts, for {across} of "
            evidence += f"{len(n_parts)} values; images of one patient or scene resemble each other"
            fix = f"data.split: {{by: group, column: {cells.name}}}"
            yield Suspect([cells.name], "groups", "warn", len(known), evidence, fix)

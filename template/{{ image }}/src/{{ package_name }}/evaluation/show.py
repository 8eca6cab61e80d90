"""Pictures for the report: the worst errors, and which pixels a network looked at."""

import base64
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..configs.settings import Data
from ..utils import images

Array = NDArray[Any]
ROW = "_row"
SIDE = 96  # of a picture, in pixels of the page
N_ATTRIBUTED, N_STEPS = 8, 16
MAX_SIMILAR = 0.5  # correlation with the same from a network of random weights


def show(data: Data, model: Any, train: pl.DataFrame, worst: pl.DataFrame) -> dict[str, Any]:
    """`examples`: a picture for each of the worst rows. `section`: what a network looked at."""
    from markupsafe import Markup

    wrong = zip(worst[ROW], worst[data.image], strict=True)
    examples = {row: Markup(_thumbnail(cell)) for row, cell in wrong}
    section = ""
    if hasattr(model.estimator, "module"):
        some = [worst.head(N_ATTRIBUTED // 2), train.sample(min(len(train), N_ATTRIBUTED), seed=0)]
        rows = pl.concat([part.select(data.image) for part in some]).head(N_ATTRIBUTED)
        section = _attributions(model, rows, data.image)
    return {"examples": examples, "section": Markup(section)}


def _attributions(model: Any, rows: pl.DataFrame, image: str) -> str:
    X = model.matrix(rows)
    found = integrated_gradients(model.estimator.module(), X)
    random = integrated_gradients(randomised(model.estimator), X)
    similar = float(np.corrcoef(found.ravel(), random.ravel())[0, 1])
    text = "It differs from that of a network with random weights"
    if not abs(similar) < MAX_SIMILAR:
        text = "It is too much like that of a network with random weights to say anything"
    cells = [_thumbnail(cell) + _heat(one) for cell, one in zip(rows[image], found, strict=True)]
    body = "".join(f"<span>{cell}</span> " for cell in cells)
    note = f"Integrated gradients of the predicted class, in absolute values. {text} "
    note += f"(correlation {similar:.2f}; Adebayo and others 2018)."
    return f'<h2>Where the network looked</h2><p class="note">{note}</p><p>{body}</p>'


def integrated_gradients(module: Any, X: Array) -> Array:
    """By how much each pixel moved the predicted class, or the number; shape (n, height, width).

    From the mean colour of each image to the image, in N_STEPS steps; absolute values, summed over
    the channels. Source: Sundararajan, Taly and Yan (2017), Axiomatic Attribution for Deep
    Networks, ICML.
    """
    import torch

    values = torch.from_numpy(X).float()
    begin = values.mean(dim=(2, 3), keepdim=True).expand_as(values)
    with torch.no_grad():
        chosen = module(values).argmax(dim=1, keepdim=True)
    total = torch.zeros_like(values)
    for step in range(N_STEPS):
        share = (step + 0.5) / N_STEPS
        at = (begin + share * (values - begin)).requires_grad_()
        (gradient,) = torch.autograd.grad(module(at).gather(1, chosen).sum(), at)
        total += gradient / N_STEPS
    moved = ((values - begin) * total).abs().sum(dim=1)
    return np.asarray(moved.numpy())


def randomised(estimator: Any) -> Any:
    """The network with weights as at the beginning of training.

    Source: Adebayo and others (2018), Sanity Checks for Saliency Maps, NeurIPS.
    """
    import copy

    import torch

    module = copy.deepcopy(estimator.module())
    torch.manual_seed(0)
    for layer in module.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return module


def _thumbnail(cell: str) -> str:
    try:
        image = images.open_image(images.read_bytes(cell))
    except images.ERRORS as error:
        return images.reason(error)
    image.thumbnail((SIDE, SIDE))
    small = images.to_array(image, (image.height, image.width), 3)
    return _picture(images.as_png(images.pixels_of(small)), cell)


def _heat(values: Array) -> str:
    """White where nothing moved the prediction, dark blue where most did."""
    share = values / max(float(values.max()), 1e-12)
    colours = [(1 - share * (1 - c / 255)) * 255 for c in (31, 111, 178)]
    pixels = np.array(colours).round().astype(np.uint8)
    return _picture(images.as_png(images.pixels_of(pixels)), "what moved the prediction")


def _picture(content: bytes, text: str) -> str:
    from markupsafe import escape

    code = base64.b64encode(content).decode("ascii")
    style = f"height: {SIDE}px; image-rendering: pixelated"
    return f'<img src="data:image/png;base64,{code}" alt="{escape(text)}" style="{style}">'

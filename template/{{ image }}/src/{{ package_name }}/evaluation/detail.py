"""Pictures for the report: the worst errors, and which pixels a network looked at."""

import base64
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup
from numpy.typing import NDArray

from ..utils import images
from ..utils.predictions import Predictions

Array = NDArray[Any]
ROW = "_row"
SIDE = 96  # of a picture, in pixels of the page
N_ATTRIBUTED, N_STEPS = 8, 16


def detail(
    context: Any, test: pl.DataFrame, predicted: Predictions, worst: pl.DataFrame
) -> dict[str, Any]:
    """`shown`, for the page alone: pictures of the worst rows, and what a network looked at.

    context: the run. worst: the rows of test with the largest errors.
    """
    model, train, image = context.model, context.train, context.config.data.image
    pictures = {row: _thumbnail(cell) for row, cell in zip(worst[ROW], worst[image], strict=True)}
    shown: dict[str, Any] = {"examples": pictures}
    if hasattr(model.estimator, "module"):
        some = [worst.head(N_ATTRIBUTED // 2), train.sample(min(len(train), N_ATTRIBUTED), seed=0)]
        rows = pl.concat([part.select(image) for part in some]).head(N_ATTRIBUTED)
        shown |= attributions(model, rows, image)
    return {"shown": shown}


def attributions(model: Any, rows: pl.DataFrame, image: str) -> dict[str, Any]:
    """looked_at: for each row its picture, and that of what moved the prediction.

    likeness: correlation with the same of a network with random weights. Near 1 they say nothing.
    Source: Adebayo and others (2018), Sanity Checks for Saliency Maps, NeurIPS.
    """
    X = model.matrix(rows)
    module = model.estimator.module()
    found, random = (integrated_gradients(one, X) for one in (module, randomised(module)))
    likeness = float(np.corrcoef(found.ravel(), random.ravel())[0, 1])
    pairs = [(_thumbnail(cell), _heat(one)) for cell, one in zip(rows[image], found, strict=True)]
    return {"looked_at": pairs, "likeness": likeness}


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


def randomised(module: Any) -> Any:
    """The network with weights as at the beginning of training."""
    import copy

    import torch

    other = copy.deepcopy(module)
    torch.manual_seed(0)
    for layer in other.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return other


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
    code = base64.b64encode(content).decode("ascii")
    style = f"height: {SIDE}px; image-rendering: pixelated"
    return Markup('<img src="data:image/png;base64,{}" alt="{}" style="{}">').format(
        code, text, style
    )

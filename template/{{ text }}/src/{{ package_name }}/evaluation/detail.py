"""What the page of a report shows of the texts: the worst errors, and what decides."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from ..utils.predictions import Predictions
from ..utils.suspects import sample
from ..utils.words import names_of_hashes, texts

N_CHARACTERS, N_ITEMS, N_TEXTS, MIN_COUNT = 300, 12, 10, 5
N_SAMPLE = 2_000  # texts of train whose n-grams are named


def detail(
    context: Any, test: pl.DataFrame, predicted: Predictions, worst: pl.DataFrame
) -> dict[str, Any]:
    """`shown`, for the page alone. examples: row -> its text, cut; and the words that decide.

    context: the run. worst: the rows of test with the largest errors.
    """
    model, text = context.model, context.config.data.text
    cut = texts(worst[text].str.slice(0, N_CHARACTERS))
    shown: dict[str, Any] = {"examples": dict(zip(worst["_row"].to_list(), cut, strict=True))}
    if hasattr(model.estimator, "coef_"):
        shown["weights"] = weights(model, texts(sample(context.train, N_SAMPLE)[text]))
    elif model.preprocessor.native and len(worst):
        shown |= attributions(model, worst.head(N_TEXTS))
    return {"shown": shown}


def weights(model: Any, some: list[str]) -> list[dict[str, Any]]:
    """For each class, or for the number, the n-grams of `some` that speak most for it."""
    names = names_of_hashes(some, MIN_COUNT)
    found = np.atleast_2d(model.estimator.coef_)[:, list(names)]
    if len(found) == 1:
        found = np.vstack([-found, found])
    labels = ["a lower number", "a higher number"]
    if model.classes is not None:
        labels = [model.classes[int(code)] for code in model.estimator.classes_]
    return [
        {"label": label, "items": _top([*names.values()], row)}
        for label, row in zip(labels, found, strict=True)
    ]


def _top(names: Sequence[str], values: Any) -> list[tuple[str, float]]:
    places = np.argsort(-values, kind="stable")[:N_ITEMS]
    return [(names[i], float(values[i])) for i in places]


def attributions(model: Any, rows: pl.DataFrame) -> dict[str, Any]:
    """tokens: for each text those that speak most for its prediction; likeness: of the check.

    likeness: correlation with the attributions of the same network with shuffled weights. Near 1
    they say nothing about what it has learnt.
    Source: Adebayo and others (2018), Sanity Checks for Saliency Maps, arXiv:1810.03292.
    """
    import torch

    network = model.estimator.module()[0]
    if not hasattr(network, "encoded"):  # a network of yours without embeddings
        return {}
    ids = torch.from_numpy(model.matrix(rows))
    trained = integrated_gradients(network, ids).numpy()
    random = integrated_gradients(_shuffled(network), ids).numpy()
    seen = (ids != 0).numpy()
    likeness = np.corrcoef(np.abs(trained[seen]), np.abs(random[seen]))[0, 1]
    tokens = model.preprocessor.tokens_
    found = [
        {"row": row, "items": _top([tokens[i] for i in one], values)}
        for row, one, values in zip(rows["_row"], ids, trained, strict=True)
    ]
    return {"tokens": found, "likeness": float(likeness)}


def _shuffled(network: Any) -> Any:
    """The same network with the weights of each layer in random order."""
    import torch

    other, generator = copy.deepcopy(network), torch.Generator().manual_seed(0)
    for weight in other.parameters():
        order = torch.randperm(weight.numel(), generator=generator)
        weight.data = weight.data.flatten()[order].view_as(weight)
    return other


def integrated_gradients(network: Any, ids: Any, n_steps: int = 20) -> Any:
    """What each token adds to the output that is predicted; shape (n, length).

    From padding to the text, in steps along the embeddings; the sum over the tokens is nearly the
    difference of the outputs.
    Source: Sundararajan and others (2017), Axiomatic Attribution for Deep Networks, ICML.
    """
    import torch

    with torch.no_grad():
        x, empty = network.embeddings(ids), network.embeddings(torch.zeros_like(ids))
        chosen = network(ids).argmax(dim=1)
    total = torch.zeros_like(x)
    for step in range(n_steps):
        point = (empty + (step + 0.5) / n_steps * (x - empty)).requires_grad_()
        outputs = network.encoded(point, ids != 0).gather(1, chosen[:, None])
        total += torch.autograd.grad(outputs.sum(), point)[0]
    return ((x - empty) * total / n_steps).sum(dim=2)

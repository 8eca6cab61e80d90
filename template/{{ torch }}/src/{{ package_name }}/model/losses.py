"""The losses that can be chosen: add yours to LOSSES."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]  # outputs, targets -> one value an example


def cross_entropy(outputs: Tensor, y: Tensor, *, smoothing: float = 0.0) -> Tensor:
    """outputs: logits, shape (n, n_classes). y: codes, shape (n,).

    Source: Szegedy and others (2016), Rethinking the Inception Architecture, arXiv:1512.00567.
    """
    return functional.cross_entropy(outputs, y, reduction="none", label_smoothing=smoothing)


def focal(outputs: Tensor, y: Tensor, *, gamma: float = 2.0) -> Tensor:
    """Cross-entropy that counts examples less the surer they are.

    Source: Lin and others (2017), Focal Loss for Dense Object Detection, arXiv:1708.02002.
    """
    found = functional.cross_entropy(outputs, y, reduction="none")
    return found * (1 - (-found).exp()) ** gamma


def dice(outputs: Tensor, y: Tensor) -> Tensor:
    """One minus the overlap of probabilities and class.

    Source: Milletari and others (2016), V-Net, arXiv:1606.04797.
    """
    share = outputs.softmax(dim=1)
    hit = share.gather(1, y[:, None])[:, 0]
    return 1 - 2 * hit / (share.square().sum(dim=1) + 1)


def contrastive(outputs: Tensor, y: Tensor, *, temperature: float = 0.1) -> Tensor:
    """Cross-entropy, and the distance to examples of the same class in the batch.

    Source: Khosla and others (2020), Supervised Contrastive Learning, arXiv:2004.11362.
    """
    unit = functional.normalize(outputs, dim=1)
    alike = (unit @ unit.T) / temperature
    alike = alike.masked_fill(torch.eye(len(y), dtype=torch.bool, device=y.device), -1e9)
    same = (y[:, None] == y[None, :]).float().fill_diagonal_(0)
    chances = alike.log_softmax(dim=1)
    return cross_entropy(outputs, y) - (same * chances).sum(1) / same.sum(1).clamp(min=1)


def huber(outputs: Tensor, y: Tensor, *, delta: float = 1.0) -> Tensor:
    """Squared below delta standard deviations of the target, linear above; outputs: (n, 1).

    Source: Huber (1964), Robust Estimation of a Location Parameter.
    """
    return functional.huber_loss(outputs[:, 0], y, reduction="none", delta=delta)


def squared(outputs: Tensor, y: Tensor) -> Tensor:
    """Squared error; outputs: shape (n, 1). The prediction is a mean."""
    return (outputs[:, 0] - y).square()


def quantile(outputs: Tensor, y: Tensor, *, level: float = 0.5) -> Tensor:
    """The prediction is the quantile of that level.

    Source: Koenker and Bassett (1978), Regression Quantiles.
    """
    above = y - outputs[:, 0]
    return torch.maximum(level * above, (level - 1) * above)


# Name -> (task, function); keywords of a function are keys of `models.network.loss_options`.
LOSSES: dict[str, tuple[str, Callable[..., Tensor]]] = {
    "cross_entropy": ("classification", cross_entropy),
    "focal": ("classification", focal),
    "dice": ("classification", dice),
    "contrastive": ("classification", contrastive),
    "squared": ("regression", squared),
    "huber": ("regression", huber),
    "quantile": ("regression", quantile),
}


def build_loss(name: str, options: dict[str, Any]) -> Loss:
    """The loss of that name; raises ValueError where an option is not its own."""
    function = LOSSES[name][1]
    try:
        inspect.signature(function).bind(None, None, **options)
    except TypeError as error:
        where = "conf/default.yaml: models.network.loss_options"
        raise ValueError(f"{where}: {name} has {error}") from error
    return partial(function, **options)

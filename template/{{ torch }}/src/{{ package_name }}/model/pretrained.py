"""Begin with weights from a local file, in place of random ones."""

from pathlib import Path

import torch
from torch import Tensor, nn

from ..utils.logs import log

FILE = "model.safetensors"  # in a folder
KEY = "conf/default.yaml: models.network.weights"
N_SHOWN = 8


def load_weights(network: nn.Module, path: Path) -> list[str]:
    """Take each weight whose name and shape the file has; returns the names of the others.

    path: a .safetensors file, or a folder with FILE. Names in it may begin with that of a module
    around the network, such as `bert.`. Raises ValueError where there is no such file, or no weight
    of it fits.
    """
    from safetensors.torch import load_file

    file = path / FILE if path.is_dir() else path
    if file.suffix != ".safetensors" or not file.is_file():
        raise ValueError(f"{KEY}: no such .safetensors file: '{file}'")
    own, found = network.state_dict(), _without_prefix(load_file(file))
    fitting = {n: v for n, v in found.items() if n in own and own[n].shape == v.shape}
    if not fitting:
        raise ValueError(f"{KEY}: none of {len(found)} weights in {file} has a name and shape here")
    with torch.no_grad():
        network.load_state_dict(fitting, strict=False)
    others = [name for name in own if name not in fitting]
    more = f" and {len(others) - N_SHOWN} more" if len(others) > N_SHOWN else ""
    log("", f"weights   {len(fitting)} of {len(own)} from {file}")
    if others:
        log("", f"          random: {', '.join(_described(n, own, found) for n in others[:N_SHOWN])}{more}")
    return others


def _without_prefix(found: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names without the first part, where it is the same of all that belong to the encoder."""
    shorter = {name.partition(".")[2]: value for name, value in found.items() if "." in name}
    return {**shorter, **found}


def _described(name: str, own: dict[str, Tensor], found: dict[str, Tensor]) -> str:
    if name not in found:
        return name
    return f"{name} (shape {tuple(own[name].shape)}, in the file {tuple(found[name].shape)})"

"""Begin with the weights of a file, to fine-tune them."""

from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from ..utils.files import project_root
from ..utils.logs import log
from ..utils.suspects import named


def load_weights(network: nn.Module, path: str) -> list[str]:
    """Copy the layers of a safetensors file that have the same name and shape; print the others.

    Names may begin with that of the network in the file, such as `bert.`. Returns the names that
    stay as they were. Raises ValueError where the file has no layer of this network.
    """
    own = network.state_dict()
    # A network may take the weights of another one, whose layers have other names.
    renamed: Callable[..., dict[str, Tensor]] = getattr(network, "renamed", dict)
    found = renamed(read_weights(path))
    shorter = {name.partition(".")[2]: name for name in found}
    names = {n: n if n in found else shorter[n] for n in own if n in found or n in shorter}
    fitting = {n: found[name] for n, name in names.items() if found[name].shape == own[n].shape}
    if not fitting:
        known = f"it has {named(list(found))}, the network {named(list(own))}"
        raise ValueError(f"{path}: no layer has the name and shape of one of the network; {known}")
    network.load_state_dict(own | fitting)
    rest = [name for name in own if name not in fitting]
    log("train", f"{len(fitting)} of {len(own)} weights are from {path}")
    unused = sorted(found.keys() - {names[name] for name in fitting})
    for some, what in ((rest, "begin anew"), (unused, "are not used")):
        if some:
            log("", f"{named(some)} {what}")
    return rest


def read_weights(path: str) -> dict[str, Tensor]:
    """Name -> weights of a safetensors file below the project, which holds no code."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    place = Path(project_root(), path)
    if not place.is_file():
        raise ValueError(f"conf/default.yaml: models.network.weights: no such file: '{path}'")
    try:
        return dict(load_file(place))
    except SafetensorError as error:
        raise ValueError(f"{path}: not a file of safetensors: {error}") from error

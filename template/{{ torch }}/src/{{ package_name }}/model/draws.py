"""Random numbers of augmentation, which depend on seed, epoch and example alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# n -> numbers in [0, 1), shape (n_examples, n); the same ones however often it is called.
Draws = Callable[[int], Tensor]
Augment = Callable[[Tensor, Draws], Tensor]  # examples of train -> changed ones
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
N_BITS = 24  # a float32 holds as many


def uniforms(seed: int, epoch: int, index: Tensor, n: int) -> Tensor:
    """Numbers in [0, 1) that depend on the arguments alone; shape (len(index), n), float32.

    Neither the order of the batches, nor the number of processes, nor a resume changes them.
    Source: Steele, Lea and Flood (2014), Fast Splittable Pseudorandom Number Generators.
    """
    key = _mixed(np.array([seed % 2**64], dtype=np.uint64)) + np.uint64(epoch)
    place = index.numpy().astype(np.uint64)[:, None] * np.uint64(n) + np.arange(n, dtype=np.uint64)
    bits = _mixed(_mixed(key) + place * GOLDEN) >> np.uint64(64 - N_BITS)
    return torch.from_numpy(bits.astype(np.float32) / np.float32(2**N_BITS))


def _mixed(x: NDArray[Any]) -> NDArray[Any]:
    for shift, factor in ROUNDS:
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(x ^ (x >> np.uint64(31)))

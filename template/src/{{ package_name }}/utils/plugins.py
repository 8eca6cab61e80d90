"""Modules that are found by their file: a new file in a folder is a new part."""

import importlib
import pkgutil
from types import ModuleType


def modules_of(package: ModuleType) -> list[ModuleType]:
    """The modules of a package whose names begin with a letter, by name; imports them."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    public = [name for name in names if not name.startswith("_")]
    return [importlib.import_module(f"{package.__name__}.{name}") for name in public]


def name_of(module: ModuleType) -> str:
    """A module's name without its packages: the name of its file."""
    return module.__name__.rpartition(".")[2]

"""Compare the names and addresses that the sources give with what the catalog holds."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ml_checklist import yaml_io
from ml_checklist.catalog.items import Catalog

HERE = Path(__file__).parent


class Kept(NamedTuple):
    """What became of the names, or addresses, of the sources."""

    present: list[str]
    replaced: list[str]
    lost: list[str]


def listed(name: str) -> list[dict[str, str]]:
    """The committed list of the sources: `options` or `addresses`."""
    return list(yaml_io.load(HERE / f"sources/{name}.yml", f"{name}.yml"))


def replaced() -> list[dict[str, str]]:
    """Every name or address that something living has replaced."""
    paths = sorted((HERE / "trail").glob("replaced.*.yml"))
    return [entry for path in paths for entry in yaml_io.load(path, path.name) or ()]


def options(catalog: Catalog) -> Kept:
    """Whether each name of the sources is an option or a method of the catalog."""
    held = {plain(name) for name in names(catalog)}
    return _kept([entry["name"] for entry in listed("options")], lambda n: plain(n) in held)


def addresses(catalog: Catalog) -> Kept:
    """Whether each address of the sources stands in the catalog."""
    held = {bare(url) for url in urls(catalog)}
    return _kept([entry["url"] for entry in listed("addresses")], lambda url: bare(url) in held)


def _kept(wanted: list[str], holds: Any) -> Kept:
    successors = {entry["was"] for entry in replaced()}
    absent = [each for each in wanted if not holds(each)]
    return Kept(
        [each for each in wanted if holds(each)],
        [each for each in absent if each in successors],
        [each for each in absent if each not in successors],
    )


def names(catalog: Catalog) -> Iterator[str]:
    """The name of every option and method."""
    for item in catalog.items.values():
        for field in ("options", "methods"):
            yield from (each["name"] for each in item.data.get(field) or ())


def titles(catalog: Catalog) -> Iterator[str]:
    """The title of every reference."""
    for item in catalog.items.values():
        yield from (each["title"] for each in item.data.get("refs") or ())


def urls(catalog: Catalog) -> Iterator[str]:
    """Every address in the catalog."""
    waiting: list[Any] = [item.data for item in catalog.items.values()]
    while waiting:
        data = waiting.pop()
        if isinstance(data, dict):
            waiting += [value for key, value in data.items() if key != "url"]
            yield from [data["url"]] if "url" in data else []
        elif isinstance(data, list):
            waiting += data


def plain(name: str) -> str:
    """A name without case and punctuation, so that `Scikit learn` is scikit-learn."""
    return re.sub(r"[\s_.-]", "", name.lower())


def bare(url: str) -> str:
    """An address without the empty anchor and slash at its end."""
    return url.rstrip("/#")

"""Every name and address of the sources is in the catalog, or something living replaced it."""

from pathlib import Path

import pytest
from ml_checklist.catalog.load import load

from tests.catalog import source_lists

CATALOG = load(Path(__file__).resolve().parents[2] / "checklists")
KEPT = {
    "options": source_lists.options(CATALOG),
    "addresses": source_lists.addresses(CATALOG),
}


@pytest.mark.parametrize("kind", KEPT)
def test_nothing_of_the_sources_is_lost(kind):
    assert KEPT[kind].lost == []


@pytest.mark.parametrize(("kind", "least"), [("options", 219), ("addresses", 221)])
def test_the_list_of_the_sources_is_whole(kind, least):
    key = "name" if kind == "options" else "url"
    listed = [entry[key] for entry in source_lists.listed(kind)]

    assert len(listed) == len(set(listed)) >= least


@pytest.mark.parametrize("kind", KEPT)
def test_most_stand_as_the_sources_gave_them(kind):
    kept = KEPT[kind]

    assert len(kept.present) / (len(kept.present) + len(kept.replaced)) >= 0.8


def test_every_successor_stands_in_the_catalog():
    held = {source_lists.bare(url) for url in source_lists.urls(CATALOG)}
    held |= {source_lists.plain(name) for name in source_lists.names(CATALOG)}
    held |= {source_lists.plain(title) for title in source_lists.titles(CATALOG)}
    absent = [
        entry["now"]
        for entry in source_lists.replaced()
        if not {source_lists.bare(entry["now"]), source_lists.plain(entry["now"])} & held
    ]

    assert absent == []

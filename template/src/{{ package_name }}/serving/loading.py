"""A registered model with all that is needed to answer with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..configs.contract import CONTRACT, ContractRules
from ..configs.load import load
from ..dataloader.contract import Contract
from ..model import registry, store
from ..model.features import Columns
from ..model.scorer import ENTRY, columns_of
from ..utils.files import read_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..model.scorer import Scorer

FALLBACK = "fallback.json"
GOLDEN = "golden.json"


@dataclass(frozen=True)
class Release:
    """What a version says of itself; its model is not in memory yet.

    contract: how cells are read. rules: what they must hold. fallback: what is answered where the
    model cannot. reference: the middle of train, `numbers` and `texts` in the order of a Scorer.
    """

    folder: Path
    facts: dict[str, Any]
    contract: Contract
    rules: ContractRules
    columns: Columns
    classes: list[str] | None
    fallback: dict[str, Any]
    reference: dict[str, list[Any]]

    @classmethod
    def of(cls, place: Path, name: str = registry.CHAMPION) -> Release:
        """The version that `name` stands for in a project, or the one in a folder of models/.

        Raises ValueError that says what to run where there is none.
        """
        entry = _entry(place, name)
        description = dict(read_json(entry.folder / store.DESCRIPTION))
        return cls(
            folder=entry.folder,
            facts=entry.facts,
            contract=Contract.from_json(description["contract"]),
            rules=load(entry.folder, Path(CONTRACT).name, ContractRules),
            columns=columns_of(description),
            classes=description["classes"],
            fallback=dict(read_json(entry.folder / FALLBACK)),
            reference=dict(read_json(entry.folder / registry.REFERENCE)),
        )

    @property
    def version(self) -> str:
        """The number in models/, as text."""
        return str(self.facts["version"])

    def middle(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The reference as the two matrices of one row."""
        numbers, texts = registry.Entry(self.folder, self.facts).reference()
        return numbers.reshape(1, -1), texts.reshape(1, -1)

    def load_scorer(self) -> Scorer:
        """The model itself; raises ValueError if its file is missing or is another one."""
        from ..model.scorer import Scorer

        return Scorer.load(self.folder)


@dataclass(frozen=True)
class Loaded(Release):
    """A release whose model is in memory."""

    scorer: Scorer

    @classmethod
    def of(cls, place: Path, name: str = registry.CHAMPION) -> Loaded:
        """Release and model; raises what either of them raises."""
        release = Release.of(place, name)
        return cls(**vars(release), scorer=release.load_scorer())


def _entry(place: Path, name: str) -> registry.Entry:
    path = place / ENTRY
    if path.is_file():
        return registry.Entry(place, dict(read_json(path)))
    return registry.find(place, name)

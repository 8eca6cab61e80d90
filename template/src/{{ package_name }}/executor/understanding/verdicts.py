"""Does each feature earn its keep? Written to where the checklist reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...configs.features import PATH, Features
from ...utils.files import write_json
from .pages import parts_of
from .subject import REPORTS

if TYPE_CHECKING:
    from .subject import Subject

IMPORTANCE = "importance.json"
KEEP, BECAUSE, DROP = "keep", "keep-because", "drop"


def check_names(features: Features, known: tuple[str, ...]) -> None:
    """Raise ValueError where conf/features.yaml names a feature that the model does not have."""
    import difflib

    for key, names in features.named().items():
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = (
                    f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known[:20])}"
                )
                raise ValueError(f"{PATH}: {key}: the model has no feature '{name}'; {hint}")


def write(subject: Subject, features: Features) -> dict[str, Any]:
    """Write reports/importance.json from what explain (and ablate) left beside the run."""
    parts = parts_of(subject.root, subject.run)
    explanations, ablation = parts["explanations"], parts.get("ablation")
    floor, every = explanations["floor"], explanations["global"]
    content = subject.header() | {
        "metric": explanations["metric"],
        "by": "permutation importance" if ablation is None else "permutation importance and refits",
        "features": [_feature(one, floor, ablation, features) for one in every],
    }
    write_json(subject.root / REPORTS / IMPORTANCE, content)
    return content


def _feature(
    one: dict[str, Any], floor: float, ablation: dict[str, Any] | None, features: Features
) -> dict[str, Any]:
    name = one["feature"]
    dropped = name in ablation["drop"] if ablation else one["importance"] <= floor
    reason = features.keep_because.get(name)
    found = {"name": name, "importance": one["importance"], "floor": floor}
    if ablation:
        unit = next(unit for unit in ablation["units"] if name in unit["features"])
        found["left_out"] = {"with": len(unit["features"]) - 1, **unit["cost"]["fine"]}
    if not dropped:
        return found | {"verdict": KEEP}
    return found | ({"verdict": BECAUSE, "reason": reason} if reason else {"verdict": DROP})

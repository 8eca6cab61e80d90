"""The projects that the tests look at: scaffold x ci, and the components; small answers apart."""

from collections.abc import Iterator
from typing import Any

# What a project of scaffold mvp does not have by itself.
ALL = ["worker", "explain", "fairness", "drift", "runs", "mlflow", "docs", "monitor", "rollout"]
ALL += ["retrain", "govern", "audit", "inspect", "operate"]
# Not in ALL, whose projects are installed: the default build of PyTorch is gigabytes.
LEARNERS = ["torch", "lightgbm", "xgboost", "ray"]
ROWS: dict[str, dict[str, Any]] = {
    "poc-github": {"scaffold": "poc", "ci": "github", "owner": "@org/team"},
    "poc-none-batch": {"scaffold": "poc", "ci": "none", "components": ["batch", "explain"]},
    "mvp-github-all": {
        "scaffold": "mvp",
        "ci": "github",
        "task": "regression",
        "components": ALL,
    },
    "mvp-gitlab": {"scaffold": "mvp", "ci": "gitlab", "owner": "@org/team"},
    "production-github": {"scaffold": "production", "ci": "github", "owner": "@org/team"},
    "checklist-github": {"scaffold": "checklist", "ci": "github"},
    "checklist-gitlab": {"scaffold": "checklist", "ci": "gitlab"},
}
# Kind of data -> components that it never has, as components.yml says.
LACKS = {
    "image": ["explain", "inspect", "lightgbm", "xgboost"],
    "text": ["explain", "inspect"],
    "series": ["inspect", "govern"],
}


def kinds() -> Iterator[tuple[str, dict[str, Any]]]:
    """Nine rows in which any two of kind, scaffold, ci and components meet."""
    ci = ["github", "gitlab", "none"]
    for place, (kind, lacks) in enumerate(LACKS.items()):
        chosen = [[], LEARNERS, ALL]
        for other, scaffold in enumerate(("poc", "mvp", "production")):
            components = [one for one in chosen[(place + 2 * other) % 3] if one not in lacks]
            answers = {"data": kind, "scaffold": scaffold, "ci": ci[(place + other) % 3]}
            yield f"{kind}-{scaffold}", {**answers, "components": components}


# Rendered and never installed.
NOT_INSTALLED: dict[str, dict[str, Any]] = {
    "poc-none-learners": {"scaffold": "poc", "ci": "none", "components": LEARNERS},
    **dict(kinds()),
}
# Answers that touch a few files: tried one by one.
SMALL: list[dict[str, str]] = [
    {"licence": "Apache-2.0"},
    {"licence": "BSD-3-Clause"},
    {"licence": "proprietary"},
    {"task": "regression"},
    {"owner": "@org/team"},
    {"project_name": "Class"},
    {"description": "says \"yes\" \\ or 'no': #1 {a} 模型 🚲"},
    {"author": 'O\'Neil & Söhne <"x">'},
]

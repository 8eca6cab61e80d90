"""The projects that the tests look at: scaffold x ci, and the components; small answers apart."""

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
# Rendered and never installed.
NOT_INSTALLED = {"poc-none-learners": {"scaffold": "poc", "ci": "none", "components": LEARNERS}}
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

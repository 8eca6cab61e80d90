"""Rows of answers: every pair of values of any two questions stands in some row."""

from collections import OrderedDict

from allpairspy import AllPairs

VALUES = OrderedDict(
    task=["classification", "regression"],
    ci=["github", "gitlab", "none"],
    licence=["MIT", "Apache-2.0", "BSD-3-Clause", "proprietary"],
    owner=["", "@org/team"],
    project_name=["Churn Model", "Class"],
    description=["A machine-learning project", "says \"yes\" \\ or 'no': #1 {a} 模型 🚲"],
    scaffold=["poc", "mvp", "checklist"],
    tracker=["ledger", "mlflow"],
    queue=["none", "redis"],
)


def pairwise() -> list[dict[str, str]]:
    """About a dozen rows that cover each pair of values."""
    return [dict(zip(VALUES, row, strict=True)) for row in AllPairs(list(VALUES.values()))]


def name(row: dict[str, str]) -> str:
    """A short name for a test's title."""
    return "-".join(
        str(row[q]).split()[0] or "none" for q in ("scaffold", "task", "ci", "licence") if row[q]
    )

"""What the code ran on: Python, platform, versions."""

import platform
from importlib import metadata
from typing import Any

# Those that can change a number. The lock file names the rest.
PACKAGES = ("numpy", "omegaconf", "plotly", "polars", "pydantic", "scikit-learn", "scipy", "skops")


def describe() -> dict[str, Any]:
    """Python's version, the platform and the versions of the packages that matter."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

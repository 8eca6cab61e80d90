"""A project whose contract is derived anew from its file, whatever the repository's own says."""

from pathlib import Path

import pytest
from conftest import Project, copy_of

_made: dict[Path, Project] = {}


def agreed_on(shared: Project, temporary: pytest.TempPathFactory) -> Project:
    """The shared project, prepared under the contract that its train part gives. Made once."""
    if shared.root not in _made:
        project = copy_of(shared, temporary.mktemp("agreed") / "project")
        (project.root / "conf" / "contract.yaml").unlink(missing_ok=True)
        (project.root / "data" / "profile.json").unlink(missing_ok=True)
        for command in ("contract", "prepare"):
            project.do(command)
        _made[shared.root] = project
    return _made[shared.root]

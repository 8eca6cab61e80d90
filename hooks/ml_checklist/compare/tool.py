"""Whether changed files of the tool and its catalog are those of the template version it names."""

import re
import tempfile
from pathlib import Path

from ml_checklist import gitrepo, origin
from ml_checklist.files import blob_id

JUDGE = ("hooks/", "checklist/catalog/")
# The bot's branch: where the template's own repository cannot be read, an update is known by it.
BRANCH = "refs/remotes/origin/template-update"
_VERSION = re.compile(r"[0-9A-Za-z][\w.+-]*")
_HOSTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}


def tampered(home: Path, base: Path, changed: list[str]) -> list[str]:
    """Files of the judge that changed and are not the template's own at the version named.

    base: the files of the base; its answers say where the template is.
    """
    files = [name for name in changed if name.startswith(JUDGE) and "__pycache__" not in name]
    if not files or not (base / "checklist/catalog").is_dir():
        return []
    before, now = origin.read(base), origin.read(home)
    # An older tool knows fewer attacks, and Copier does not go back either.
    newer = _number(now.version) >= _number(before.version)
    if before.version == now.version or not newer or not _VERSION.fullmatch(now.version):
        return files
    known = _at_source(before.source, now.version)
    if not known and origin.version_at(home, BRANCH) == now.version:
        known = _blobs(home, BRANCH)
    return [name for name in files if not _same(home, name, known)]


def _number(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version.partition("-")[0])]


def _same(home: Path, name: str, known: dict[str, str]) -> bool:
    """Whether a file is as the template has it; one that is deleted must be gone there too."""
    path = home / name
    # The template keeps the catalog in another folder, and some files of the tool deeper down.
    ends = (f"/{name}", f"/{name.replace('checklist/catalog/', 'checklists/', 1)}")
    ids = {blob for place, blob in known.items() if f"/{place}".endswith(ends)}
    # Behind a link it would be another file with the next change of the link's target.
    if not known or path.resolve() != home.resolve() / name:
        return False
    return blob_id(path.read_bytes()) in ids if path.is_file() else not ids


def _at_source(source: str, version: str) -> dict[str, str]:
    """Path -> blob of the template at a version; empty where that cannot be found out."""
    folder = Path(source).expanduser()
    if not source:
        return {}
    if folder.is_absolute():
        return _blobs(folder, version.rpartition("-g")[2]) if folder.is_dir() else {}
    address = source.replace(source[:3], _HOSTS.get(source[:3], source[:3]), 1)
    with tempfile.TemporaryDirectory(prefix="ml-checklist-") as name:
        place = Path(name)
        gitrepo.git(place, "init", "--quiet", "--bare")
        options = ("--quiet", "--depth=1", "--no-tags", "--end-of-options")
        gitrepo.git(place, "fetch", *options, address, f"refs/tags/{version}")
        return _blobs(place, "FETCH_HEAD")


def _blobs(place: Path, revision: str) -> dict[str, str]:
    listed = gitrepo.names(place, "ls-tree", "-r", "-z", "--end-of-options", revision) or ()
    pairs = (line.partition("\t") for line in listed)
    return {path: meta.split()[2] for meta, _, path in pairs}

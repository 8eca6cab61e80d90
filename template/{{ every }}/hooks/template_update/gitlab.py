"""The merge request of an update on GitLab, by REST; TEMPLATE_UPDATE_TOKEN is its token."""

import json
import os
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from .shell import TemplateError

TOKEN = "TEMPLATE_UPDATE_TOKEN"
TIMEOUT_S = 60


def credentials() -> list[str]:
    """Options by which git reads the token from the environment, not from a command line."""
    helper = f'!f() {{ echo username=oauth2; echo "password=${TOKEN}"; }}; f'
    return ["-c", "credential.helper=", "-c", f"credential.helper={helper}"]


def remote() -> str:
    """Where to push: `origin` carries the job's own token, which may only read."""
    return f"{os.environ['CI_SERVER_URL']}/{os.environ['CI_PROJECT_PATH']}.git"


def _ask(method: str, path: str, data: dict[str, Any] | None = None) -> Any:
    if not os.environ.get(TOKEN):
        remedy = "store a project access token with the scopes api and write_repository"
        raise TemplateError(f"{TOKEN} is not set; {remedy}")
    project = f"{os.environ['CI_API_V4_URL']}/projects/{os.environ['CI_PROJECT_ID']}"
    headers = {"PRIVATE-TOKEN": os.environ[TOKEN], "Content-Type": "application/json"}
    body = None if data is None else json.dumps(data).encode()
    request = Request(f"{project}/merge_requests{path}", body, headers, method=method)
    try:
        with urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise TemplateError(f"GitLab answers {error.code} to {method} merge_requests") from None


def _merge_requests(update: dict[str, Any], state: str) -> list[dict[str, Any]]:
    query = {"source_branch": update["branch"], "target_branch": update["base"], "state": state}
    listed: list[dict[str, Any]] = _ask("GET", f"?{urlencode(query)}")
    return listed


def declined(update: dict[str, Any]) -> bool:
    """Whether somebody closed this very version without merging it."""
    titles = [str(one["title"]) for one in _merge_requests(update, "closed")]
    return update["title"] in [title.removeprefix("Draft: ") for title in titles]


def show(update: dict[str, Any], text: str) -> str:
    """Open the merge request, or update the open one; returns what was done."""
    title = f"Draft: {update['title']}" if update["draft"] else update["title"]
    fields = {"title": title, "description": text}
    found = _merge_requests(update, "opened")
    if found:
        _ask("PUT", f"/{found[0]['iid']}", fields)
        return f"refreshed !{found[0]['iid']}"
    where = {"source_branch": update["branch"], "target_branch": update["base"]}
    one = _ask("POST", "", {**where, **fields, "remove_source_branch": True})
    return str(one["web_url"])

"""The one shape in which the service says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .direct import in_json

if TYPE_CHECKING:
    from fastapi import Response


# What each code means, for people: docs/serving.md; for programs: the OpenAPI description.
STATUS_OF = {
    "not_json": 400,
    "no_key": 401,
    "not_found": 404,
    "wrong_method": 405,
    "too_slow": 408,
    "too_large": 413,
    "wrong_type": 415,
    "unfit": 422,
    "too_often": 429,
    "broken": 500,
    "too_busy": 503,
    "no_model": 503,
}
RETRY_AFTER = "Retry-After"


@dataclass
class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A request that gets no prediction: code is a key of STATUS_OF, message one line.

    fields: {"row", "field", "problem"} for each part of the body that is wrong; row is null but
    in a batch.
    """

    code: str
    message: str
    fields: Sequence[Mapping[str, Any]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS_OF[self.code]

    def response(self, request_id: str) -> Response:
        """The answer to send."""
        content = {
            "error": self.code,
            "message": self.message,
            "fields": list(self.fields),
            "request_id": request_id,
        }
        return in_json(content, self.status, dict(self.headers))

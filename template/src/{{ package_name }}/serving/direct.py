"""Routes that take the request as it came and give the response as it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import to_json


class DirectRoute(APIRoute):
    """A route of FastAPI, documented like any other, whose endpoint takes the request alone.

    FastAPI would look for dependencies, of which there are none, and read the body by a slower way
    than pydantic's own. Together that takes as long as the model.
    """

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The endpoint itself."""
        return self.endpoint


def in_json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response of JSON; what is not finite must have been caught before, and is null."""
    body = to_json(content, inf_nan_mode="null")
    return Response(body, status, headers, media_type="application/json")

"""HTTP/1.1 as uvicorn speaks it, for callers who finish the head of a request in time and size."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# uvicorn with httptools keeps a head of any size in memory, and waits for its end for ever.
MAX_HEAD_BYTES = 65_536
MAX_HEAD_S = 10.0
REFUSALS = {
    408: b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n",
}


class BoundedHead(HttpToolsProtocol):
    """A connection that ends where a head does not."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._late: asyncio.TimerHandle | None = None
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._head_came()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A further head begins; of the first the time runs already."""
        super().on_message_begin()
        if self._late is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._head_came()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Count what came of a head that has not ended yet."""
        super().data_received(data)
        if self._late is not None:
            self._n_head += len(data)
            if self._n_head > MAX_HEAD_BYTES:
                self._refuse(431)

    def _await_head(self) -> None:
        self._n_head = 0
        self._late = self.loop.call_later(MAX_HEAD_S, self._refuse, 408)

    def _head_came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: int) -> None:
        self._head_came()
        self.transport.write(REFUSALS[status])
        self.transport.close()

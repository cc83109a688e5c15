"""An HTTP client that reads an answer for so long and so far only.

The usual timeout is per read: a server that sends a byte now and then is never late, and one that
never stops fills the memory. Imported when a model is first called: it loads the OpenAI client.
"""

import time
from contextlib import closing
from typing import Any

from openai import DefaultHttpxClient

MAX_BODY_BYTES = 4 * 1024 * 1024
_FRAMING = {"content-encoding", "content-length", "transfer-encoding"}


class BoundedClient(DefaultHttpxClient):
    """Raises `TimeoutError` or `OSError` in the middle of a body that is too slow or too long.

    Args:
        seconds: How long a request may take until its body is read.
    """

    def __init__(self, *, seconds: float) -> None:
        super().__init__(timeout=seconds)
        self._seconds = seconds

    def send(self, request: Any, **given: Any) -> Any:  # noqa: ANN401  # types of whichever httpx
        """Send a request and read its whole answer, within the bounds."""
        if given.pop("stream", False):
            return super().send(request, stream=True, **given)
        until = time.monotonic() + self._seconds
        with closing(super().send(request, stream=True, **given)) as response:
            content = _read(response, until)
        headers = [item for item in response.headers.multi_items() if item[0] not in _FRAMING]
        whole = type(response)
        return whole(response.status_code, headers=headers, content=content, request=request)


def _read(response: Any, until: float) -> bytes:  # noqa: ANN401  # the same
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise OSError(f"the answer is longer than {MAX_BODY_BYTES} bytes")
        if time.monotonic() > until:
            raise TimeoutError("the answer took too long")
    return bytes(content)

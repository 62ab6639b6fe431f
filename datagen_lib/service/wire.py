"""The SDK, and nothing else knows it: a body goes out to an endpoint, its answer's headers come back.

What it raises is not the SDK's: a `Refused` for an answer that refuses, and httpx2's errors where the connection fails.
So a provider whose calls do not go through the SDK only has to send as this does. The SDK's own retries are off;
`retry.py` does them, so that one place counts attempts and all calls to a deployment share one pace.
"""

from __future__ import annotations

import base64
from typing import Any

import httpx2
import openai

from .endpoints import Endpoint
from .translation import Refusal, Refused, asked


class Wire:
    """Sends the calls of one endpoint over an HTTP client that others may share."""

    def __init__(self, endpoint: Endpoint, http: httpx2.AsyncClient) -> None:
        self._sdk = _sdk(endpoint, http)
        # The SDK builds its parts when they are first used; better now than in the first call.
        self._create: Any = (
            self._sdk.chat.completions.with_raw_response.create
            if endpoint.kind == "text"
            else self._sdk.images.with_raw_response.generate
        )

    async def send(self, body: dict[str, Any]) -> httpx2.Response:
        """The answer, at its headers where the body asks for a stream.

        Raises:
            Refused: the service answers with another status than 200.
            httpx2.HTTPError, DatagenError: the connection failed, or the transport's bounds were passed.
        """
        failure: BaseException
        try:
            raw = await self._create(**body)
        except openai.APIStatusError as error:
            failure = Refused(_refusal(error.response))
        except openai.APIConnectionError as error:
            failure = error.__cause__ or httpx2.ReadTimeout(str(error))
        else:
            response: httpx2.Response = raw.http_response
            return response
        raise failure  # outside the handler, so that no traceback shows the SDK's error and what it holds


def _refusal(response: httpx2.Response) -> Refusal:
    try:
        body = response.content
    except httpx2.ResponseNotRead:
        body = b""
    return Refusal(response.status_code, response.headers, body, asked(response))


def _sdk(endpoint: Endpoint, http: httpx2.AsyncClient) -> openai.AsyncOpenAI:
    """The SDK's client: no retries of its own, and nothing of the shell that is meant for another service."""
    common: dict[str, Any] = {
        "base_url": endpoint.address,
        "api_key": endpoint.key.get_secret_value(),
        "max_retries": 0,
        "timeout": http.timeout,
        "http_client": http,
    }
    if endpoint.login is not None:
        login = base64.b64encode(endpoint.login.get_secret_value().encode()).decode()
        common["default_headers"] = {"Authorization": f"Basic {login}"}
    if endpoint.bearer:
        sdk = openai.AsyncOpenAI(default_query=dict(endpoint.query), **common)
    else:
        sdk = openai.AsyncAzureOpenAI(api_version=endpoint.query["api-version"], **common)
    if not endpoint.inherits:
        # The SDK takes OPENAI_ORG_ID and OPENAI_PROJECT_ID for any server, even one that is not OpenAI's.
        sdk.organization = sdk.project = None
    return sdk

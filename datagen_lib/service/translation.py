"""An error of the SDK, or of the network beneath it, as one of `errors.py`, naming the setting that mends it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2
import openai

from datagen_lib.errors import (
    CallRejected,
    ContentFiltered,
    DatagenError,
    EndpointRefused,
    MalformedAnswer,
    QuotaExhausted,
    TransientError,
)
from datagen_lib.settings import RECOMMENDED_API_VERSION

from .endpoints import Endpoint

FILTER_CODES = {
    "content_filter",
    "contentFilter",
    "content_policy_violation",
    "moderation_blocked",
    "ResponsibleAIPolicyViolation",
}
NEVER_ACCEPTED = {"unsupported_parameter", "unknown_parameter", "unsupported_value", "OperationNotSupported"}
LONGEST_WAIT = 30 * 86400.0  # s
RETRIED_STATUS = {408, 409, 429}


def translate(error: Exception, endpoint: Endpoint, mask: Callable[[str], str]) -> DatagenError:
    """One of `errors.py` for an error of the SDK or of the network."""
    what = f"{endpoint.kind} call"
    if isinstance(error, openai.APIStatusError):
        return _status(error, what, _details(error, mask), endpoint)
    if isinstance(error, openai.LengthFinishReasonError):
        return MalformedAnswer(f"{what}: the answer was cut at its longest allowed length")
    if isinstance(error, openai.ContentFilterFinishReasonError):
        return ContentFiltered(f"{what}: the service's content filter cut the answer")
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return TransientError(f"{what}: no answer within the time allowed", hint="REQUEST_TIMEOUT sets it.")
    if isinstance(error, openai.APIConnectionError | httpx2.HTTPError):
        cause = error.__cause__ or error
        return TransientError(
            mask(f"{what}: the connection failed ({type(cause).__name__}: {str(cause)[:200] or 'cut'})"),
            hint=f"Check the network, and {endpoint.blame.address} where it never worked.",
        )
    if isinstance(error, openai.APIError):
        details = _details(error, mask)
        if details.codes & FILTER_CODES:
            return ContentFiltered(f"{what}: {details.text}")
        return TransientError(f"{what}: the service broke the answer off ({details.text})")
    return CallRejected(mask(f"{what}: {error}"))


@dataclass(frozen=True)
class _Details:
    codes: set[str]
    text: str


def _details(error: openai.APIError, mask: Callable[[str], str]) -> _Details:
    """What the service says: its codes, the nested ones too, and its message with the categories that were filtered."""
    body = error.body if isinstance(error.body, dict) else {}
    body = body.get("error", body) if isinstance(body.get("error", body), dict) else {}
    inner = body.get("innererror") or body.get("inner_error") or {}
    inner = inner if isinstance(inner, dict) else {}
    codes = {str(value) for value in (body.get("code"), body.get("type"), inner.get("code")) if value}
    results = inner.get("content_filter_result") or inner.get("content_filter_results") or {}
    results = results if isinstance(results, dict) else {}
    hits = [name for name, hit in results.items() if isinstance(hit, dict) and hit.get("filtered")]
    text = str(body.get("message") or error.message)[:300] + (f" [{', '.join(hits)}]" if hits else "")
    return _Details(codes, mask(text))


def _status(error: openai.APIStatusError, what: str, details: _Details, endpoint: Endpoint) -> DatagenError:
    status = error.status_code
    said = f"{what}: HTTP {status}: {details.text}"
    blame = endpoint.blame
    if status == 401:
        return EndpointRefused(said, hint=f"Check {blame.key}, and that it belongs to {blame.address}.")
    if status == 403:
        return EndpointRefused(said, hint="The resource refuses this key or is blocked: ask who administers it.")
    if status == 404:
        return EndpointRefused(
            said, hint=f"Check {blame.model} (is it deployed there, by that name?) and {blame.address}."
        )
    if status == 410:
        return EndpointRefused(said, hint=f"The model is retired: deploy a current one and name it in {blame.model}.")
    if "insufficient_quota" in details.codes:
        return QuotaExhausted(said, hint="The account has no quota left: add some, then run again to go on.")
    if status in RETRIED_STATUS or status >= 500:
        return TransientError(
            said,
            retry_after=_retry_after(error.response.headers),
            throttled=status == 429,
        )
    if details.codes & FILTER_CODES:
        return ContentFiltered(said)
    if "api version" in details.text.lower() or "api-version" in details.text.lower():
        return EndpointRefused(said, hint=f"Set {blame.version or blame.model} to {RECOMMENDED_API_VERSION} (or v1).")
    if details.codes & NEVER_ACCEPTED:
        return EndpointRefused(said, hint=f"The model behind {blame.model} does not take this request: deploy another.")
    return CallRejected(said)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the service asks to wait: retry-after-ms, or retry-after as seconds or a date; up to 30 days."""
    for name, units in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / units
        except KeyError:
            continue
        except ValueError:
            seconds = _until(headers[name])
        if math.isfinite(seconds):
            return min(max(0.0, seconds), LONGEST_WAIT)
    return None


def _until(date: str) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return math.nan

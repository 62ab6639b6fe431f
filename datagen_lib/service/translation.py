"""A refusal of the service or a failure of the network, as one of `errors.py`, naming the setting to change.

Refusals are read from status, headers and body alone, whatever client they came through. In the order of the table:

    filter codes                                  ContentFiltered
    402, billing and hard limits, no quota        QuotaExhausted
    401, 403, 407, 404, 405, 410, 3xx             EndpointRefused: key, access, proxy, address, model
    a version that is too old                     EndpointRefused: the api-version
    408, 409, 424, 425, 429, 499, 5xx             TransientError, with the wait that is asked for
    503 while the model loads                     TransientError, an outage: waited for
    a parameter or a model that it does not know  EndpointRefused: the setting
    any other 4xx                                 CallRejected
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from datagen_lib.errors import (
    CallRejected,
    ContentFiltered,
    DatagenError,
    EndpointRefused,
    QuotaExhausted,
    TransientError,
)
from datagen_lib.settings import RECOMMENDED_API_VERSION, variable
from datagen_lib.text import plain

from . import surroundings
from .endpoints import Endpoint
from .headers import reset_after, retry_after, wait_in_words
from .said import Said, read

LONGEST_SHOWN = 300  # letters of a service's words
LONGEST_SAT_OUT = 600.0  # s; a reset header below this may mean a full refill, and the pace keeper finds out
RETRIED = {408, 409, 424, 425, 429, 499}
FILTER_CODES = {
    "content_filter",
    "contentFilter",
    "content_policy_violation",
    "moderation_blocked",
    "ResponsibleAIPolicyViolation",
}
QUOTA_CODES = {"402", "insufficient_quota", "insufficient_balance", "insufficient_credits", "quota_exhausted"}
KEY_CODES = {"invalid_api_key", "API_KEY_INVALID", "invalid_authentication"}
MODEL_CODES = {"model_not_found", "DeploymentNotFound", "invalid_model", "unknown_model", "ModelNotFound"}
UNKNOWN_CODES = {"unsupported_parameter", "unknown_parameter", "extra_forbidden"}
NEVER_ACCEPTED = {"unsupported_value", "OperationNotSupported"}

_NO_MONEY = re.compile(
    r"hard limit|insufficient (?:balance|credit|fund|quota)|(?:out of|more|no|not enough) credits?\b|billing"
    r"|balance (?:is )?(?:not enough|too low)|good standing|overdue|spend(?:ing)? limit",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(r"api key (?:is )?(?:not valid|invalid)|(?:invalid|incorrect) api key", re.IGNORECASE)
_NO_MODEL = re.compile(
    r"\binvalid model\b|\bno such model\b|\bunknown model\b"
    r"|\b(?:model|deployment)\b.{0,80}?(?:does not exist|doesn't exist|not found|unknown|is not available)",
    re.IGNORECASE,
)
_VERSION = re.compile(r"api[- ]version", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"(?:unknown|unsupported|unrecognized|unexpected|extra) (?:request )?"
    r"(?:parameter|argument|input|field|keyword|name)"
    r"|not permitted|is not supported (?:with|by|for) this",
    re.IGNORECASE,
)
_LOADING = re.compile(r"\b(?:loading|warming up|starting up|being loaded|not ready|cold start)\b", re.IGNORECASE)
_TOO_LONG = re.compile(r"context (?:length|window)|too (?:long|large|many tokens)|maximum.{0,20}tokens", re.IGNORECASE)

SETTINGS = {
    "size": "image_size",
    "quality": "image_quality",
    "reasoning_effort": "reasoning_effort",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
}
"""The field that sets a parameter of the request."""

NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}
"""What OpenSSL says of a port that speaks plain HTTP."""

OF_THE_REQUEST = {"response_format", "stream", "stream_options", "output_format", "messages.role", "json_schema"}
"""Parameters that the kit needs and no setting changes: another model is the remedy."""


@dataclass(frozen=True)
class Refusal:
    """An answer that refuses.

    Attributes:
        status: the HTTP status, or the one that an error inside an answer stands for.
        headers: of the answer.
        body: as it came, or as JSON values.
        asked: the method and address, or "".
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = b""
    asked: str = ""


class Refused(Exception):
    """An answer that refuses, on its way to `translate`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"HTTP {refusal.status}")
        self.refusal = refusal


def translate(refusal: Refusal, endpoint: Endpoint, mask: Callable[[str], str]) -> DatagenError:
    """One of `errors.py` for a refusal. Pure: it looks at nothing but its arguments."""
    said = read(refusal.body)
    what = f"{endpoint.kind} call: {status_line(refusal, said, mask)}"
    for judge in (_filtered, _no_quota, _not_let_in, _wrong_version, _passing, _not_there, _not_taken):
        if error := judge(refusal, said, what, endpoint):
            return error
    long = refusal.status == 413 or _TOO_LONG.search(said.text)
    return CallRejected(what, hint=f"A smaller {variable('batch_size')} makes the request shorter." if long else "")


def status_line(refusal: Refusal, said: Said, mask: Callable[[str], str]) -> str:
    """The status, the address where it matters, and the service's words: masked first, then cut."""
    where = (
        f" at {refusal.asked}" if refusal.asked and refusal.status in {301, 302, 303, 307, 308, 404, 405, 410} else ""
    )
    text = plain(mask(said.text))
    text = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
    page = "a web page" + (f", {text!r}" if text else "")
    return f"HTTP {refusal.status}{mask(where)}: {page if said.is_page else text or 'it says nothing more'}"


def _filtered(refusal: Refusal, said: Said, what: str, _: Endpoint) -> DatagenError | None:
    return ContentFiltered(what) if said.codes & FILTER_CODES and refusal.status < 500 else None


def _no_quota(refusal: Refusal, said: Said, what: str, _: Endpoint) -> DatagenError | None:
    coded = said.codes & QUOTA_CODES or any(code.lower().startswith(("billing", "arrear")) for code in said.codes)
    # The text of an ordinary 429 speaks of quota as well.
    if refusal.status == 402 or coded or (refusal.status in {400, 403} and _NO_MONEY.search(said.text)):
        hint = "The account has no quota or credit left: add some, then run again to go on."
        return QuotaExhausted(what, hint=hint)
    return None


def _not_let_in(refusal: Refusal, said: Said, what: str, endpoint: Endpoint) -> DatagenError | None:
    blame = endpoint.blame
    bad_key = refusal.status < 500 and (said.codes & KEY_CODES or _BAD_KEY.search(said.text))
    if refusal.status == 401 or bad_key:
        return EndpointRefused(what, hint=f"Check {blame.key}, and that it belongs to {blame.address}.")
    if refusal.status == 403:
        return EndpointRefused(what, hint=_why_forbidden(said.text, endpoint))
    if refusal.status == 407:
        found = surroundings.proxies(endpoint.address)
        name = surroundings.listed(found) or "the proxy of this machine"
        return EndpointRefused(what, hint=f"The proxy wants a user and password: see {name}.")
    return None


def _why_forbidden(text: str, endpoint: Endpoint) -> str:
    lower = text.lower()
    if "verif" in lower:
        return f"Verify the organisation there, or name another model in {endpoint.blame.model}."
    if "network" in lower or "firewall" in lower:
        return "This machine's network is not let in: use the VPN, or ask who administers the resource."
    if "key based" in lower or "key-based" in lower or "authentication" in lower:
        return "The resource takes no keys: ask who administers it to allow them, or use another resource."
    return "The resource refuses this key or is blocked: ask who administers it."


def _wrong_version(refusal: Refusal, said: Said, what: str, endpoint: Endpoint) -> DatagenError | None:
    if refusal.status not in {400, 404} or not _VERSION.search(said.text):
        return None
    wanted = "preview" if "preview" in said.text.lower() and "v1" in endpoint.address else RECOMMENDED_API_VERSION
    name = endpoint.blame.version or endpoint.blame.address
    return EndpointRefused(what, hint=f"Set {name} to {wanted}." if endpoint.blame.version else f"Check {name}.")


def _passing(refusal: Refusal, said: Said, what: str, _: Endpoint) -> DatagenError | None:
    if refusal.status not in RETRIED and (refusal.status < 500 or refusal.status == 501):
        return None
    asked = retry_after(refusal.headers)
    if asked is None and refusal.status in {429, 503}:
        asked = wait_in_words(said.text)
    if asked is None and (reset := reset_after(refusal.headers) or 0.0) > LONGEST_SAT_OUT:
        asked = reset
    loading = refusal.status in {503, 425} and _LOADING.search(said.text) is not None
    hint = "The model is being loaded; it is waited for." if loading else ""
    return TransientError(what, hint=hint, retry_after=asked, throttled=refusal.status == 429, outage=loading)


def _not_there(refusal: Refusal, said: Said, what: str, endpoint: Endpoint) -> DatagenError | None:
    blame = endpoint.blame
    if 300 <= refusal.status < 400:
        return EndpointRefused(what, hint=f"The address leads elsewhere: check {blame.address}.")
    if refusal.status == 410:
        return EndpointRefused(what, hint=f"The model is retired: deploy a current one and name it in {blame.model}.")
    if refusal.status == 404:
        hint = f"Check {blame.model} (is it there, by that name?) and {blame.address}{_form(endpoint)}."
        return EndpointRefused(what, hint=hint)
    if refusal.status in {405, 501}:
        return EndpointRefused(what, hint=f"Nobody takes such calls there: check {blame.address}{_form(endpoint)}.")
    if endpoint.kind and (said.codes & MODEL_CODES or said.param == "model" or _NO_MODEL.search(said.text)):
        return EndpointRefused(what, hint=f"Check {blame.model}: is it there, by that name?")
    return None


def _form(endpoint: Endpoint) -> str:
    """What such an address looks like, where it does not."""
    if endpoint.provider == "openai" and not re.search(r"/v\d", endpoint.address):
        return " (such addresses mostly end with /v1)"
    return ""


def _not_taken(refusal: Refusal, said: Said, what: str, endpoint: Endpoint) -> DatagenError | None:
    if refusal.status not in {400, 422}:
        return None
    if (name := SETTINGS.get(said.param)) and not is_unknown(said):
        return EndpointRefused(what, hint=_other_value(variable(name), said, endpoint))
    if is_unknown(said) or said.codes & NEVER_ACCEPTED or said.param in OF_THE_REQUEST:
        hint = f"The model behind {endpoint.blame.model} does not take this request: name another one there."
        return EndpointRefused(what, hint=hint)
    return None


def is_unknown(said: Said) -> bool:
    """Whether a parameter is refused itself, not the value that it has."""
    return bool(said.codes & UNKNOWN_CODES or (said.param and _UNKNOWN.search(said.text)))


def _other_value(name: str, said: Said, endpoint: Endpoint) -> str:
    offered = sorted(int(side) for side in set(re.findall(r"\b(\d{2,4})x\1\b", said.text)))
    if said.param == "size" and [side for side in offered if side < 1024]:
        smaller = max(side for side in offered if side < 1024)
        return f"Set {name}={smaller}, or name another model in {endpoint.blame.model}."
    if said.param == "reasoning_effort":
        return f"Set {name} to a value that the model takes, or to none to send none."
    return f"Change {name}, or name another model in {endpoint.blame.model}."


def asked(response: httpx2.Response) -> str:
    """The method and address that an answer belongs to; and where the call was first sent, if it was led elsewhere."""
    where = f"{response.request.method} {response.request.url}"
    return f"{where}, redirected from {response.history[0].request.url}" if response.history else where


def web_page(asked: str, text: str, endpoint: Endpoint, mask: Callable[[str], str]) -> EndpointRefused:
    """A page for people where an answer was due: a sign-in, a portal, a proxy's notice."""
    title = plain(mask(read(text).text))[:80]
    return EndpointRefused(
        f"{endpoint.kind} call: {mask(asked)} answers with a web page, {title!r}, as a sign-in page does",
        hint=f"Check {endpoint.blame.address}, and whether this network wants a sign-in or a VPN first.",
    )


def unreachable(
    error: Exception, endpoint: Endpoint, mask: Callable[[str], str], environ: Mapping[str, str] | None = None
) -> DatagenError:
    """One of `errors.py` for a connection that failed: what was asked, why, and what stands between.

    Args:
        error: of the SDK, of httpx2 or of the system.
        endpoint: where the call was to go.
        mask: hides secrets.
        environ: instead of the process's environment.
    """
    # A handshake in steps leaves "want read" at the bottom, which says nothing.
    chain = [cause for cause in _causes(error) if not isinstance(cause, ssl.SSLWantReadError)]
    reason = plain(mask(f"{type(chain[-1]).__name__}: {chain[-1]}"))[:LONGEST_SHOWN]
    what, led = f"{endpoint.kind} call: ", _led_to(chain, endpoint)
    if any(isinstance(cause, httpx2.TimeoutException | TimeoutError) for cause in chain) and not _connecting(chain):
        waited = f"no answer within the time allowed{mask(f' from {led}') if led else ''}"
        return TransientError(f"{what}{waited}", hint="REQUEST_TIMEOUT sets it.")
    what += f"the connection to {mask(led or endpoint.address)} failed ({reason})"
    between = surroundings.proxies(endpoint.address, environ)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain):
        return EndpointRefused(what, hint=_certificates(environ))
    if any(isinstance(cause, ssl.SSLError) and _is_no_tls(cause) for cause in chain):
        return EndpointRefused(
            what, hint=f"Nobody speaks TLS there: is {endpoint.blame.address} http:// or on another port?"
        )
    if any(isinstance(cause, httpx2.ProxyError) for cause in chain):
        return EndpointRefused(what, hint=f"The proxy refuses: see {surroundings.listed(between) or 'its settings'}.")
    if any(
        isinstance(cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL | httpx2.TooManyRedirects) for cause in chain
    ):
        return EndpointRefused(what, hint=f"Check {endpoint.blame.address}.")
    hint = f"Check the network, and {endpoint.blame.address} where it never worked."
    if led:
        hint = f"{endpoint.blame.address} leads elsewhere, and nobody answers there: check it."
    if between:
        hint += f" The call goes through {surroundings.listed(between)}."
    # A handshake that breaks off is somebody who answers, if badly: five minutes would not mend it.
    handshake = any(isinstance(cause, ssl.SSLError) for cause in chain)
    if handshake:
        hint += " Does that port speak TLS, or is it http://?"
    return TransientError(what, hint=hint, outage=_connecting(chain) and not handshake)


def _led_to(chain: list[BaseException], endpoint: Endpoint) -> str:
    """Where a redirect sent the call that failed, in words; "" where it was not sent elsewhere."""
    with suppress(RuntimeError, httpx2.InvalidURL):  # an error that knows no request; an address that is none
        url = next((cause.request.url for cause in chain if isinstance(cause, httpx2.RequestError)), None)
        first = httpx2.URL(endpoint.address)
        if url is None:
            return ""
        if (url.scheme, url.netloc) != (first.scheme, first.netloc) or not url.path.startswith(first.path):
            return f"{url} (redirected from {endpoint.address})"
    return ""


def cannot_connect(
    error: Exception, endpoint: Endpoint, mask: Callable[[str], str], environ: Mapping[str, str] | None = None
) -> EndpointRefused:
    """What this machine's proxy or certificate variables hold can't be used, so that no call can be made."""
    reason = plain(mask(f"{type(error).__name__}: {error}"))[:LONGEST_SHOWN]
    if isinstance(error, OSError):  # ssl.SSLError is one
        found = surroundings.variables(surroundings.CERTIFICATES, environ)
        found = {name: path for name, path in found.items() if not Path(path).exists()} or found
        hint = "It must name a readable PEM file; SSL_CERT_DIR a folder of them."
        if keys := {
            name: path
            for name, path in surroundings.variables((surroundings.KEY_LOG,), environ).items()
            if path == error.filename
        }:
            found, hint = keys, "Connections write their keys there: name a file that can be written, or unset it."
    elif isinstance(error, ImportError):
        found = surroundings.variables(surroundings.PROXIES, environ)
        found = {name: address for name, address in found.items() if address.lower().startswith("socks")}
        reason = "a SOCKS proxy needs the package socksio, which is not here"
        hint = "Install it (pip install socksio), name an http:// proxy, or unset the variable."
    else:
        found = surroundings.variables(surroundings.PROXIES, environ)
        hint = "It must be a proxy's address, such as http://proxy.example:8080."
    return EndpointRefused(f"{surroundings.listed(found) or endpoint.address}: {reason}", hint=hint)


def is_sent(error: BaseException) -> bool:
    """Whether the request may have reached the service, so that it may have to be paid."""
    return not _connecting(list(_causes(error)))


def _connecting(chain: list[BaseException]) -> bool:
    """Whether the failure came before a byte of the request went out."""
    never = (
        httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError
        | httpx2.UnsupportedProtocol | httpx2.InvalidURL
    )  # fmt: skip
    return any(isinstance(cause, never) for cause in chain)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, then what it came from, the deepest last."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or found.__context__


def _is_no_tls(error: ssl.SSLError) -> bool:
    return getattr(error, "reason", None) in {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "UNKNOWN_PROTOCOL",
        "RECORD_LAYER_FAILURE",
    }


def _certificates(environ: Mapping[str, str] | None) -> str:
    used = surroundings.variables(surroundings.CERTIFICATES, environ)
    other = surroundings.variables(surroundings.NOT_READ, environ)
    also = f" {surroundings.listed(other)} is not read here." if other else ""
    if "SSL_CERT_FILE" in used:
        used = {"SSL_CERT_FILE": used["SSL_CERT_FILE"]}
    if used:
        return (
            f"{surroundings.listed(used)} is used: it lacks the certificate of the CA that signed this one, "
            f"a company's proxy's or the server's own. Add it there.{also}"
        )
    return (
        "The CA that signed it is not known here, a company's proxy's or the server's own: set SSL_CERT_FILE in the "
        f"environment (not in .env) to a PEM file with its certificate.{also}"
    )

"""What stands between a run and its service is called what it is: certificates, proxies, addresses, sign-in pages."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import Command
from fakes.service import Answer, Request, Service, error
from service.test_bodies import good

from datagen_lib.errors import DatagenError, EndpointRefused, TransientError
from datagen_lib.masking import mask
from datagen_lib.service.endpoints import Endpoint, endpoints
from datagen_lib.service.translation import Refusal, cannot_connect, is_sent, translate, unreachable
from datagen_lib.settings import Settings

ENVIRON = {
    "AZURE_OPENAI_ENDPOINT": "https://lab.openai.azure.com",
    "AZURE_OPENAI_API_KEY": "0123456789abcdef",
    "AZURE_OPENAI_API_VERSION": "2025-04-01-preview",
    "AZURE_OPENAI_GPT5_DEPLOYMENT": "gpt5",
    "AZURE_OPENAI_IMAGE_DEPLOYMENT": "pictures",
}


@pytest.fixture
def endpoint(home: Path) -> Endpoint:
    return endpoints(Settings.load(environ=ENVIRON, root=home))["text"]


def caused(outer: Exception, *inner: Exception) -> Exception:
    """An error with the causes that it came from, as httpx2 and the SDK nest them."""
    error = outer
    for cause in inner:
        error.__cause__ = cause
        error = cause  # type: ignore[assignment]
    return outer


CERTIFICATE = caused(
    httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"),
    ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate"),
)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "set SSL_CERT_FILE in the environment"),
        ({"SSL_CERT_FILE": "/ca.pem"}, "SSL_CERT_FILE=/ca.pem is used"),
        ({"REQUESTS_CA_BUNDLE": "/ca.pem"}, "REQUESTS_CA_BUNDLE=/ca.pem is not read here"),
    ],
)
def test_a_certificate_is_not_waited_for(endpoint: Endpoint, environ: dict[str, str], says: str) -> None:
    """A certificate that nobody knows ends the run at once, with the variable that mends it."""
    found = unreachable(CERTIFICATE, endpoint, mask, environ)

    assert isinstance(found, EndpointRefused)
    assert "https://lab.openai.azure.com" in found.what
    assert says in found.hint


@pytest.mark.parametrize(
    ("failure", "outage", "sent"),
    [
        (httpx2.ConnectError("All connection attempts failed"), True, False),
        (httpx2.ConnectError("[Errno -2] Name or service not known"), True, False),
        (httpx2.ConnectTimeout(""), True, False),
        (caused(httpx2.ConnectError("EOF"), ssl.SSLEOFError(8, "EOF occurred")), False, False),
        (httpx2.ReadTimeout(""), False, True),
        (httpx2.ReadError("reset"), False, True),
        (httpx2.RemoteProtocolError("Server disconnected"), False, True),
    ],
)
def test_which_failures_are_outages(endpoint: Endpoint, failure: Exception, outage: bool, sent: bool) -> None:
    """Nobody there, no such name, no way: the deployment is waited for; and nothing was sent that could cost."""
    found = unreachable(failure, endpoint, mask, {})

    assert isinstance(found, TransientError)
    assert found.outage is outage
    assert is_sent(failure) is sent


def test_a_failed_connection_names_address_and_proxy(endpoint: Endpoint) -> None:
    """Where a proxy is set, it is named, without its password."""
    environ = {"HTTPS_PROXY": "http://bob:pa55@proxy.example:8080", "HTTP_PROXY": "http://other:1"}
    found = unreachable(httpx2.ConnectError("refused"), endpoint, mask, environ)

    assert "https://lab.openai.azure.com" in found.what
    assert "HTTPS_PROXY=http://***@proxy.example:8080" in found.hint
    assert "HTTP_PROXY=http://other" not in found.hint


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_nowhere_is_named(command: Command, status: int) -> None:
    """A call that is sent on to a host where nobody answers: the last lines name both addresses and the setting."""
    with Service([Answer(status=status, headers={"Location": "http://127.0.0.1:9/moved"})]) as service:
        command.set(**service.settings, MAX_RETRIES="0")
        result = command("--target-count", "4", "--dry-run")

    said = result.err.splitlines()
    assert result.code == 1
    assert "http://127.0.0.1:9/moved (redirected from " + service.url in said[-2]
    assert "AZURE_OPENAI_ENDPOINT leads elsewhere" in said[-1]


@pytest.mark.parametrize(
    ("failure", "environ", "says"),
    [
        (ImportError("socksio"), {"ALL_PROXY": "socks5://p:1", "HTTP_PROXY": "http://x"}, "ALL_PROXY=socks5://p:1: a SOCKS"),
        (FileNotFoundError("no"), {"SSL_CERT_FILE": "/nowhere.pem"}, "SSL_CERT_FILE=/nowhere.pem"),
        (
            FileNotFoundError(2, "no", "/nowhere/keys"),
            {"SSLKEYLOGFILE": "/nowhere/keys", "SSL_CERT_FILE": "/etc"},
            "SSLKEYLOGFILE=/nowhere/keys: ",
        ),
        (ValueError("Unknown scheme"), {"HTTPS_PROXY": "ftp://p"}, "HTTPS_PROXY=ftp://p"),
    ],
)  # fmt: skip
def test_what_keeps_every_call_from_being_made(
    endpoint: Endpoint, failure: Exception, environ: dict[str, str], says: str
) -> None:
    """A proxy or CA file that can't be used is named by its variable."""
    assert says in cannot_connect(failure, endpoint, mask, environ).what


def test_tls_to_a_port_that_speaks_none(command: Command) -> None:
    """https:// to a plain port ends the run at once and says so."""
    with Service([error(500, "odd")]) as service:
        command.set(**service.settings | {"AZURE_OPENAI_ENDPOINT": service.url.replace("http:", "https:")})
        result = command("--target-count", "2")

    assert result.code in {1, 2}
    assert "AZURE_OPENAI_ENDPOINT" in result.err
    assert "https://127.0.0.1" in result.err
    assert len(result.waits) <= 5


def test_a_sign_in_page_is_called_one(command: Command) -> None:
    """A redirect to a page for people ends the run after one call, naming the page and where it is."""

    def script(request: Request) -> Answer:
        if request.method == "GET":
            return Answer(b"<html><title>Sign in</title></html>", kind="text/html")
        return Answer(status=302, headers={"Location": "/login?next=s3cret"})

    with Service(script) as service:
        command.set(**service.settings)
        result = command("--target-count", "2")

    assert result.code == 2
    assert "'Sign in'" in result.err
    assert "/login" in result.err
    assert "s3cret" not in result.said
    assert len(service.requests) == 2


@pytest.mark.parametrize("status", [404, 405, 410])
def test_the_address_that_was_asked_is_named(command: Command, status: int) -> None:
    """Where nothing is found, the message says what was asked, without the query's secrets."""
    with Service([Answer(b"nothing here", status, "text/plain")]) as service:
        command.set(**service.settings)
        result = command("--target-count", "2")

    assert result.code == 2
    assert f"{service.url}/openai/deployments/gpt5/chat/completions?api-version=2025-04-01-preview" in result.err
    assert "nothing here" in result.err


@pytest.mark.parametrize("status", [408, 409, 424, 425, 499, 500, 502, 503, 520, 529])
def test_passing_failures_are_retried(command: Command, status: int) -> None:
    """Each of these is tried again, and the run completes."""
    first = iter([error(status, status)])

    with Service(lambda request: next(first, None) or good(request)) as service:
        command.set(**service.settings)
        result = command("--target-count", "4", "--batch-size", "4", "--dry-run")

    assert result.code == 0, result.said
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    ("refusal", "wait", "outage"),
    [
        (Refusal(429, {"Retry-After": "7"}), 7.0, False),
        (Refusal(429, {}, {"error": {"message": "Please retry after 8 seconds."}}), 8.0, False),
        (Refusal(429, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6h"}), 21600.0, False),
        (Refusal(429, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6s"}), None, False),
        (Refusal(503, {}, {"error": "Model X is currently loading", "estimated_time": 20}), None, True),
        (Refusal(503, {"Retry-After": "3"}, b"busy"), 3.0, False),
    ],
)
def test_waits_that_are_asked_for(endpoint: Endpoint, refusal: Refusal, wait: float | None, outage: bool) -> None:
    """A wait comes from headers or words; a long reset counts, a short one is the pace keeper's; loading is an outage."""
    found = translate(refusal, endpoint, mask)

    assert isinstance(found, TransientError)
    assert found.retry_after == wait
    assert found.outage is outage


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (Refusal(400, body=[{"error": {"message": "API key not valid. Please pass a valid API key."}}]), "AZURE_OPENAI_API_KEY"),
        (Refusal(400, body={"error": {"message": "API in preview mode, please use api-version=preview"}}), "AZURE_OPENAI_API_VERSION"),
        (Refusal(403, body={"error": {"message": "Access denied due to Virtual Network/Firewall rules."}}), "VPN"),
        (Refusal(403, body={"error": {"message": "Key based authentication is disabled."}}), "no keys"),
        (Refusal(403, body={"error": {"message": "Your organization must be verified to use the model."}}), "Verify"),
        (Refusal(307, body=b""), "AZURE_OPENAI_ENDPOINT"),
        (Refusal(407, body=b"Proxy Authentication Required"), "proxy"),
        (Refusal(501, body=b""), "AZURE_OPENAI_ENDPOINT"),
    ],
)  # fmt: skip
def test_hints_that_fit(endpoint: Endpoint, refusal: Refusal, says: str) -> None:
    """Each refusal that somebody has to mend says what to change."""
    found = translate(refusal, endpoint, mask)

    assert isinstance(found, EndpointRefused)
    assert says in found.hint


@pytest.mark.parametrize("length", [0, 1, 150, 290, 299, 300])
def test_a_key_is_masked_before_the_words_are_cut(endpoint: Endpoint, length: int) -> None:
    """Wherever the cut falls, no part of a key is shown."""
    key = "S3cr3tK3yThatNobodyMaySee0123456789"
    words = f"{'x' * length} {key} {'y' * 300}"
    found = translate(Refusal(400, body={"error": words}), endpoint, lambda text: mask(text, [key]))

    assert key[:6] not in found.what


def test_words_can_not_steer_a_terminal(endpoint: Endpoint) -> None:
    """Control characters in a service's words are spelt out."""
    found = translate(Refusal(500, body={"error": "a\x1b[2Jb\u202e"}), endpoint, mask)

    assert found.what.isprintable()


def test_the_sdks_error_is_in_no_traceback(home: Path) -> None:
    """What the SDK raises, with the request and its key in it, is not in the chain of what comes out."""
    from datagen_lib.service.client import Client

    async def work(service: Service) -> None:
        async with Client(Settings.load(environ=service.settings, root=home)) as client:
            await client.picture("A figure")

    with Service([error(401, "401")]) as service, pytest.raises(DatagenError) as raised:
        asyncio.run(work(service))
    chain: list[Any] = [raised.value]
    while chain[-1] is not None:
        chain.append(chain[-1].__cause__ or chain[-1].__context__)

    assert not [error for error in chain if type(error).__module__.startswith("openai")]

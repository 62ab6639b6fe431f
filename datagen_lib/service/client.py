"""Which endpoint a run talks to, and how: Azure, an OpenAI-compatible server, or the offline stand-in.

The only module that knows the SDK. Its errors end here: whatever the service or the network does comes out as one of
`errors.py`, saying which setting to change where that is the remedy. The SDK's own retries are off; `retry.py` does
them, so that one place counts attempts and all calls to a deployment share one pace.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, Self, TypeVar

import httpx2
import openai
from pydantic import BaseModel

from datagen_lib.errors import DatagenError, RunStopped, SetupError, TransientError
from datagen_lib.events import CallDone, Kind, Listener, Retrying, ignore
from datagen_lib.models import response_format
from datagen_lib.settings import RECOMMENDED_API_VERSION, Settings

from .answers import Drawn, ObjectReader, chunks, count_tokens, read_picture
from .costs import Ledger, Prices
from .retry import Pace, persist
from .translation import translate

T = TypeVar("T")
log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 20.0  # s


def prices(settings: Settings) -> Prices:
    """The prices of the settings' deployments; nothing costs anything offline."""
    if settings.provider == "offline":
        return Prices.free()
    text = settings.azure_openai_gpt5_deployment or settings.openai_text_model or ""
    image = settings.azure_openai_image_deployment or settings.openai_image_model or ""
    return Prices.load(settings.prices_file, text=text, image=image)


@dataclass
class _Call:
    """One call under way."""

    kind: Kind
    reserved: float
    started: float = field(default_factory=time.monotonic)
    cost: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    ok: bool = False
    holds_gate: bool = False


class Client:
    """Talks to one text and one image deployment. Use it as an async context manager.

    Attributes:
        ledger: what the calls cost so far.
        halted: why no further call is made, or None while calls are.
    """

    def __init__(self, settings: Settings, *, listen: Listener = ignore, ledger: Ledger | None = None) -> None:
        self.settings = settings
        self.ledger = ledger or Ledger(prices(settings), settings.max_cost_usd)
        self.halted: DatagenError | None = None
        self._listen = listen
        self._pace: dict[Kind, Pace] = {
            "text": Pace(
                "text",
                max_concurrent=settings.parallel_text_requests,
                requests_per_minute=settings.text_requests_per_minute,
            ),
            "image": Pace(
                "image",
                max_concurrent=settings.parallel_image_requests,
                requests_per_minute=settings.image_requests_per_minute,
            ),
        }
        self._stack = AsyncExitStack()
        self._under_way: set[asyncio.Future[None]] = set()
        # Until the service has let one call in, calls go one by one: a wrong key is asked once, not eight times.
        self._gate = asyncio.Lock()
        self._let_in = False

    async def __aenter__(self) -> Self:
        self._text, self._image, self._models = await self._connect()
        await self._stack.enter_async_context(self._text)
        await self._stack.enter_async_context(self._image)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _connect(self) -> tuple[openai.AsyncOpenAI, openai.AsyncOpenAI, dict[Kind, str | None]]:
        """The two SDK clients, and the `model` to name in each body (None: name none)."""
        s = self.settings
        timeout = httpx2.Timeout(s.request_timeout, connect=min(CONNECT_TIMEOUT, s.request_timeout))
        # One HTTP client for both; a proxy of the environment has no business with a server in this process.
        http = openai.DefaultAsyncHttpxClient(timeout=timeout, trust_env=s.provider != "offline")
        common: dict[str, Any] = {"max_retries": 0, "timeout": timeout, "http_client": http}
        if s.provider == "openai":
            assert s.openai_api_key is not None
            client = openai.AsyncOpenAI(
                base_url=s.openai_base_url, api_key=s.openai_api_key.get_secret_value(), **common
            )
            return client, client, {"text": s.openai_text_model, "image": s.openai_image_model}
        if s.provider == "offline":
            endpoint, key, version, text, image = await self._start_offline()
        else:
            assert s.azure_openai_api_key is not None
            endpoint, version = str(s.azure_openai_endpoint), str(s.azure_openai_api_version)
            key = s.azure_openai_api_key.get_secret_value()
            text, image = str(s.azure_openai_gpt5_deployment), str(s.azure_openai_image_deployment)
        if version == "v1":
            client = openai.AsyncOpenAI(base_url=f"{endpoint}/openai/v1/", api_key=key, **common)
            return client, client, {"text": text, "image": image}

        def azure(deployment: str) -> openai.AsyncAzureOpenAI:
            return openai.AsyncAzureOpenAI(
                azure_endpoint=endpoint, azure_deployment=deployment, api_key=key, api_version=version, **common
            )

        # The deployment stands in the path. The image route takes only a real model's name in the body, or none.
        return azure(text), azure(image), {"text": text, "image": None}

    async def _start_offline(self) -> tuple[str, str, str, str, str]:
        from offline_model import start

        server = await asyncio.to_thread(start)
        self._stack.push_async_callback(asyncio.to_thread, server.stop)
        return server.url, server.key, RECOMMENDED_API_VERSION, "gpt-5", "gpt-image-1"

    def pace(self, kind: Kind) -> Pace:
        """The pace keeper of the deployment, for displays."""
        return self._pace[kind]

    async def stop(self, reason: DatagenError) -> NoReturn:
        """Make no further call, let those under way end (they are paid for), and raise `reason`."""
        self.halted = self.halted or reason
        while self._under_way:
            await asyncio.wait(self._under_way)
        raise reason

    async def persist(
        self, kind: Kind, operation: Callable[[], Awaitable[T]], *, finish: Callable[[T], Awaitable[None]] | None = None
    ) -> None:
        """Run a call until it succeeds, retrying what `retry.py` retries.

        Args:
            kind: whose pace it keeps.
            operation: makes the call; run within a turn of the deployment.
            finish: what to do with the result outside the turn; what it raises is retried the same way.
        """

        def report(error: TransientError, wait: float, attempt: int) -> None:
            log.info("%s; trying again in %.1f s (attempt %d)", error.what, wait, attempt + 1)
            self._listen(Retrying(kind, error.what, wait, attempt))

        async def attempt() -> T:
            with self._at_work():
                return await operation()

        async def complete(result: T) -> None:
            if finish is not None:
                with self._at_work():
                    await finish(result)

        try:
            await persist(
                attempt,
                finish=complete,
                pace=self._pace[kind],
                max_retries=self.settings.max_retries,
                on_retry=report,
            )
        except (RunStopped, SetupError) as error:
            await self.stop(error)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Between a call's first byte and its result on disk: what `stop` waits for."""
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._under_way.add(end)
        try:
            yield
        finally:
            self._under_way.discard(end)
            end.set_result(None)

    # -- text --------------------------------------------------------------------------------------------------------

    async def objects(
        self, *, system: str, user: str, wire: type[BaseModel], count: int, record: list[str] | None = None
    ) -> AsyncGenerator[Any, None]:
        """One structured answer, object by object, each as soon as it is complete.

        Args:
            system: the system message.
            user: the user message.
            wire: the answer's model: one field, the list of objects.
            count: objects asked for, which sets how long the answer may be.
            record: gets each piece of the answer's text as it comes, for whoever wants to show it.

        Yields:
            Each object of the list, as JSON values, unchecked.

        Raises:
            MalformedAnswer: the answer is torn, truncated, refused or empty; objects before the tear were yielded.
            ContentFiltered, TransientError, CallRejected, EndpointRefused, QuotaExhausted, BudgetReached: see errors.
        """
        (key,) = wire.model_fields
        request: dict[str, Any] = {
            "model": self._models["text"],
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "response_format": response_format(wire),
            "max_completion_tokens": 8000 + 400 * count,  # covers the reasoning too
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if self.settings.effort:
            request["reasoning_effort"] = self.settings.effort
        guess = self.ledger.prices.text_guess(len(system) + len(user), count)
        async with self._call("text", guess) as call:
            raw = await self._text.chat.completions.with_raw_response.create(**request)
            self._admit(call, raw.headers)
            reader = ObjectReader(key, record)
            deadline = call.started + self.settings.request_timeout
            async with aclosing(chunks(raw)) as pieces:
                async for chunk in pieces:
                    if tokens := count_tokens(chunk):
                        call.input_tokens, call.output_tokens, cached = tokens
                        call.cost = self.ledger.prices.text_call(call.input_tokens, call.output_tokens, cached)
                    for found in reader.read(chunk):
                        yield found
                    if time.monotonic() > deadline:
                        raise TransientError(f"the answer took longer than {self.settings.request_timeout:.0f} s")
            reader.end()

    # -- pictures ----------------------------------------------------------------------------------------------------

    async def picture(self, prompt: str) -> Drawn:
        """The picture that the image model makes of `prompt`, as it was answered; `await its.bytes()` decodes it.

        Raises:
            ContentFiltered, TransientError, CallRejected, EndpointRefused, QuotaExhausted, BudgetReached: see errors.
        """
        request: dict[str, Any] = {"prompt": prompt, "size": "1024x1024"}
        model = self._models["image"]
        if model is not None:
            request["model"] = model
        if self.settings.provider != "openai" or "gpt-image" in str(model):
            request |= {"quality": self.settings.image_quality, "output_format": "png"}
        quality = self.settings.image_quality
        async with self._call("image", self.ledger.prices.image_call(quality, len(prompt) // 3)) as call:
            try:
                async with asyncio.timeout(self.settings.request_timeout):
                    raw = await self._image.images.with_raw_response.generate(**request)
                    self._admit(call, raw.headers)
                    drawn = read_picture(raw.http_response.json(), seconds=self.settings.request_timeout)
                    call.input_tokens, call.output_tokens = drawn.input_tokens, drawn.output_tokens
                    call.cost = self.ledger.prices.image_call(quality, drawn.input_tokens, drawn.output_tokens or None)
                    return drawn
            except TimeoutError as error:
                raise TransientError(f"the picture took longer than {self.settings.request_timeout:.0f} s") from error

    # -- every call --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _call(self, kind: Kind, guess: float) -> AsyncIterator[_Call]:
        """Account for a call, and translate whatever goes wrong in it."""
        if not self._let_in:
            await self._gate.acquire()
            if self._let_in:
                self._gate.release()
        call = _Call(kind, guess, holds_gate=not self._let_in)
        try:
            if self.halted is not None:
                raise self.halted
            self.ledger.reserve(kind, guess)
        except BaseException:
            self._open_gate(call, let_in=False)
            raise
        call.started = time.monotonic()
        try:
            yield call
            call.ok = True
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            translated = self._translate(error, kind)
            if isinstance(error, openai.APIStatusError):
                self._pace[kind].heard(error.response.headers)
            refused = isinstance(error, openai.AuthenticationError)
            self._open_gate(call, let_in=isinstance(error, openai.APIStatusError) and not refused)
            if isinstance(translated, RunStopped | SetupError):
                self.halted = self.halted or translated
            raise translated from error
        except ValueError as error:  # a body or an event of a stream that was cut in its middle is no JSON
            raise TransientError(f"{kind} call: the answer's body is broken ({error})") from error
        finally:
            self._open_gate(call, let_in=call.ok)
            self.ledger.settle(guess, call.cost)
            seconds = time.monotonic() - call.started
            self._listen(CallDone(kind, call.ok, seconds, call.input_tokens, call.output_tokens, call.cost))

    def _admit(self, call: _Call, headers: Mapping[str, str]) -> None:
        self._open_gate(call, let_in=True)
        self._pace[call.kind].heard(headers)

    def _open_gate(self, call: _Call, *, let_in: bool) -> None:
        self._let_in = self._let_in or let_in
        if call.holds_gate:
            call.holds_gate = False
            self._gate.release()

    def _translate(self, error: Exception, kind: Kind) -> DatagenError:
        def mask(text: str) -> str:
            # Some services repeat the key in what they say of it.
            for secret in self.settings.secrets():
                text = text.replace(secret, "***")
            return text

        translated = translate(error, kind, self.settings, mask)
        # The foreign error stays as the cause, and a traceback shows it.
        error.args = tuple(mask(str(part)) for part in error.args)
        return translated

"""Which endpoint a run talks to, and how: Azure, an OpenAI-compatible server, or the offline stand-in.

The only module that knows the SDK. Its errors end here: whatever the service or the network does comes out as one of
`errors.py`, saying which setting to change where that is the remedy. The SDK's own retries are off; `retry.py` does
them, so that one place counts attempts and all calls to a deployment share one pace.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn, Self, TypeVar

import httpx2
import openai
from pydantic import BaseModel

from datagen_lib.errors import DatagenError, RunStopped, SetupError, TransientError
from datagen_lib.events import CallDone, Kind, Listener, PaceChanged, Retrying, ignore
from datagen_lib.models import response_format
from datagen_lib.settings import Settings

from .answers import AnsweredError, ObjectReader, count_tokens
from .costs import Ledger, prices
from .download import Fetcher
from .drawn import Drawn, read_picture
from .endpoints import Endpoint, reach
from .first_call import Gate, Passage
from .retry import Learnt, Pace, PaceState, persist
from .stream import chunks
from .translation import translate
from .transport import http_client

T = TypeVar("T")
log = logging.getLogger(__name__)

WHY = {
    "": "",
    "shut": "no quota is left for the moment",
    "doubt": "a call was refused: is the service only busy?",
    "half": "no quota is left for the moment, maybe for less than it says",
    "none left": "the service says that no call is left",
    "asked": "the service asks to wait",
    "outage": "nobody answers",
}
"""What a pause is for, in words."""
MOST_OVER = 1.5  # times the objects asked for: an answer that goes on and on is cut there


@dataclass
class _Call:
    """One call under way."""

    kind: Kind
    reserved: float
    passage: Passage
    started: float = field(default_factory=time.monotonic)
    cost: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    ok: bool = False


class Client:
    """Talks to one text and one image deployment. Use it as an async context manager.

    Attributes:
        ledger: what the calls cost so far.
        halted: why no further call is made, or None while calls are.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        listen: Listener = ignore,
        ledger: Ledger | None = None,
        learnt: Mapping[Kind, Learnt] | None = None,
    ) -> None:
        self.settings = settings
        self.ledger = ledger or Ledger(prices(settings), settings.max_cost_usd)
        self.halted: DatagenError | None = None
        self._listen = listen
        learnt = learnt or {}
        most: dict[Kind, int] = {"text": settings.parallel_text_requests, "image": settings.parallel_image_requests}
        given: dict[Kind, float | None] = {
            "text": settings.text_requests_per_minute,
            "image": settings.image_requests_per_minute,
        }
        self._pace: dict[Kind, Pace] = {
            kind: Pace(
                kind,
                max_concurrent=most[kind],
                requests_per_minute=given[kind],
                first_guess=learnt.get(kind),
                on_change=partial(self._tell_pace, kind),
            )
            for kind in most
        }
        self._stack = AsyncExitStack()
        self._under_way: dict[asyncio.Future[None], Kind] = {}
        self._gate = Gate()

    async def __aenter__(self) -> Self:
        self._endpoints = await self._stack.enter_async_context(reach(self.settings))
        s = self.settings
        # One connection pool for both kinds; a proxy of the environment has no business with a server in this process.
        local = any(endpoint.local for endpoint in self._endpoints.values())
        http = await self._stack.enter_async_context(http_client(seconds=s.request_timeout, trust_env=not local))
        self._fetcher = Fetcher(self._endpoints["image"].address, seconds=s.request_timeout, trust_env=not local)
        self._stack.push_async_callback(self._fetcher.aclose)
        self._sdk = {kind: connect(endpoint, http) for kind, endpoint in self._endpoints.items()}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def pace(self, kind: Kind) -> Pace:
        """The pace keeper of the deployment, for displays."""
        return self._pace[kind]

    def learnt(self) -> dict[Kind, Learnt]:
        """The rates learnt, to begin the next run with."""
        return {kind: learnt for kind, pace in self._pace.items() if (learnt := pace.learnt) is not None}

    def _tell_pace(self, kind: Kind, state: PaceState) -> None:
        log.debug("pace of %s calls: %s", kind, state)
        rate = None if state.rate_per_minute is None else round(state.rate_per_minute, 2)
        self._listen(PaceChanged(kind, rate, state.concurrency, round(state.paused, 2), WHY[state.why]))

    async def stop(self, reason: DatagenError) -> NoReturn:
        """Make no further call, let those under way end (they are paid for), and raise `reason`."""
        self.halted = self.halted or reason
        while self._under_way:
            await asyncio.wait(self._under_way)
        raise reason

    def under_way(self, kind: Kind) -> int:
        """Calls of this kind that are paid for, or may be: asked, or answered and not kept yet."""
        return sum(other == kind for other in self._under_way.values())

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
            with self._at_work(kind):
                return await operation()

        async def complete(result: T) -> None:
            if finish is not None:
                with self._at_work(kind):
                    await finish(result)

        try:
            await persist(
                attempt,
                finish=complete,
                pace=self._pace[kind],
                max_retries=self.settings.max_retries,
                outage_patience=self.settings.outage_patience,
                on_retry=report,
            )
        except (RunStopped, SetupError) as error:
            await self.stop(error)

    @contextmanager
    def _at_work(self, kind: Kind) -> Iterator[None]:
        """Between a call's first byte and its result on disk: what `stop` waits for."""
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._under_way[end] = kind
        try:
            yield
        finally:
            del self._under_way[end]
            end.set_result(None)

    # -- text --------------------------------------------------------------------------------------------------------

    async def objects(
        self,
        *,
        system: str,
        user: str,
        wire: type[BaseModel],
        count: int,
        most: int | None = None,
        record: list[str] | None = None,
    ) -> AsyncGenerator[Any, None]:
        """One structured answer, object by object, each as soon as it is complete.

        Args:
            system: the system message.
            user: the user message.
            wire: the answer's model: one field, the list of objects.
            count: objects asked for, which sets how long the answer may be.
            most: objects to take before the answer is cut; half again as many as `count` where it is not given.
            record: gets each piece of the answer's text as it comes, for whoever wants to show it.

        Yields:
            Each object of the list, as JSON values, unchecked.

        Raises:
            MalformedAnswer: the answer is torn, truncated, refused or empty; objects before the tear were yielded.
            ContentFiltered, TransientError, CallRejected, EndpointRefused, QuotaExhausted, BudgetReached: see errors.
        """
        (key,) = wire.model_fields
        endpoint = self._endpoints["text"]
        request: dict[str, Any] = {
            "model": endpoint.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "response_format": response_format(wire),
            "max_completion_tokens": 8000 + 400 * count,  # covers the reasoning too
            "stream": True,
            "stream_options": {"include_usage": True},
            **endpoint.extras,
        }
        guess = self.ledger.prices.text_guess(len(system) + len(user), count)
        async with self._call("text", guess) as call:
            raw = await self._sdk["text"].chat.completions.with_raw_response.create(**request)
            self._admit(call, raw.headers)
            reader = ObjectReader(
                key,
                record,
                most=most or math.ceil(count * MOST_OVER),
                lenient=endpoint.provider == "openai",
                mask=self._mask,
            )
            async with aclosing(chunks(raw.http_response, mask=self._mask)) as pieces:
                async for chunk in pieces:
                    if tokens := count_tokens(chunk):
                        call.input_tokens, call.output_tokens, cached = tokens
                        call.cost = self.ledger.prices.text_call(call.input_tokens, call.output_tokens, cached)
                    for found in reader.read(chunk):
                        yield found
                    if reader.full:  # the stream closes here, and no more is written
                        break
            reader.end()

    # -- pictures ----------------------------------------------------------------------------------------------------

    async def picture(self, prompt: str) -> Drawn:
        """The picture that the image model makes of `prompt`, as it was answered; `await its.bytes()` decodes it.

        Raises:
            ContentFiltered, TransientError, CallRejected, EndpointRefused, QuotaExhausted, BudgetReached: see errors.
        """
        endpoint = self._endpoints["image"]
        request: dict[str, Any] = {"prompt": prompt, "size": "1024x1024", **endpoint.extras}
        if endpoint.model is not None:
            request["model"] = endpoint.model
        quality = self.settings.image_quality
        async with self._call("image", self.ledger.prices.image_call(quality, len(prompt) // 3)) as call:
            raw = await self._sdk["image"].images.with_raw_response.generate(**request)
            self._admit(call, raw.headers)
            drawn = await asyncio.to_thread(
                read_picture, raw.http_response.content, fetcher=self._fetcher, mask=self._mask
            )
            call.input_tokens, call.output_tokens = drawn.input_tokens, drawn.output_tokens
            call.cost = self.ledger.prices.image_call(quality, drawn.input_tokens, drawn.output_tokens or None)
            return drawn

    # -- every call --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _call(self, kind: Kind, guess: float) -> AsyncIterator[_Call]:
        """Account for a call, and translate whatever goes wrong in it."""
        async with self._gate.passage() as passage:
            if self.halted is not None:
                raise self.halted
            self.ledger.reserve(kind, guess)
            call = _Call(kind, guess, passage)
            try:
                yield call
                call.ok = True
                passage.let_in()
            except (openai.OpenAIError, httpx2.HTTPError, AnsweredError, ValueError) as error:
                raise self._failed(call, error) from error
            finally:
                self.ledger.settle(guess, call.cost)
                seconds = time.monotonic() - call.started
                self._listen(CallDone(kind, call.ok, seconds, call.input_tokens, call.output_tokens, call.cost))

    def _admit(self, call: _Call, headers: Mapping[str, str]) -> None:
        call.passage.let_in()
        self._pace[call.kind].heard(headers)

    def _failed(
        self, call: _Call, error: openai.OpenAIError | httpx2.HTTPError | AnsweredError | ValueError
    ) -> DatagenError:
        """What went wrong, in our words; what ends the run ends it for the calls that wait as well."""
        if isinstance(error, ValueError):  # a body or an event of a stream that was cut in its middle is no JSON
            return TransientError(f"{call.kind} call: the answer's body is broken ({error})")
        if isinstance(error.__cause__, DatagenError):  # the transport's, which the SDK wraps
            return error.__cause__
        if isinstance(error, AnsweredError):
            error = _as_status(error)
        translated = self._translate(error, call.kind)
        if isinstance(error, openai.APIStatusError):
            self._pace[call.kind].heard(error.response.headers)
            if not isinstance(error, openai.AuthenticationError):
                call.passage.let_in()
        if isinstance(translated, RunStopped | SetupError):
            self.halted = self.halted or translated
        return translated

    def _translate(self, error: Exception, kind: Kind) -> DatagenError:
        translated = translate(error, self._endpoints[kind], self._mask)
        # The foreign error stays as the cause, and a traceback shows it.
        error.args = tuple(self._mask(str(part)) for part in error.args)
        return translated

    def _mask(self, text: str) -> str:
        # Some services repeat the key in what they say of it.
        for secret in self.settings.secrets():
            text = text.replace(secret, "***")
        return text


def _as_status(error: AnsweredError) -> openai.APIStatusError:
    """The error that the SDK would have raised, had the service answered with the status that its code says."""
    response = httpx2.Response(error.status, request=httpx2.Request("POST", ""))
    return openai.APIStatusError(str(error), response=response, body=error.body)


def connect(endpoint: Endpoint, http: httpx2.AsyncClient) -> openai.AsyncOpenAI:
    """The SDK's client for an endpoint: no retries of its own, and nothing of the shell that is meant for another."""
    common: dict[str, Any] = {
        "base_url": endpoint.address,
        "api_key": endpoint.key.get_secret_value(),
        "max_retries": 0,
        "timeout": http.timeout,
        "http_client": http,
    }
    if endpoint.bearer:
        sdk = openai.AsyncOpenAI(default_query=dict(endpoint.query), **common)
    else:
        sdk = openai.AsyncAzureOpenAI(api_version=endpoint.query["api-version"], **common)
    if not endpoint.inherits:
        # The SDK takes OPENAI_ORG_ID and OPENAI_PROJECT_ID for any server, even one that is not OpenAI's.
        sdk.organization = sdk.project = None
    return sdk

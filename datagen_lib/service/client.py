"""Makes the calls of a run: each in its turn, within the budget, accounted for, and its failure in our own words.

The steps of a call, in order, each with a home of its own:

    its turn      the deployment's pace (pace.py), and again after each passing failure (retry.py)
    the gate      the first call goes alone (first_call.py)
    the budget    what it may cost is promised (costs.py)
    the body      what is asked, without what this endpoint does not take (bodies.py)
    the wire      it goes out, and its headers come back (wire.py)
    the answer    is read as it comes in (answers.py)
    the account   what it cost, or may have cost, is settled, and told to whoever listens
    a failure     becomes one of errors.py (translation.py); the same refusal three times ends the run (repeats.py)
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
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

import httpx2
from pydantic import BaseModel

from datagen_lib.errors import (
    CallRejected,
    ContentFiltered,
    DatagenError,
    MalformedAnswer,
    RunStopped,
    SetupError,
    TransientError,
)
from datagen_lib.events import CallDone, Kind, Listener, PaceChanged, Retrying, ignore
from datagen_lib.masking import mask
from datagen_lib.settings import Settings

from .answers import AnsweredError, ObjectReader, count_tokens
from .bodies import Bodies, characters
from .costs import Bill, Ledger, prices
from .download import Fetcher
from .drawn import Drawn, read_picture
from .endpoints import Endpoint, reach
from .first_call import Gate, Passage
from .repeats import Repeats
from .retry import Learnt, Pace, PaceState, with_retries
from .said import is_page
from .stream import chunks
from .tape import recording
from .translation import Refusal, Refused, asked, cannot_connect, is_sent, translate, unreachable, web_page
from .transport import http_client

if TYPE_CHECKING:
    from .wire import Wire

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
MOST_FORMS = 12  # other forms of one call that are tried where the service does not take it
MOST_OVER = 1.5  # times the objects asked for: an answer that goes on and on is cut there


@dataclass
class _Call:
    """One call under way.

    Attributes:
        asked: what it asks for, such as items.
        promised: dollars that it may cost.
        cost: dollars that it did cost, or None where nobody counted.
        began: whether it was sent.
        answered: whether a part of a model's answer came.
        may_be_paid: whether the service may have done the work: it was sent, and it was not refused.
        brought: whether an object of the list came.
        reason: why it failed.
    """

    kind: Kind
    asked: str
    promised: float
    passage: Passage
    started: float = field(default_factory=time.monotonic)
    cost: float | None = None
    began: bool = False
    answered: bool = False
    may_be_paid: bool = False
    brought: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    ok: bool = False
    reason: str = ""

    @property
    def settled(self) -> float:
        """Dollars to put on the account: where no usage came, all that it may have cost."""
        if self.cost is not None:
            return self.cost
        return self.promised if self.may_be_paid else 0.0


@dataclass(frozen=True)
class _Line:
    """What one kind of call goes through."""

    endpoint: Endpoint
    bodies: Bodies
    repeats: Repeats
    send: Callable[[dict[str, Any]], Awaitable[httpx2.Response]]


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
        self._given: dict[Kind, float | None] = {
            "text": settings.text_requests_per_minute,
            "image": settings.image_requests_per_minute,
        }
        self._pace: dict[Kind, Pace] = {
            kind: Pace(
                kind,
                max_concurrent=most[kind],
                requests_per_minute=self._given[kind],
                first_guess=learnt.get(kind),
                on_change=partial(self._tell_pace, kind),
            )
            for kind in most
        }
        self._stack = AsyncExitStack()
        self._under_way: dict[asyncio.Future[None], Kind] = {}
        self._gate = Gate()

    async def __aenter__(self) -> Self:
        loading = asyncio.ensure_future(asyncio.to_thread(_load_wire))  # while the offline model starts
        endpoints = await self._stack.enter_async_context(reach(self.settings))
        await loading
        keys = [endpoint.key.get_secret_value() for endpoint in endpoints.values()]
        self._secrets = (*self.settings.secrets(), *keys)
        self._mask = partial(mask, secrets=self._secrets)
        try:
            await self._connect(endpoints)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _connect(self, endpoints: dict[Kind, Endpoint]) -> None:
        make_wire, s = _load_wire(), self.settings
        free = all(endpoint.free for endpoint in endpoints.values())
        # A proxy has no business with a server on this machine; the offline model speaks no TLS at all.
        local = any(endpoint.local for endpoint in endpoints.values())
        tape = await self._stack.enter_async_context(recording(s.record_dir, self._secrets))
        try:
            hear = tape.hear if tape else None
            verify = False if free else httpx2.create_ssl_context()
            # One connection pool for both kinds.
            http = http_client(seconds=s.request_timeout, trust_env=not local, hear=hear, verify=verify)
        except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
            raise cannot_connect(error, endpoints["text"], self._mask) from error
        await self._stack.enter_async_context(http)
        self._fetcher = Fetcher(endpoints["image"].address, seconds=s.request_timeout, trust_env=not free)
        self._stack.push_async_callback(self._fetcher.aclose)
        self._fetch = tape.through(self._fetcher) if tape else self._fetcher
        self._lines = {
            kind: _Line(endpoint, Bodies(endpoint, s), Repeats(endpoint), make_wire(endpoint, http).send)
            for kind, endpoint in endpoints.items()
        }

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
        self._listen(
            PaceChanged(
                kind,
                rate,
                state.concurrency,
                paused=round(state.paused, 2),
                why=WHY[state.why],
                next_in=round(state.next_in, 2),
                given=self._given[kind] is not None,
            )
        )

    async def stop(self, reason: DatagenError) -> NoReturn:
        """Make no further call, let those under way end (they are paid for), and raise `reason`."""
        self.halted = self.halted or reason
        while self._under_way:
            await asyncio.wait(self._under_way)
        raise reason

    def under_way(self, kind: Kind) -> int:
        """Calls of this kind that are paid for, or may be: asked, or answered and not kept yet."""
        return sum(other == kind for other in self._under_way.values())

    async def with_retries(
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
            await with_retries(
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
        bill: Bill | None = None,
    ) -> AsyncGenerator[Any, None]:
        """One structured answer, object by object, each as soon as it is complete.

        Args:
            system: the system message.
            user: the user message.
            wire: the answer's model: one field, the list of objects.
            count: objects asked for, which sets how long the answer may be.
            most: objects to take before the answer is cut; half again as many as `count` where it is not given.
            record: gets each piece of the answer's text as it comes, for whoever wants to show it.
            bill: gets what the call cost, once it has ended.

        Yields:
            Each object of the list, as JSON values, unchecked.

        Raises:
            MalformedAnswer: the answer is torn, truncated, refused or empty; objects before the tear were yielded.
            DatagenError: one of `errors.py`, such as ContentFiltered, TransientError or BudgetReached.
        """
        (key,) = wire.model_fields
        line, table = self._lines["text"], self.ledger.prices
        make = partial(line.bodies.text, system=system, user=user, wire=wire, count=count)
        dearest = table.text_most(characters(make()), line.bodies.longest(count))
        async with self._call("text", dearest, bill, asked=key) as call:
            response = await self._send(call, make)
            reader = ObjectReader(
                key,
                record,
                most=most or math.ceil(count * MOST_OVER),
                lenient=line.endpoint.lenient,
                mask=self._mask,
            )
            async with aclosing(_until_whole(chunks(response, mask=self._mask), reader)) as pieces:
                async for chunk in pieces:
                    call.answered = call.answered or bool(chunk.get("choices"))
                    if tokens := count_tokens(chunk):
                        call.input_tokens, call.output_tokens, cached = tokens
                        call.cost = table.text_call(call.input_tokens, call.output_tokens, cached)
                    for found in reader.read(chunk):
                        call.brought = True
                        yield found
                    if reader.full:  # the stream closes here, and no more is written
                        break
            reader.end()

    # -- pictures ----------------------------------------------------------------------------------------------------

    async def picture(self, prompt: str, *, bill: Bill | None = None) -> Drawn:
        """The picture that the image model makes of `prompt`, as it was answered; `await its.bytes()` decodes it.

        Args:
            prompt: what to draw.
            bill: gets what the call cost.

        Raises:
            DatagenError: one of `errors.py`, such as ContentFiltered, TransientError or BudgetReached.
        """
        bodies, table = self._lines["image"].bodies, self.ledger.prices
        reads = len(prompt) // 3  # tokens, about
        async with self._call("image", table.image_call(bodies.quality, reads), bill) as call:
            response = await self._send(call, partial(bodies.image, prompt))
            drawn = await asyncio.to_thread(read_picture, response.content, fetcher=self._fetch, mask=self._mask)
            call.input_tokens, call.output_tokens = drawn.input_tokens, drawn.output_tokens
            call.cost = table.image_call(bodies.quality, drawn.input_tokens or reads, drawn.output_tokens or None)
            return drawn

    # -- every call --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _call(
        self, kind: Kind, most: float, bill: Bill | None = None, *, asked: str = "pictures"
    ) -> AsyncIterator[_Call]:
        """A call from the gate to its account; whatever goes wrong in it comes out as one of `errors.py`."""
        async with self._gate.passage() as passage:
            promised = await self.ledger.reserve(kind, most)
            call = _Call(kind, asked, promised, passage)
            try:
                if self.halted is not None:
                    raise self.halted
                yield call
                call.ok = True
                self._lines[kind].repeats.accepted(asked)
            except (Refused, AnsweredError, httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
                raise self._failure(call, error) from error
            except (RunStopped, SetupError) as error:
                self.halted = self.halted or error
                raise
            except (MalformedAnswer, ContentFiltered) as error:
                call.reason = error.what
                if isinstance(error, MalformedAnswer):  # an answer of another kind is no work done
                    call.may_be_paid = call.may_be_paid and call.answered
                if (judged := self._judged(call, error)) is not error:
                    raise judged from error
                raise
            finally:
                self.ledger.settle(kind, promised, call.settled)
                if call.began:
                    if bill is not None:
                        bill.add(call.settled)
                    self._tell(call)

    async def _send(self, call: _Call, make: Callable[[], dict[str, Any]]) -> httpx2.Response:
        """Send what `make` makes, anew without what the service turns out not to take; returns at the headers."""
        line = self._lines[call.kind]
        for left in range(MOST_FORMS, -1, -1):
            body = make()
            call.began = call.may_be_paid = True
            try:
                response = await line.send(body)
            except Refused as refused:
                if not left or not line.bodies.learn(body, refused.refusal):
                    raise
                continue
            await self._expect_no_page(call, response)
            call.passage.let_in()
            self._pace[call.kind].heard(response.headers)
            return response
        raise AssertionError  # pragma: no cover - the last form is answered or refused

    async def _expect_no_page(self, call: _Call, response: httpx2.Response) -> None:
        """A page for people, where nothing was let in yet, is no bad luck: somebody has to sign in or to mend it.

        Raises:
            EndpointRefused: it is one, and no call was let in before. Later ones are read as bad answers.
        """
        if "html" not in response.headers.get("content-type", ""):
            return
        text = (await response.aread()).decode("utf-8", "replace")
        if is_page(text):
            call.may_be_paid = False
            if not self._gate.is_open:
                raise web_page(asked(response), text, self._lines[call.kind].endpoint, self._mask)

    def _failure(self, call: _Call, error: Exception) -> DatagenError:
        """What went wrong, in our words; what ends the run ends it for the calls that wait as well."""
        translated = self._translated(call, error)
        if isinstance(translated, CallRejected):
            translated = self._lines[call.kind].repeats.refused(translated, call.asked)
        if isinstance(translated, ContentFiltered):
            translated = self._judged(call, translated)
        if isinstance(translated, ContentFiltered) or (
            isinstance(translated, TransientError) and not translated.outage
        ):
            call.passage.let_in()  # the service is there and knows us
        if isinstance(translated, RunStopped | SetupError):
            self.halted = self.halted or translated
        # The foreign error stays as the cause, and a traceback shows it.
        error.args = tuple(self._mask(str(part)) for part in error.args)
        call.reason = translated.what
        return translated

    def _judged(self, call: _Call, error: MalformedAnswer | ContentFiltered) -> DatagenError:
        """`error`, or why the run ends with it. What images are refused for, their stage knows better."""
        if call.kind != "text":
            return error
        repeats = self._lines[call.kind].repeats
        if call.brought:
            repeats.accepted(call.asked)
            return error
        judged = repeats.useless(error, call.asked)
        if judged is not error:
            self.halted = self.halted or judged
        return judged

    def _translated(self, call: _Call, error: Exception) -> DatagenError:
        endpoint = self._lines[call.kind].endpoint
        if isinstance(error, AnsweredError):
            call.may_be_paid = call.answered
            return translate(Refusal(error.status, body=error.body), endpoint, self._mask)
        if isinstance(error, Refused):
            call.may_be_paid = False
            self._pace[call.kind].heard(error.refusal.headers)
            return translate(error.refusal, endpoint, self._mask)
        if isinstance(error, httpx2.HTTPError | httpx2.InvalidURL):
            call.may_be_paid = call.may_be_paid and is_sent(error)
            return unreachable(error, endpoint, self._mask)
        # A body or an event of a stream that was cut in its middle is no JSON.
        return TransientError(self._mask(f"{call.kind} call: the answer's body is broken ({error})"))

    def _tell(self, call: _Call) -> None:
        seconds = time.monotonic() - call.started
        tokens = call.input_tokens, call.output_tokens
        self._listen(CallDone(call.kind, call.ok, seconds, *tokens, call.settled, call.reason))


async def _until_whole(
    pieces: AsyncGenerator[dict[str, Any], None], reader: ObjectReader
) -> AsyncGenerator[dict[str, Any], None]:
    """The chunks of an answer; a connection that breaks, or hangs, behind its last word has broken nothing."""
    try:
        async with aclosing(pieces):
            async for chunk in pieces:
                yield chunk
    except httpx2.HTTPError:
        if not reader.whole:
            raise


def _load_wire() -> type[Wire]:
    """The SDK takes half a second to import: in a thread, and only where calls are made."""
    from .wire import Wire

    return Wire

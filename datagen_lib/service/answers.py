"""Reads a structured answer: the objects of its list as they stream in, its tokens, and how it ended."""

from __future__ import annotations

import json
from typing import Any

from datagen_lib.errors import ContentFiltered, MalformedAnswer
from datagen_lib.text import opening

from .scanner import Scanner
from .stream import Mask

MOST_TOKENS = 10**9  # a larger count is no count
LONGEST_WORDS = 4096  # characters of a refusal
LONGEST_TEXT = 2**20  # characters of a whole answer; 100 items have 60,000, and thoughts before them some more

STATUS = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "DeploymentNotFound": 404,
    "insufficient_quota": 429,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "content_filter": 400,
    "content_policy_violation": 400,
    "moderation_blocked": 400,
    "invalid_request_error": 400,
    "overloaded_error": 503,
    "server_error": 500,
}
"""What the names of error codes and types stand for where no status comes with them."""


class AnsweredError(Exception):
    """An error object where an answer was due: in a body of HTTP 200, in an event of a stream, in a choice.

    `translation.py` makes the error of it that the same refusal by status would be.

    Attributes:
        status: the HTTP status that its code stands for.
        body: the error object itself: `code`, `message` and whatever else the service says.
    """

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body.get("message") or body)[:300])
        self.status = status
        self.body = body


def answered_error(found: dict[str, Any]) -> AnsweredError | None:
    """The error that an object of an answer reports, or None where it reports none."""
    error = found.get("error")
    if not error:
        return None
    words = {"message": str(error)} | ({"code": error} if str(error).isdecimal() else {})
    body = error if isinstance(error, dict) else words
    return AnsweredError(_status(body, found), body)


def _status(*bodies: dict[str, Any]) -> int:
    """The status that the first telling code stands for: a number, or a name that is known."""
    told = [str(body.get(name)) for body in bodies for name in ("status", "status_code", "code", "type")]
    numbers = [int(one) for one in told if one.isdecimal() and len(one) == 3 and 400 <= int(one) < 600]
    names = [STATUS[one] for one in told if one in STATUS]
    return (numbers or names or [500])[0]


class ObjectReader:
    """Finds the objects of a structured answer as its text streams in; linear in the answer's length.

    Args:
        key: the name of the list.
        record: gets each piece of the answer's text.
        most: objects to take; the answer is cut there. None for all.
        lenient: take a code fence, thoughts before the JSON, and a bare array too.
        mask: hides secrets in the messages of errors.
    """

    def __init__(
        self,
        key: str,
        record: list[str] | None = None,
        *,
        most: int | None = None,
        lenient: bool = False,
        mask: Mask = str,
    ) -> None:
        self._key, self._mask = key, mask
        self._record = [] if record is None else record
        self._most = most
        self._content, self._call = Scanner(key, lenient=lenient), Scanner(key, lenient=lenient)
        self._streams = False  # whether the text comes in deltas
        self._choice: int | None = None  # the number of the one that is read: one was asked for
        self._count = self._size = 0
        self._finish = self._refusal = ""

    @property
    def full(self) -> bool:
        """Whether it has found as many objects as are taken: nobody needs the rest."""
        return self._most is not None and self._count >= self._most

    @property
    def whole(self) -> bool:
        """Whether the JSON is complete: nothing that follows belongs to it."""
        return self._content.whole or self._call.whole

    def read(self, chunk: dict[str, Any]) -> list[Any]:
        """The objects that the chunk completes.

        Raises:
            AnsweredError: the chunk reports an error.
            MalformedAnswer: the text is longer than any answer.
        """
        if error := answered_error(chunk):
            raise error
        found: list[Any] = []
        for choice in self._mine(as_dicts(chunk.get("choices"))):
            if error := answered_error(choice):
                raise error
            self._finish = str(choice.get("finish_reason") or self._finish)[:100]
            found += self._read(self._part(choice))
        if self._most is not None:
            found = found[: self._most - self._count]
        self._count += len(found)
        return found

    def end(self) -> None:
        """Say what is wrong with the answer as a whole.

        Raises:
            ContentFiltered: the filter cut it.
            MalformedAnswer: it is refused, cut, torn or empty.
        """
        if self.full:
            return
        text = self._content if self._content.start.strip() or not self._call.start else self._call
        began = self._began(text)
        if self._finish == "content_filter":
            raise ContentFiltered("the service's content filter cut the answer")
        if self._refusal:
            raise MalformedAnswer(f"the model refused: {opening(self._refusal, length=200, mask=self._mask)}")
        if self._finish == "length":
            raise MalformedAnswer("the answer was cut at its longest allowed length", hint="Use a smaller BATCH_SIZE.")
        if text.torn:
            raise MalformedAnswer(f"the answer is not the JSON that was asked for ({text.torn}); {began}")
        if not text.opened:
            raise MalformedAnswer(f"the answer is not the JSON that was asked for; {began}")
        if not text.whole:
            raise MalformedAnswer(f"the answer's JSON ends too early; {began}")
        if not self._count:
            raise MalformedAnswer(f"the answer holds no {self._key}; {began}")

    def _mine(self, choices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The choice to read, of a service that gives several."""
        numbers = [as_number(choice.get("index")) for choice in choices]
        self._choice = min(numbers, default=None) if self._choice is None else self._choice
        return [choice for choice, number in zip(choices, numbers, strict=True) if number == self._choice][:1]

    def _began(self, text: Scanner) -> str:
        return f"it begins: {opening(text.start, mask=self._mask)}" if text.start.strip() else "it is empty"

    def _part(self, choice: dict[str, Any]) -> dict[str, Any]:
        """What the choice adds. A whole message at the end of a stream only repeats it."""
        delta = as_dict(choice.get("delta"))
        self._streams = self._streams or any(delta.get(name) for name in ("content", "tool_calls", "function_call"))
        if delta or self._streams:
            return delta
        return as_dict(choice.get("message")) or {"content": choice.get("text")}

    def _read(self, part: dict[str, Any]) -> list[Any]:
        if len(self._refusal) < LONGEST_WORDS:
            self._refusal += _words(part.get("refusal"))
        found: list[Any] = []
        content = _words(part.get("content") or part.get("parsed"))
        for scanner, text in ((self._content, content), (self._call, _arguments(part))):
            self._size += len(text)
            if self._size > LONGEST_TEXT:
                raise MalformedAnswer(
                    f"the answer is longer than {LONGEST_TEXT:,} characters; it begins: {opening(text)}"
                )
            if piece := scanner.joined(text):
                self._record.append(piece)
                found += scanner.feed(piece)
        return found


def _words(content: Any) -> str:
    """The text of a message's content: as it is, or in parts of which some hold the model's thoughts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in as_dicts(content) if part.get("type") != "thinking")
    return content if isinstance(content, str) else json.dumps(content) if isinstance(content, dict) else ""


def _arguments(part: dict[str, Any]) -> str:
    """The text in a tool's call, which some models answer with; only the first call's."""
    calls = [call for call in as_dicts(part.get("tool_calls")) if not call.get("index")][:1]
    functions = [as_dict(call.get("function")) for call in calls] or [as_dict(part.get("function_call"))]
    return _words(functions[0].get("arguments"))


def count_tokens(chunk: dict[str, Any]) -> tuple[int, int, int] | None:
    """Input, output and cached input tokens, where the chunk tells them."""
    usage = as_dict(chunk.get("usage"))
    if not usage:
        return None
    cached = as_dict(usage.get("prompt_tokens_details")).get("cached_tokens")
    return as_number(usage.get("prompt_tokens")), as_number(usage.get("completion_tokens")), as_number(cached)


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def as_number(value: Any) -> int:
    return value if isinstance(value, int) and 0 < value < MOST_TOKENS else 0

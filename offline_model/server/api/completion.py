"""What the model says to one request, before it is put into the form of either API."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

TEXT_MODEL = "gpt-5-2025-08-07"

CHUNK = 16
"""Characters in one delta of a stream: a few tokens."""

_REASONING = {"minimal": 0, "low": 192, "medium": 704, "high": 1984}


def tokens(text: str) -> int:
    """About four characters a token."""
    return -(-len(text) // 4)


@dataclass
class ToolCall:
    """A tool that the client is to call; `arguments` is JSON."""

    name: str
    arguments: str
    id: str = field(default_factory=lambda: f"call_{uuid.uuid4().hex[:24]}")


@dataclass
class Choice:
    """One of the answers: a text, or tools to call."""

    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)

    @property
    def length(self) -> int:
        return tokens(self.text) + sum(tokens(call.name + call.arguments) for call in self.calls)

    def cut(self, characters: int) -> None:
        """Keep so many characters of it."""
        self.text = self.text[:characters]
        for call in self.calls:
            call.arguments = call.arguments[:characters]
            characters -= len(call.arguments)


@dataclass
class Completion:
    """One answer.

    Attributes:
        choices: as many as were asked for.
        prompt_tokens: as counted on the request.
        finish: why they end: stop, length, content_filter or tool_calls.
        refusal: said instead of content.
        effort: the request's reasoning effort.
        limit: tokens of reasoning and text together; cuts the texts, finish becomes length.
        model: what the answer says wrote it.
        used: tokens of the answer as a tape has them; None: counted here.
    """

    choices: list[Choice]
    prompt_tokens: int
    finish: str = "stop"
    refusal: str | None = None
    effort: str = "medium"
    limit: int | None = None
    model: str = TEXT_MODEL
    used: int | None = None
    created: int = field(default_factory=lambda: int(time.time()))

    def __post_init__(self) -> None:
        self.reasoning = _REASONING.get(self.effort, _REASONING["medium"])
        if self.finish == "stop" and any(choice.calls for choice in self.choices):
            self.finish = "tool_calls"
        written = sum(choice.length for choice in self.choices)
        if self.used is not None:
            self.reasoning = max(0, self.used - written)
        elif self.limit is not None and self.reasoning + written > self.limit:
            self.reasoning = min(self.reasoning, self.limit)
            for choice in self.choices:
                choice.cut((self.limit - self.reasoning) * 4)
            self.finish = "length"

    @property
    def written(self) -> int:
        """Tokens of the answer, its reasoning among them."""
        if self.used is not None:
            return self.used
        return tokens(self.refusal or "") + sum(choice.length for choice in self.choices) + self.reasoning


def pieces(text: str) -> list[str]:
    """A text as the deltas that a stream brings it in."""
    return [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]

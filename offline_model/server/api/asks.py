"""What a request for text asks, whichever of the two APIs it came by."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .responses import as_messages
from .tools import Offer, read_tools


@dataclass(frozen=True)
class Ask:
    """One request for text.

    Attributes:
        messages: of the chat, oldest first.
        form: of the answer: "text", "json_object" or "json_schema".
        schema: of the answer, for "json_schema".
        offer: tools that may be called.
        count: choices.
        effort: of the reasoning.
        limit: tokens at most, or None.
        stream: whether the answer is to be streamed.
    """

    messages: Sequence[Mapping[str, Any]]
    form: str = "text"
    schema: Mapping[str, Any] | None = None
    offer: Offer = field(default_factory=Offer)
    count: int = 1
    effort: str = "medium"
    limit: int | None = None
    stream: bool = False

    @property
    def meaning(self) -> bytes:
        """What makes another request another one, for the model."""
        return json.dumps([self.messages, self.form, self.schema], sort_keys=True).encode()

    @property
    def text(self) -> str:
        """The user's last words."""
        said = [content_text(message.get("content")) for message in self.messages if message.get("role") == "user"]
        return said[-1] if said else ""

    @property
    def words(self) -> str:
        """All that the messages say."""
        return "\n".join(content_text(message.get("content")) for message in self.messages)

    @property
    def told(self) -> str | None:
        """What the tools said since the user's last words, or None where none was called."""
        results: list[str] = []
        for message in self.messages:
            if message.get("role") == "user":
                results.clear()
            elif message.get("role") in ("tool", "function"):
                results.append(content_text(message.get("content")))
        return "\n".join(results) if results else None


def content_text(content: Any) -> str:
    """The text of a message's content, which may come in parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def of_chat(body: Mapping[str, Any]) -> Ask:
    """The ask of a chat completion that passed the checks."""
    wanted = body.get("response_format") or {"type": "text"}
    form = wanted["type"]
    return Ask(
        messages=body["messages"],
        form=form,
        schema=wanted["json_schema"]["schema"] if form == "json_schema" else None,
        offer=read_tools(body, flat=False),
        count=body.get("n") or 1,
        effort=body.get("reasoning_effort") or "medium",
        limit=body.get("max_completion_tokens"),
        stream=bool(body.get("stream")),
    )


def of_responses(body: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> Ask:
    """The ask of a response that passed the checks; `before` are the items of the conversation so far."""
    wanted = (body.get("text") or {}).get("format") or {"type": "text"}
    return Ask(
        messages=as_messages(body, before),
        form=wanted["type"],
        schema=wanted.get("schema"),
        offer=read_tools(body, flat=True),
        effort=(body.get("reasoning") or {}).get("effort") or "medium",
        limit=body.get("max_output_tokens"),
        stream=bool(body.get("stream")),
    )

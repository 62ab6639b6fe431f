"""The body of each call, and what an endpoint turned out not to take of it.

Not every model behind an endpoint takes every parameter, and its name does not tell. So all are sent. Where the service
refuses one that the call can do without, the call goes again without it, at once. So do all that follow:

    quality, output_format, stream, stream_options      left out
    reasoning_effort                                    left out, unless REASONING_EFFORT asks for one
    max_completion_tokens                               sent as max_tokens, then left out
    max_completion_tokens above the service's limit     lowered to the limit that its refusal names, else halved
    size                                                the next one that it offers, not below IMAGE_SIZE
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from datagen_lib.models import response_format
from datagen_lib.settings import Settings

from .endpoints import Endpoint
from .said import Said, read
from .translation import Refusal, is_unknown

log = logging.getLogger(__name__)

ROOM_TO_THINK = 8000  # tokens of an answer beside its objects: reasoning counts as output
TOKENS_OF_AN_OBJECT = 400  # at most
SHORTEST = 256  # tokens; a smaller limit is no limit for an answer
LARGEST_SIDE = 1024  # pixels asked for
TEXT_LIMITS = ("max_completion_tokens", "max_tokens")
DISPENSABLE = {"quality", "output_format", "stream", "stream_options", "reasoning_effort"}

_LIMIT_WORDS = re.compile(
    r"max_(?:completion_|output_)?tokens|completion tokens|context length|output tokens", re.IGNORECASE
)
_IN_MESSAGES = re.compile(r"(\d+) (?:tokens )?(?:in|from) the (?:messages|input|prompt)", re.IGNORECASE)


class Bodies:
    """Makes the bodies of one endpoint's calls, and learns from its refusals what to leave out.

    Args:
        endpoint: where they go.
        settings: of the run.
    """

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self._endpoint, self._settings = endpoint, settings
        self._left_out: set[str] = set()
        self._limit_name = TEXT_LIMITS[0]
        self._side = LARGEST_SIDE
        self._refused_sides: set[int] = set()
        self._longest = settings.max_output_tokens

    def text(self, *, system: str, user: str, wire: type[BaseModel], count: int) -> dict[str, Any]:
        """The body of a text call that asks for `count` objects."""
        body: dict[str, Any] = {
            "model": self._endpoint.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "response_format": response_format(wire),
            self._limit_name: self.longest(count),
            "stream": True,
            "stream_options": {"include_usage": True},
            **self._endpoint.extras,
        }
        return self._kept(body)

    def image(self, prompt: str) -> dict[str, Any]:
        """The body of an image call."""
        body: dict[str, Any] = {"prompt": prompt, "size": f"{self._side}x{self._side}", **self._endpoint.extras}
        if self._endpoint.model is not None:
            body["model"] = self._endpoint.model
        return self._kept(body)

    def longest(self, count: int) -> int:
        """Tokens that an answer of `count` objects may have, reasoning included."""
        usual = ROOM_TO_THINK + TOKENS_OF_AN_OBJECT * count
        return usual if self._longest is None else min(usual, self._longest)

    @property
    def quality(self) -> str:
        """The quality that a picture is drawn at, as far as it is known; "auto" where the service is not told."""
        return "auto" if "quality" in self._left_out else self._settings.image_quality

    def learn(self, body: Mapping[str, Any], refusal: Refusal) -> bool:
        """Whether the call can go again, made otherwise, after this refusal of `body`."""
        if refusal.status not in {400, 422}:
            return False
        said = read(refusal.body)
        if is_unknown(said):
            return self._without(body, said)
        return self._shorter(body, said) or self._other_size(body, said) or self._without(body, said)

    def _shorter(self, body: Mapping[str, Any], said: Said) -> bool:
        asked = next((body[name] for name in TEXT_LIMITS if name in body), None)
        if asked is None or not (said.param in TEXT_LIMITS or _LIMIT_WORDS.search(said.text)):
            return False
        limits = [number for number in map(int, re.findall(r"\d{3,7}", said.text)) if SHORTEST <= number < asked]
        if prompt := _IN_MESSAGES.search(said.text):  # what the service names is then prompt and answer together
            context = max(map(int, re.findall(r"\d{3,7}", said.text.split("requested", 1)[0])), default=0)
            limits = [context - int(prompt[1])] if SHORTEST <= context - int(prompt[1]) < asked else []
        if not limits and asked < 2 * SHORTEST:
            return False
        self._longest = max(limits, default=asked // 2)
        log.warning("the service takes answers of at most %d tokens; MAX_OUTPUT_TOKENS can say so", self._longest)
        return True

    def _other_size(self, body: Mapping[str, Any], said: Said) -> bool:
        if said.param != "size" or "size" not in body:
            return False
        self._refused_sides.add(int(body["size"].split("x")[0]))
        offered = {int(side) for side in re.findall(r"\b(\d{2,4})x\1\b", said.text)} - self._refused_sides
        fitting = [side for side in offered if side >= self._settings.image_size]
        if not fitting:
            return False
        self._side = min(fitting)
        log.info("the image model draws no %s; asking for %dx%d", body["size"], self._side, self._side)
        return True

    def _without(self, body: Mapping[str, Any], said: Said) -> bool:
        name = said.param.removeprefix("body.")
        if name == TEXT_LIMITS[0] and name in body:
            self._limit_name = TEXT_LIMITS[1]
        elif name == TEXT_LIMITS[1] and name in body and self._limit_name == name:
            self._left_out.add(name)
        elif name not in DISPENSABLE or name not in body:
            return False
        elif name == "reasoning_effort" and self._settings.reasoning_effort is not None:
            return False  # it was asked for: to leave it out in silence would be to do something else
        else:
            self._left_out |= {"stream", "stream_options"} if name == "stream" else {name}
        log.warning("%s does not take %s; it is left out from now on", self._endpoint.name, name)
        return True

    def _kept(self, body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name not in self._left_out}


def characters(body: Mapping[str, Any]) -> int:
    """How long the model's reading of a body is at most: its words and the schema, in bytes of UTF-8."""
    read_by_model = [body.get("messages"), body.get("response_format"), body.get("prompt")]
    return len(json.dumps(read_by_model, ensure_ascii=False).encode("utf-8", "replace"))

"""The offline model's text: it reads a chat request as a model would and answers with categories or items.

A seeded grammar over `data/lexicon.json`. A figure is drawn first: role, clothes, tool, companion, face, place. Its
name, its image prompt and its description are written from that one drawing, so that the three agree. The nouns of a
prompt are nouns that the painter in `figure/` can draw; a test sees to it.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

from .categories import write_categories
from .english import fold, title
from .figure import Figure, Recent, every_quality
from .grades import write_grades
from .lexicon import Theme, load
from .names import invent_town, name_figure
from .prose import write_description, write_prompt
from .request import DEFAULT_COUNT, Request, read_request
from .wish import Steer, steer, theme


def answer(messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None, *, seed: int = 0) -> dict[str, Any]:
    """The answer to a chat request, as the object that its JSON schema describes.

    Args:
        messages: of the chat, each with a role and a content (a string, or a list of text parts).
        schema: the JSON schema of the answer; its top-level properties say what is asked for. None: the words do.
        seed: another one gives another answer to the same words.

    Returns:
        `{"categories": [{"name", "slug"}, ...]}` or `{"items": [{"name", "description", "category", "imagePrompt"},
        ...]}` or `{"grades": [{"number", "grade", "reason"}, ...]}`, the same for the same arguments.
    """
    request = read_request(messages, schema)
    digest = hashlib.sha256(json.dumps([seed, request.text], ensure_ascii=False).encode("utf-8", "surrogatepass"))
    rng = random.Random(digest.digest())
    if request.wants == "categories":
        return {"categories": list(write_categories(request, rng))}
    if request.wants == "grades":
        return {"grades": list(write_grades(request.text, rng))}
    return {"items": list(_items(request, rng))}


def _items(request: Request, rng: random.Random) -> Iterator[dict[str, str]]:
    wish, facets = steer(request.wish), steer(request.facets)
    categories = request.categories or tuple(c["name"] for c in load().categories[:DEFAULT_COUNT])
    used, recent = set(request.avoid), Recent()
    for category in islice(_in_turn(categories, request.counts), request.count):
        figure, name = _named(rng, theme(category), wish, facets, recent, used)
        used.add(fold(name))
        prompt = write_prompt(rng, figure)
        yield {
            "name": name,
            "description": write_description(rng, figure, recent),
            "category": category,
            "imagePrompt": prompt,
        }


def _in_turn(categories: Sequence[str], counts: Mapping[str, int]) -> Iterator[str]:
    """The categories one after the other, each as often as is asked for, then all of them again and again."""
    left = dict(counts)
    while any(left.values()):
        for category in categories:
            if left.get(category, 0) > 0:
                left[category] -= 1
                yield category
    yield from cycle(categories)


def _named(
    rng: random.Random, offers: Theme, wish: Steer, facets: Steer, recent: Recent, used: set[str]
) -> tuple[Figure, str]:
    """A figure and its name, which is in nobody's way."""
    for _ in range(30):
        figure = Figure.draw(rng, offers, wish, facets, recent)
        name = name_figure(rng, figure, used)
        if name:
            return figure, name
    while fold(name) in used or not name:  # an odd category: any quality and any town will do
        figure.town = invent_town(rng, None)
        name = title(f"{rng.choice(every_quality())} {figure.role.noun.split()[-1]} of {figure.town}")
    return figure, name

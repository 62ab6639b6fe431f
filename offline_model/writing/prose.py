"""A figure's image prompt and its description, which names every element of the prompt."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Final

from .english import Phrase, Task, Verbs, adverb, is_adverbial, is_plural, joined, with_article
from .figure import Figure, Recent, fresh
from .lexicon import Sentence, load

PROMPT_LENGTH: Final = (160, 230)
"""Shortest and longest image prompt, in characters."""


_NAMED: Final = {
    "worn": ("extra", "hat"),
    "mane": ("hair",),
    **dict.fromkeys(("place", "air", "ground"), ("place",)),
}
"""What a figure keeps because its name speaks of it: field of the name -> attributes."""


def write_prompt(rng: random.Random, figure: Figure) -> str:
    """The image prompt; what does not fit into its length is taken off the figure, so that no description has it."""
    lexicon = load()
    opening = lexicon.opening[rng.random() < 0.15]
    subject = figure.role.noun
    if rng.random() < 0.6 and "-" not in figure.quality and figure.mood not in ("old", "young"):
        subject = f"{figure.quality} {subject}"
    holding = rng.choice(("{}", "holding {:a}", "{:a} in hand")).format(Phrase(figure.tool_seen))
    order = rng.random() < 0.5

    def built() -> str:
        clothes = [piece for piece in (figure.hat, figure.wear, figure.extra) if piece]
        parts = [subject, *clothes, holding] if order else [subject, holding, *reversed(clothes)]
        parts += [part for part in (_person(figure), figure.prop_seen, _backdrop(figure)) if part]
        return ", ".join([opening, *parts, lexicon.tail])

    optional = ["extra", "prop", "face"]
    rng.shuffle(optional)
    named = {part for field_name in figure.said for part in _NAMED.get(field_name, ())}
    text = built()
    for spare in sorted((*optional, "hair", "hat", "place"), key=named.__contains__):
        if len(text) <= PROMPT_LENGTH[1]:
            break
        setattr(figure, spare, None if spare == "place" else "")
        figure.prop_seen = figure.prop and figure.prop_seen
        text = built()
    kit = lexicon.kits[figure.role.kit]
    for lack in ("face", "prop", "place"):
        if len(text) >= PROMPT_LENGTH[0]:
            break
        if lack == "face":
            figure.face = figure.face or rng.choice(lexicon.faces[figure.mood])
        elif lack == "prop":
            figure.prop = figure.prop or rng.choice(kit.props)
            figure.prop_seen = figure.prop_seen or figure.prop
        elif not figure.place:
            figure.place = rng.choice(kit.places)
            figure.air = rng.choice(figure.moment.airs(figure.place) if figure.moment else figure.place.airs)
        text = built()
    return text


def _person(figure: Figure) -> str:
    """Who is seen: "old woman with a grey bun and a kind smile"."""
    age = {"old": "old ", "young": "young "}.get(figure.mood, "")
    who = {"she": f"{age}woman", "he": f"{age}man"}.get(figure.pronoun, "")
    features = joined([with_article(f) for f in (figure.hair, figure.face) if f] or [""])
    return f"{who} with {features}" if who and features else features or who


def _backdrop(figure: Figure) -> str:
    return f"{figure.air} {figure.place.noun} backdrop" if figure.place else ""


_PRONOUNS: Final = {
    "she": ("she", "her", "her"),
    "he": ("he", "his", "him"),
    "they": ("they", "their", "them"),
    "it": ("it", "its", "it"),
}


def write_description(rng: random.Random, figure: Figure, recent: Recent) -> str:
    """Two to four sentences that name every element of the figure's prompt."""
    words = _vocabulary(rng, figure)
    known = frozenset(words)
    tool_in_look = bool(figure.prop and figure.face) or rng.random() < 0.5
    slots = [] if tool_in_look else ["tool"]
    if figure.prop:
        slots.append("animal" if load().props[figure.prop] == "animal" else "thing")
    if figure.face:
        slots.append(figure.mood if figure.mood in ("dry", "keen") else "glad")
    rng.shuffle(slots)
    openers = _placed(known) if "where" in known and len(slots) == 2 else _sentences("open", known)
    opener = fresh(rng, openers, recent.sentences)
    looks = _looks("robot" if figure.pronoun == "it" else "look", known)[tool_in_look]
    sentences = [opener, fresh(rng, looks, recent.sentences)]
    sentences += [fresh(rng, _sentences(slot, known), recent.sentences) for slot in slots]
    if "view" in known and not {"where", "view"} & opener.needs:
        sentences.append(fresh(rng, _sentences("view", known), recent.sentences))
    return " ".join(sentence.text.format_map(words) for sentence in sentences)


@lru_cache(maxsize=1024)
def _sentences(slot: str, known: frozenset[str]) -> tuple[Sentence, ...]:
    return tuple(sentence for sentence in load().sentences[slot] if sentence.needs <= known)


@lru_cache(maxsize=1024)
def _placed(known: frozenset[str]) -> tuple[Sentence, ...]:
    return tuple(sentence for sentence in _sentences("open", known) if "where" in sentence.needs)


@lru_cache(maxsize=1024)
def _looks(slot: str, known: frozenset[str]) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
    """Those that show the hair, if there is any: without the tool, and with it."""
    fitting = [
        s for s in _sentences(slot, known) if bool({"hair", "looks", "everything"} & s.needs) == ("hair" in known)
    ]
    tool = {"tool", "kit", "everything"}
    return tuple(s for s in fitting if not tool & s.needs), tuple(s for s in fitting if tool & s.needs)


def _vocabulary(rng: random.Random, figure: Figure) -> dict[str, object]:
    """Every word that a sentence may use for this figure, by its name in the lexicon's sentences."""
    lexicon, choice = load(), rng.choice
    they, their, them = _PRONOUNS[figure.pronoun]
    tasks = rng.sample(figure.role.tasks, 2)
    plural_subject = figure.pronoun == "they"
    task, task2 = (Task(text) for text in tasks)
    task.plural = task2.plural = plural_subject
    worn = [with_article(piece) for piece in figure.worn()]
    tool = Phrase(figure.tool_seen)
    full = f"{figure.kind} {figure.role.noun}" if "kind" in figure.said else figure.role.noun
    words: dict[str, object] = {
        "she": they,
        "She": they.capitalize(),
        "her": their,
        "Her": their.capitalize(),
        "her_o": them,
        "v": Verbs(plural_subject),
        "full": Phrase(full),
        "quality": Phrase(figure.quality),
        "task": task,
        "task2": task2,
        "when": Phrase(figure.when),
        "outfit": Phrase(joined(worn)),
        "ov": Verbs(len(worn) > 1 or is_plural(figure.wear)),
        "kit": Phrase(joined([*worn, with_article(tool)])),
        "tool": tool,
        "tv": Verbs(is_plural(figure.tool_seen)),
        "use": choice(lexicon.tools[figure.tool]),
    }
    if figure.hair:
        words |= {"hair": Phrase(figure.hair), "hv": Verbs(is_plural(figure.hair))}
        looks = [with_article(figure.hair), *worn]
        words |= {"looks": Phrase(joined(looks)), "everything": Phrase(joined([*looks, with_article(tool)]))}
    if figure.face:
        words |= {"face": Phrase(figure.face), "fv": Verbs(is_plural(figure.face))}
    if figure.mood not in ("old", "young") and not figure.quality.endswith("ing"):
        words["nature"] = figure.quality
    if is_adverbial(figure.quality, figure.mood):
        words["adverb"] = adverb(figure.quality)
    if where := _where(rng, figure):
        words["where"] = Phrase(where)
    if figure.place:
        words["view"] = Phrase(figure.place.view)
    if figure.prop:
        thing = Verbs(is_plural(figure.prop_seen))
        verb, rest = choice(lexicon.poses[lexicon.props[figure.prop]])
        pose = f"{thing:{verb}} {rest}".format(her=their, her_o=them)
        words |= {"prop": Phrase(figure.prop_seen), "pose": pose, "pv": thing}
    return words


def _where(rng: random.Random, figure: Figure) -> str:
    """As in "at the misty harbour", "in the village of Otterbridge", "on the mountain near Kestrelcrag", or ""."""
    place, town = figure.place, figure.town
    if not place:
        return town and f"in {town}"
    air = figure.air if "air" in figure.said or figure.moment or rng.random() < 0.6 else ""
    where = " ".join(filter(None, (place.at, air, place.noun)))
    if not town:
        return where
    if "air" in place.tags:
        return f"{where} above {town}"
    indoors = place.tags & {"town", "indoors"}
    return f"{where} of {town}" if indoors and place.at.endswith("the") else f"{where} near {town}"

"""Articles, agreement, plurals, gerunds, capitals: what makes a phrase of the lexicon an English one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from .lexicon import load


class Phrase(str):
    """A noun phrase that knows its article. Formats: "" as it is, "a" with article, "A" and "Cap" capitalised."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        text = str(self) if spec == "Cap" else with_article(self)
        return text if spec == "a" else text[:1].upper() + text[1:]


class Task(str):
    """A verb phrase in its base form. Formats: "s" for one, "v" for the pronoun, "ing" and "Ing"."""

    __slots__ = ("plural",)
    plural: bool

    def __format__(self, spec: str) -> str:
        verb, blank, rest = self.partition(" ")
        if spec == "s" or (spec == "v" and not self.plural):
            verb = third_person(verb)
        elif spec in ("ing", "Ing"):
            verb = gerund(verb)
        return (verb.capitalize() if spec == "Ing" else verb) + blank + rest


@dataclass(frozen=True, slots=True)
class Verbs:
    """`{v:wear}` is "wears", or "wear" after a plural."""

    plural: bool

    def __format__(self, spec: str) -> str:
        if self.plural:
            return {"be": "are"}.get(spec, spec)
        return third_person(spec)


@cache
def third_person(verb: str) -> str:
    if verb in ("be", "have"):
        return {"be": "is", "have": "has"}[verb]
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


@cache
def gerund(verb: str) -> str:
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", verb) or verb in load().doubled:
        return verb + verb[-1] + "ing"
    return verb + "ing"


@lru_cache(maxsize=8192)
def head(phrase: str) -> str:
    """The noun that a phrase is about: "hat" of "straw hat", "pile" of "pile of old books"."""
    return re.split(r" (?:of|with|on) ", phrase)[0].rsplit(" ", 1)[-1]


def is_plural(phrase: str) -> bool:
    return head(phrase) in load().plurals


@lru_cache(maxsize=8192)
def with_article(phrase: str) -> str:
    """With "a" or "an", where it takes one: "an orange cap", "a uniform", "blue overalls", "long brown hair"."""
    if phrase.startswith(("a ", "an ", "the ")) or is_plural(phrase) or head(phrase) in load().mass:
        return str(phrase)
    vowel = phrase[0] in "aeiou" and not phrase.startswith(("uni", "use", "eu", "one"))
    return ("an " if vowel or phrase.startswith(("honest", "hour")) else "a ") + phrase


def joined(things: Sequence[str]) -> str:
    """As a list in a sentence: "a cap, a scarf and a coat"."""
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"


_SMALL: Final = frozenset(("of", "the", "with", "and", "in", "on", "at", "to"))


def title(text: str) -> str:
    """Title Case that keeps small words small and capitalises after a hyphen."""
    return "".join(w if w in _SMALL else w[:1].upper() + w[1:] for w in re.split("([ -])", text))


def singular(word: str) -> str:
    if word in ("men", "women"):
        return word[:-2] + "an"
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


def plural(noun: str) -> str:
    if noun.endswith(("s", "sh", "ch", "x")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun[:-3] + "men" if noun.endswith("man") else noun + "s"


def slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def fold(name: str) -> str:
    """A name as it is compared: letter case, punctuation and blanks make no difference."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in plain if c.isalnum())


def is_adverbial(quality: str, mood: str) -> bool:
    if mood not in ("calm", "keen", "bold") or quality in load().no_adverb or "-" in quality:
        return False
    return not quality.endswith(("ly", "ing"))


def adverb(quality: str) -> str:
    if quality.endswith("y"):
        return quality[:-1] + "ily"
    return quality[:-1] + "y" if quality.endswith("le") else quality + "ly"

"""The offline model's text: it reads a chat request as a model would and answers with categories or items.

A seeded grammar over `data/lexicon.json`. A figure is drawn first (role, clothes, tool, companion, face, place), then
its name, its image prompt and its description are written from that one drawing, so that the three agree. The nouns
of a prompt are nouns that the painter in `figure/` can draw; a test sees to it. The tables of the lexicon:

    roles       noun; kit, what it wears; tags, which categories and wishes find it; kinds, which go before the noun;
                tools it may hold; tasks, verb phrases in the base form; who, where only "she", "he" or "it" will do
    kits        wear, hats (HAIR is none), extras, props, places; "* cap" is a cap of any colour
    places      name, before a role; at + noun, in a sentence; airs, adjectives; tags; view, a clause of what is seen
    tools       noun -> what it is for, in the base form          props    noun -> kind, which picks its poses
    says        noun -> other ways to say it                      towns    halves of invented names, by tags of places
    qualities   mood -> adjectives; faces, by mood                times, whens    when a task is done
    categories  name; group, of which one comes before a second; of, nouns of roles, "#" before a kit or tag; places
    names       [weight, shape]                                   sentences    slot -> shapes
    wishes      word of a user -> what it finds: tag, kit, role, where (a tag of places), place, who, mood, tool

A shape's fields are the words of one figure (`_vocabulary`); a shape is used where the figure has all of its fields.
"{tool:a}" has an article, "{v:wear}" agrees with the pronoun, "{task:ing}" is a gerund.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import Any, Final

LEXICON: Final = Path(__file__).parent / "data" / "lexicon.json"
PROMPT_LENGTH: Final = (160, 230)
"""Shortest and longest image prompt, in characters."""
DEFAULT_COUNT: Final = 20
NAME_WORDS: Final = 5


def answer(messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None, *, seed: int = 0) -> dict[str, Any]:
    """The answer to a chat request, as the object that its JSON schema describes.

    Args:
        messages: of the chat, each with a role and a content (a string, or a list of text parts).
        schema: the JSON schema of the answer; its top-level properties say what is asked for. None: the words do.
        seed: another one gives another answer to the same words.

    Returns:
        `{"categories": [{"name", "slug"}, ...]}` or `{"items": [{"name", "description", "category", "imagePrompt"},
        ...]}`, the same for the same arguments.
    """
    request = read_request(messages, schema)
    digest = hashlib.sha256(json.dumps([seed, request.text], ensure_ascii=False).encode("utf-8", "surrogatepass"))
    rng = random.Random(digest.digest())
    if request.wants == "categories":
        return {"categories": list(_categories(request, rng))}
    return {"items": list(_items(request, rng))}


# ---------------------------------------------------------------------------------------------- reading a request


@dataclass(frozen=True)
class Request:
    """What a chat asks for.

    Attributes:
        wants: "categories" or "items".
        count: how many.
        categories: names to write items for, in order.
        avoid: folded names that must not come again.
        wish: the user's own words, which every item follows where it can.
        facets: words that some of the items follow.
        text: of all messages.
    """

    wants: str
    count: int
    categories: tuple[str, ...]
    avoid: frozenset[str]
    wish: str
    facets: str
    text: str


_COUNT = re.compile(
    r"\b(exactly\s+)?(\d{1,6})\s+(?:[a-z-]+\s+){0,3}?(?:items?|figures?|categor(?:y|ies))\b", re.IGNORECASE
)
_USED = re.compile(r"already (?:used names|chosen)[^:\n]*:(.*)", re.IGNORECASE)
_FACETS = re.compile(r"for variety, draw on:(.*)", re.IGNORECASE)
_LISTED = re.compile(r"categories[^:\n]{0,20}:[ \t]*(.*(?:\n[ \t]*[-*\d][^\n]*)*)", re.IGNORECASE)
_MACHINERY = re.compile(
    r"\bjson\b|\bschema\b|\bfields?\b|imageprompt|\bslug|\bcharacters\b|trademark|minifigure|lego-style"
    r"|spread the items|unique|existing|\bdescription\b|categor|do not include|hard constraints|evenly lit|\bexactly\b",
    re.IGNORECASE,
)


def read_request(messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None = None) -> Request:
    """Read the messages as a whole: the last count, the categories, the names to avoid, the wish."""
    texts = [(str(message.get("role", "")), _content(message.get("content"))) for message in messages]
    text = "\n".join(part for _, part in texts)
    asked = "\n".join(part for role, part in texts if role == "user")
    used = [name for found in _USED.findall(text) for name in _split_names(found)]
    return Request(
        wants=_wants(text, schema),
        count=_count(text),
        categories=tuple(dict.fromkeys(_listed_categories(text))),
        avoid=frozenset(map(fold, used)),
        wish=_wish(asked),
        facets=" ".join(_FACETS.findall(text)),
        text=text,
    )


def fold(name: str) -> str:
    """A name as it is compared: letter case, punctuation and blanks make no difference."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in plain if c.isalnum())


def _content(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = (part.get("text", "") if isinstance(part, Mapping) else part for part in content)
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""


def _wants(text: str, schema: Mapping[str, Any] | None) -> str:
    properties = (schema or {}).get("properties") or {}
    for name in ("items", "categories"):
        if name in properties:
            return name
    counted = _COUNT.findall(text)
    if counted and not re.search(r"\bitems?\b|imagePrompt", text):
        return "categories"
    last = [m.group(0).casefold() for m in _COUNT.finditer(text)]
    return "categories" if last and "categor" in last[-1] else "items"


def _count(text: str) -> int:
    found = _COUNT.findall(text)
    exact = [int(number) for exactly, number in found if exactly]
    return (exact or [int(number) for _, number in found] or [DEFAULT_COUNT])[-1]


def _split_names(line: str) -> Iterator[str]:
    """The names of a comma-separated line; a sentence that follows on the same line is not one."""
    for name in line.split(","):
        head, stop, _ = name.partition(". ")
        if head.strip(" .\t\"'[]"):
            yield head.strip(" .\t\"'[]")
        if stop:
            return


def _listed_categories(text: str) -> list[str]:
    """Names after "Existing categories:" (JSON, commas or bullets), else of any JSON list of names or objects."""
    marked = re.search(r"existing categories\s*:", text, re.IGNORECASE)
    starts = [m.start() for m in re.finditer(r"\[", text)]
    if marked:
        starts.sort(key=lambda at: (at < marked.end(), at))
    for at in starts:
        try:
            value, _ = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            continue
        listed = [v.get("name") if isinstance(v, Mapping) else v for v in value]
        names = [name.strip() for name in listed if isinstance(name, str) and name.strip()]
        if names and len(names) == len(listed):
            return names
    for found in _LISTED.finditer(text):
        names = [re.sub(r"^\s*(?:[-*]|\d+[.)])\s*", "", name) for name in re.split(r"[,;\n]", found.group(1))]
        names = [name.strip(" .\t\"'") for name in names if 0 < len(name.split()) <= 4]
        if len(names) > 1:
            return names
    return []


def _wish(asked: str) -> str:
    """What is left of the user's message without lists and instructions on the form of the answer."""
    kept = []
    for line in asked.splitlines():
        if _USED.search(line) or _FACETS.search(line) or "[" in line:
            continue
        kept += [s for s in re.split(r"(?<=[.!?;])\s+", _COUNT.sub(" ", line)) if not _MACHINERY.search(s)]
    return " ".join(kept)


# ------------------------------------------------------------------------------------------------------ the words


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


@dataclass(frozen=True, slots=True)
class Role:
    noun: str
    kit: str
    tags: frozenset[str]
    kinds: tuple[str, ...]
    tools: tuple[str, ...]
    tasks: tuple[str, ...]
    who: str = ""


@dataclass(frozen=True, slots=True)
class Kit:
    """What a role may wear, and what and where may surround it."""

    wear: tuple[str, ...]
    hats: tuple[str, ...]
    extras: tuple[str, ...]
    props: tuple[str, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    at: str
    noun: str
    airs: tuple[str, ...]
    tags: frozenset[str]
    view: str


@dataclass(frozen=True, slots=True)
class Theme:
    """What a category offers: its roles and, where it has its own, its places."""

    roles: tuple[Role, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    needs: frozenset[str]


@dataclass(frozen=True)
class Lexicon:
    """The data file, indexed."""

    opening: tuple[str, ...]
    tail: str
    colours: tuple[str, ...]
    hair: tuple[str, ...]
    qualities: dict[str, str]
    faces: dict[str, tuple[str, ...]]
    times: dict[str, str]
    whens: tuple[str, ...]
    poses: dict[str, tuple[tuple[str, str], ...]]
    names: tuple[tuple[int, Sentence], ...]
    sentences: dict[str, tuple[Sentence, ...]]
    plurals: frozenset[str]
    mass: frozenset[str]
    doubled: frozenset[str]
    closed: tuple[str, ...]
    eyewear: tuple[str, ...]
    no_adverb: frozenset[str]
    beards: tuple[str, ...]
    old_hair: tuple[str, ...]
    dresses: tuple[str, ...]
    coloured: dict[str, tuple[str, ...]]
    says: dict[str, tuple[str, ...]]
    towns: dict[str, tuple[str, ...]]
    townless: frozenset[str]
    tints: frozenset[str]
    before: frozenset[str]
    categories: tuple[dict[str, Any], ...]
    roles: tuple[Role, ...]
    kits: dict[str, Kit]
    places: dict[str, Place]
    tools: dict[str, tuple[str, ...]]
    props: dict[str, str]
    wishes: dict[str, tuple[str, ...]]

    def has_no_colour(self, phrase: str) -> bool:
        return not self.tints & frozenset(re.split("[ -]", phrase))


@cache
def load() -> Lexicon:
    """Read the data file, once."""
    raw = json.loads(LEXICON.read_text("utf-8"))
    places = {p["noun"].casefold(): Place(**_tuples(p)) for p in raw["places"]}
    kits = {
        name: Kit(**{**_tuples(kit), "places": tuple(places[p] for p in kit["places"])})
        for name, kit in raw["kits"].items()
    }
    return Lexicon(
        opening=tuple(raw["opening"]),
        tail=raw["tail"],
        colours=tuple(raw["colours"]),
        hair=tuple(raw["hair"]),
        qualities={word: mood for mood, words in raw["qualities"].items() for word in words},
        faces={mood: tuple(faces) for mood, faces in raw["faces"].items()},
        times=raw["times"],
        whens=tuple(raw["whens"]),
        poses={kind: tuple((v, rest) for v, rest in poses) for kind, poses in raw["poses"].items()},
        names=tuple((weight, _sentence(text)) for weight, text in raw["names"]),
        sentences={slot: tuple(map(_sentence, texts)) for slot, texts in raw["sentences"].items()},
        plurals=frozenset(raw["plurals"]),
        mass=frozenset(raw["mass"]),
        doubled=frozenset(raw["doubled"]),
        closed=tuple(raw["closed"]),
        eyewear=tuple(raw["eyewear"]),
        no_adverb=frozenset(raw["no_adverb"]),
        beards=tuple(raw["beards"]),
        old_hair=tuple(raw["old_hair"]),
        dresses=tuple(raw["dresses"]),
        coloured=_tuples(raw["coloured"]),
        says={term: (term, *others) for term, others in raw["says"].items()},
        towns=_tuples(raw["towns"]),
        townless=frozenset(raw["townless"]),
        tints=frozenset(raw["colours"] + raw["materials"]),
        before=frozenset(raw["before"]),
        categories=tuple(raw["categories"]),
        roles=tuple(Role(**_tuples(role)) for role in raw["roles"]),
        kits=kits,
        places=places,
        tools={tool: tuple(uses) for tool, uses in raw["tools"].items()},
        props=raw["props"],
        wishes={word: tuple(tags) for word, tags in raw["wishes"].items()},
    )


def _tuples(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: frozenset(value) if key == "tags" else tuple(value) if isinstance(value, list) else value
        for key, value in raw.items()
    }


def _sentence(text: str) -> Sentence:
    fields = frozenset(name for _, name, _, _ in Formatter().parse(text) if name)
    return Sentence(text, fields)


# --------------------------------------------------------------------------------------------- what the words find


@dataclass(frozen=True, slots=True)
class Steer:
    """What a wish, a facet or a category's name means in the lexicon; an empty field steers nothing.

    A quality stands for all of its mood, so that a "cheerful" catalogue has merry and jolly figures too.
    """

    roles: tuple[Role, ...] = ()
    places: tuple[Place, ...] = ()
    pronouns: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    props: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    airs: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@cache
def _index() -> dict[str, tuple[str, ...]]:
    """Word or phrase, singular -> what it means, as "kind:value"."""
    lexicon = load()
    index: dict[str, set[str]] = {}

    def add(phrase: str, meaning: str) -> None:
        index.setdefault(" ".join(singular(w) for w in phrase.casefold().replace("-", " ").split()), set()).add(meaning)

    for role in lexicon.roles:
        add(role.noun, f"role:{role.noun}")
        for tag in role.tags:
            add(tag, f"tag:{tag}")
    for key, place in lexicon.places.items():
        add(key, f"place:{key}")
        add(place.name, f"place:{key}")
        for air in set(place.airs) - set(lexicon.colours):
            add(air, f"air:{air}")
    for kind, words in (
        ("colour", lexicon.colours),
        ("tool", lexicon.tools),
        ("prop", lexicon.props),
        ("quality", lexicon.qualities),
    ):
        for word in words:
            add(word, f"{kind}:{word}")
    for word, meanings in lexicon.wishes.items():
        for meaning in meanings:
            add(word, meaning)
    return {phrase: tuple(sorted(meanings)) for phrase, meanings in index.items()}


def singular(word: str) -> str:
    if word in ("men", "women"):
        return word[:-2] + "an"
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


@lru_cache(maxsize=256)
def steer(text: str) -> Steer:
    """What a text means in the lexicon: longest phrases first; a word after "no" or "without" counts for nothing."""
    lexicon, index = load(), _index()
    words = [singular(w) for w in re.findall(r"[^\W\d_]+(?:'[a-z]+)?", text.casefold())]
    found: dict[str, list[str]] = {}
    at = 0
    while at < len(words):
        size = next((n for n in (3, 2, 1) if " ".join(words[at : at + n]) in index), 0)
        if not size:
            found.setdefault("unknown", []).append(words[at])
        elif not (at and words[at - 1] in ("no", "not", "without", "never")):
            for meaning in index[" ".join(words[at : at + size])]:
                kind, _, value = meaning.partition(":")
                found.setdefault(kind, []).append(value)
        at += size or 1
    tags, nouns, kits, where, moods = (set(found.get(kind, ())) for kind in ("tag", "role", "kit", "where", "mood"))
    moods |= {lexicon.qualities[quality] for quality in found.get("quality", ())}
    places = [place for key, place in lexicon.places.items() if key in found.get("place", ())]
    return Steer(
        roles=tuple(role for role in lexicon.roles if role.noun in nouns or role.kit in kits or role.tags & tags),
        places=tuple(places) or tuple(place for place in lexicon.places.values() if place.tags & where),
        pronouns=tuple(found.get("who", ())),
        qualities=tuple(quality for quality, mood in lexicon.qualities.items() if mood in moods),
        tools=tuple(found.get("tool", ())),
        props=tuple(found.get("prop", ())),
        colours=tuple(found.get("colour", ())),
        airs=tuple(found.get("air", ())),
        unknown=tuple(found.get("unknown", ())),
    )


@lru_cache(maxsize=1024)
def theme(category: str) -> Theme:
    """The roles and places of a category: the lexicon's own, else what the words of its name mean."""
    lexicon = load()
    for known in lexicon.categories:
        if fold(known["name"]) == fold(category):
            of = set(known["of"])
            roles = [r for r in lexicon.roles if of & {r.noun, f"#{r.kit}", *(f"#{tag}" for tag in r.tags)}]
            return Theme(tuple(roles), tuple(lexicon.places[place] for place in known["places"]))
    meaning = steer(category)
    roles = list(meaning.roles)
    kind = "-".join(word for word in meaning.unknown if word.isalpha() and len(word) > 2)
    if not roles:
        general = [role for role in lexicon.roles if "general" in role.tags]
        noun = " ".join(singular(word) for word in re.findall(r"[^\W\d_]+", category.casefold()))
        worker = re.search(r"(er|or|ist|ian|man|ant|eer|smith|maker|keeper)$", noun)
        noun = " ".join(dict.fromkeys(noun.split()[-2:]))
        roles = [_renamed(role, noun) for role in general] if worker and len(noun) < 40 else general
        kind = "" if worker else kind
    if kind and len(kind) < 20:
        roles = [_renamed(role, role.noun, kind) for role in roles]
    return Theme(tuple(roles), meaning.places)


def _renamed(role: Role, noun: str, kind: str = "") -> Role:
    return replace(role, noun=noun, kinds=(kind,) if kind else role.kinds)


# ------------------------------------------------------------------------------------------------------ categories


def _categories(request: Request, rng: random.Random) -> Iterator[dict[str, str]]:
    """Unused ones of the pool, each of another family first; past the pool, a place and a trade joined."""
    lexicon, meaning = load(), steer(request.wish)
    taken = set(request.avoid) | {fold(name) for name in request.categories}
    pool = [c for c in lexicon.categories if fold(c["name"]) not in taken]
    rng.shuffle(pool)
    families = {_family(c) for c in lexicon.categories if fold(c["name"]) in taken}
    first: list[dict[str, Any]] = []
    rest: list[dict[str, Any]] = []
    for category in pool:
        (rest if _family(category) in families else first).append(category)
        families.add(_family(category))
    chosen = sorted(first + rest, key=lambda category: -_fits(category, meaning))[: request.count]
    names = [category["name"] for category in chosen]
    taken |= {fold(name) for name in names}
    places, roles = list(lexicon.places.values()), list(lexicon.roles)
    while len(names) < request.count:
        name = title(f"{rng.choice(places).name.split()[-1]} {plural(rng.choice(roles).noun)}")
        if len(names) > len(places) * len(roles) // 2:
            break
        if fold(name) not in taken:
            taken.add(fold(name))
            names.append(name)
    for name in names:
        yield {"name": name, "slug": slug(name)}


def _family(category: Mapping[str, Any]) -> str:
    return str(category["group"]).rstrip("0123456789")


def _fits(category: Mapping[str, Any], meaning: Steer) -> int:
    offers = theme(category["name"])
    places = offers.places or tuple(p for role in offers.roles for p in load().kits[role.kit].places)
    fits = bool(meaning.roles) and 2 * len(set(offers.roles) & set(meaning.roles)) >= len(offers.roles)
    return fits + (bool(meaning.places) and 2 * sum(p in meaning.places for p in places) >= len(places))


def slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def plural(noun: str) -> str:
    if noun.endswith(("s", "sh", "ch", "x")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun[:-3] + "men" if noun.endswith("man") else noun + "s"


# ----------------------------------------------------------------------------------------------------------- items


@dataclass
class Recent:
    """What the last items of an answer used, so that the next ones differ."""

    roles: deque[str] = field(default_factory=lambda: deque(maxlen=6))
    qualities: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    sentences: deque[str] = field(default_factory=lambda: deque(maxlen=6))


def _items(request: Request, rng: random.Random) -> Iterator[dict[str, str]]:
    wish, facets = steer(request.wish), steer(request.facets)
    categories = request.categories or tuple(c["name"] for c in load().categories[:DEFAULT_COUNT])
    used, recent = set(request.avoid), Recent()
    for number in range(request.count):
        category = categories[number % len(categories)]
        figure, name = _named(rng, theme(category), wish, facets, recent, used)
        used.add(fold(name))
        prompt = _prompt(rng, figure)
        yield {
            "name": name,
            "description": _description(rng, figure, recent),
            "category": category,
            "imagePrompt": prompt,
        }


def _named(
    rng: random.Random, offers: Theme, wish: Steer, facets: Steer, recent: Recent, used: set[str]
) -> tuple[Figure, str]:
    """A figure and its name, which is in nobody's way."""
    for _ in range(30):
        figure = Figure.draw(rng, offers, wish, facets, recent)
        name = _name(rng, figure, used)
        if name:
            return figure, name
    while fold(name) in used or not name:  # an odd category: any quality and any town will do
        figure.town = _town(rng, None)
        name = title(f"{rng.choice(_words())} {figure.role.noun.split()[-1]} of {figure.town}")
    return figure, name


@dataclass(slots=True)
class Figure:
    """One drawing, of which name, description and prompt are written. None or "" is what it has not.

    `tool` and `prop` are what the lexicon calls them; `tool_seen` and `prop_seen` may have a colour too. `said` holds
    the fields that the name used, so that the description says them again.
    """

    role: Role
    quality: str
    mood: str
    pronoun: str
    kind: str
    place: Place | None
    air: str
    wear: str
    hat: str
    extra: str
    hair: str
    face: str
    tool: str
    tool_seen: str
    prop: str
    prop_seen: str
    when: str
    town: str = ""
    said: frozenset[str] = frozenset()

    @classmethod
    def draw(cls, rng: random.Random, offers: Theme, wish: Steer, facets: Steer, recent: Recent) -> Figure:
        lexicon, chance, choice = load(), rng.random, rng.choice
        role = _fresh(rng, _cast(offers.roles, wish), recent.roles)
        kit = lexicon.kits[role.kit]
        quality = _fresh(rng, wish.qualities or (chance() < 0.4 and facets.qualities) or _words(), recent.qualities)
        mood = lexicon.qualities[quality]
        colours = wish.colours or lexicon.colours
        pronoun = role.who or choice(wish.pronouns or ("she", "she", "she", "he", "he", "he", "they"))
        hat, hair = _head(rng, kit, pronoun, mood, colours)
        place = _place(rng, offers.places or kit.places, wish, facets)
        wear = _called(rng, choice(_fitting(kit.wear, pronoun)), colours)
        extra = _called(rng, choice(kit.extras), colours) if kit.extras and chance() < 0.5 else ""
        tool = choice(wish.tools or _both(role.tools, facets.tools) or role.tools)
        props = _both(kit.props, wish.props) or wish.props or kit.props
        prop = choice(props) if props and chance() < (1 if wish.props else 0.6) else ""
        return cls(
            role=role,
            quality=quality,
            mood=mood,
            pronoun=pronoun,
            kind=choice(role.kinds),
            place=place,
            air=choice(_both(place.airs, wish.airs) or place.airs) if place else "",
            wear=wear,
            hat=hat,
            extra="" if _hides(hat, extra) else extra,
            hair=hair,
            face="" if pronoun == "it" or chance() < 0.3 else choice(lexicon.faces[mood]),
            tool=tool,
            tool_seen=_tinted(rng, tool, ["tools"], colours),
            prop=prop,
            prop_seen=prop and _tinted(rng, prop, ["props"], colours),
            when=choice(lexicon.whens),
        )

    def worn(self) -> list[str]:
        return [piece for piece in (self.wear, self.extra, self.hat) if piece]


@lru_cache(maxsize=1024)
def _cast(roles: tuple[Role, ...], wish: Steer) -> tuple[Role, ...]:
    """The roles that a wish leaves, if it leaves any."""
    wanted = _both(roles, wish.roles) or wish.roles or roles
    if not wish.pronouns:
        return wanted
    return tuple(r for r in wanted if not r.who or r.who in wish.pronouns) or wanted


def _head(rng: random.Random, kit: Kit, pronoun: str, mood: str, colours: Sequence[str]) -> tuple[str, str]:
    """Headgear, and hair or a beard; one of the two may be empty. A closed helmet leaves no hair to see."""
    lexicon, hat = load(), rng.choice(_fitting(kit.hats, pronoun))
    hat = "" if hat == "HAIR" else _called(rng, hat, colours)
    if pronoun == "it" or hat.endswith(lexicon.closed):
        return hat, ""
    if pronoun == "he" and mood != "young" and rng.random() < 0.3:
        return hat, rng.choice(lexicon.beards)
    if hat and rng.random() < 0.75:
        return hat, ""
    styles = lexicon.old_hair if mood == "old" else lexicon.hair
    hair = rng.choice(styles)
    while pronoun == "he" and any(word in hair for word in ("long", "bob", "pigtails", "braid", "bun", "pony")):
        hair = rng.choice(styles)
    return hat, hair


def _hides(hat: str, extra: str) -> bool:
    """Whether the headgear leaves the extra unseen, or is the same thing again."""
    lexicon = load()
    return hat.endswith(head(extra) or " ") or (extra.endswith(lexicon.eyewear) and hat.endswith(lexicon.closed))


@lru_cache(maxsize=512)
def _fitting(wear: tuple[str, ...], pronoun: str) -> tuple[str, ...]:
    return tuple(w for w in wear if pronoun == "she" or not w.endswith(load().dresses)) or wear


def _called(rng: random.Random, term: str, colours: Sequence[str]) -> str:
    """A term of the lexicon in one of the ways to say it; "*", or a colour that is not wanted, stands for a colour."""
    lexicon = load()
    tint, _, rest = term.partition(" ")
    if tint in lexicon.colours and tint not in colours:
        term = f"* {rest}"
    base = term.removeprefix("* ")
    said = rng.choice(lexicon.says.get(base, (base,)))
    if base == term:
        return said
    colour = rng.choice(colours)
    first, _, rest = said.partition(" ")
    if not lexicon.has_no_colour(said):
        return f"{colour} {base}"
    return f"{first} {colour} {rest}" if rest and first in lexicon.before else f"{colour} {said}"


def _tinted(rng: random.Random, thing: str, groups: Sequence[str], colours: Sequence[str]) -> str:
    """The thing with a colour of its own where it can be painted, or in one of the ways to say it."""
    coloured = load().coloured
    if rng.random() < 0.4:
        if any(thing in coloured[group] for group in groups):
            return _called(rng, f"* {thing}", colours)
        if thing in coloured["pets"]:
            return f"{rng.choice(coloured['furs'])} {thing}"
    return _called(rng, thing, colours)


@cache
def _words() -> tuple[str, ...]:
    return tuple(load().qualities)


def _both(ours: Sequence[Any], theirs: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(x for x in ours if x in theirs) if theirs else ()


def _fresh(rng: random.Random, options: Sequence[Any], recent: deque[str]) -> Any:
    """One that did not come lately, if there is any; remembered."""
    for _ in range(6):
        option = rng.choice(options)
        key = getattr(option, "noun", None) or getattr(option, "text", None) or option
        if key not in recent:
            break
    recent.append(key)
    return option


_COMMON: Final = frozenset({"outdoors", "indoors", "warm"})
"""Tags that do not make two places alike."""


def _place(rng: random.Random, offered: Sequence[Place], wish: Steer, facets: Steer) -> Place | None:
    if wish.places:
        return rng.choice(_both(offered, wish.places) or wish.places)  # type: ignore[no-any-return]
    if rng.random() < 0.2:
        return None
    if facets.places and rng.random() < 0.4:
        alike = frozenset().union(*(place.tags for place in offered)) - _COMMON
        near = [place for place in facets.places if place.tags & alike]
        if near:
            return rng.choice(near)
    return rng.choice(offered)


def _name(rng: random.Random, figure: Figure, used: set[str]) -> str:
    """A new name for the figure, or "" where none of a few tries is new and natural."""
    lexicon = load()
    place, (time, when) = figure.place, rng.choice(_times())
    town = _town(rng, place)
    parts = {
        "quality": figure.quality,
        "role": figure.role.noun,
        "kind": figure.kind,
        "place": place.name if place and figure.kind not in _grounds() else "",
        "air": figure.air,
        "ground": place.noun if place and place.at.endswith("the") else "",
        "time": "" if place and place.tags & {"night", "space"} else time,
        "town": town,
        "tool": figure.tool_seen,
        "worn": _worn(figure),
        "mane": _mane(figure.hair),
    }
    known = {key: value for key, value in parts.items() if value}
    for _ in range(8):
        shape = rng.choices(lexicon.names, cum_weights=_weights())[0][1]
        if not shape.needs <= known.keys():
            continue
        name = title(shape.text.format_map(known))
        if fold(name) in used or not 2 <= len(name.split()) <= NAME_WORDS or _echoes(name):
            continue
        figure.said = shape.needs
        figure.when = when if "time" in shape.needs else figure.when
        figure.town = town if "town" in shape.needs else ""
        return name
    return ""


def _worn(figure: Figure) -> str:
    """What is worn, as an adjective: "red-hat" of "a pointed red wizard hat"; "" where it has no plain colour."""
    for piece in reversed(figure.worn()):
        words = piece.split()
        colour = next((word for word in words[:-1] if word in load().colours), "")
        if colour:
            return f"{colour}-{words[-1]}"
    return ""


@cache
def _grounds() -> frozenset[str]:
    """What names a place, so that no name has two ("Snowy Mountain Canyon Climber")."""
    return frozenset(load().places)


@cache
def _times() -> tuple[tuple[str, str], ...]:
    return tuple(load().times.items())


def _town(rng: random.Random, place: Place | None) -> str:
    """An invented place name that suits the place: "Otterbridge", "Heroncove"."""
    lexicon = load()
    if place and place.tags & lexicon.townless:
        return ""
    endings = [lexicon.towns[tag] for tag in sorted(place.tags) if tag in lexicon.towns] if place else []
    first, last = rng.choice(lexicon.towns["first"]), rng.choice(rng.choice(endings or [lexicon.towns["town"]]))
    return first + last if first[-1] != last[0] else f"{first}{rng.choice(lexicon.towns['any'])}"


def _mane(hair: str) -> str:
    """As an adjective: "grey-bearded", "red-haired", "curly-haired"; "" where the hair has neither colour nor curl."""
    if not hair or "moustache" in hair:
        return ""
    if "beard" in hair:
        return f"{hair.split(maxsplit=1)[0]}-bearded"
    word = next((w for w in hair.split() if w in ("curly", "spiky", "wavy", "golden", *load().colours)), "")
    return word and f"{word}-haired"


@cache
def _weights() -> list[int]:
    total, weights = 0, []
    for weight, _ in load().names:
        total += weight
        weights.append(total)
    return weights


def _echoes(name: str) -> bool:
    """Whether two words of a name are of one stem ("Forest Forest Ranger", "Garden Gardener")."""
    stems = [word[:4] for word in re.split(r"[ -]", name.casefold()) if word not in ("of", "the", "with")]
    return len(set(stems)) < len(stems)


# ------------------------------------------------------------------------------------------------- prompt and prose


_NAMED: Final = {
    "worn": ("extra", "hat"),
    "mane": ("hair",),
    **dict.fromkeys(("place", "air", "ground"), ("place",)),
}
"""What a figure keeps because its name speaks of it: field of the name -> attributes."""


def _prompt(rng: random.Random, figure: Figure) -> str:
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
            figure.air = rng.choice(figure.place.airs)
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


def _description(rng: random.Random, figure: Figure, recent: Recent) -> str:
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
    opener = _fresh(rng, openers, recent.sentences)
    looks = _looks("robot" if figure.pronoun == "it" else "look", known)[tool_in_look]
    sentences = [opener, _fresh(rng, looks, recent.sentences)]
    sentences += [_fresh(rng, _sentences(slot, known), recent.sentences) for slot in slots]
    if "view" in known and not {"where", "view"} & opener.needs:
        sentences.append(_fresh(rng, _sentences("view", known), recent.sentences))
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
    air = figure.air if "air" in figure.said or rng.random() < 0.6 else ""
    where = " ".join(filter(None, (place.at, air, place.noun)))
    if not town:
        return where
    if "air" in place.tags:
        return f"{where} above {town}"
    indoors = place.tags & {"town", "indoors"}
    return f"{where} of {town}" if indoors and place.at.endswith("the") else f"{where} near {town}"


def is_adverbial(quality: str, mood: str) -> bool:
    if mood not in ("calm", "keen", "bold") or quality in load().no_adverb or "-" in quality:
        return False
    return not quality.endswith(("ly", "ing"))


def adverb(quality: str) -> str:
    if quality.endswith("y"):
        return quality[:-1] + "ily"
    return quality[:-1] + "y" if quality.endswith("le") else quality + "ly"

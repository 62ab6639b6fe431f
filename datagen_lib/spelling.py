"""One text, many spellings: how names are compared, texts are read for what they say, and slugs are made."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from .models import LIMITS

# Letters of other alphabets, and odd Latin ones, beside the Latin letter that they are drawn like.
_DRAWN_ALIKE = (
    ("АВЕЅІЈКМНОРСТУХԚԜҮавеѕіјкмнорстухԛԝԁһӏүпѵ", "ABESIJKMHOPCTYXQWYabesijkmhopctyxqwdhlynv"),  # Cyrillic
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹαεικνορστυχωγηϲϳ", "ABEZHIKMNOPTYXCaeikvopotuxwyncj"),  # Greek
    ("ՕՍՏԼօսոհցզ", "OUSLounhgq"),  # Armenian
    ("ᎪᏴᏟᎠᎬᏀᎻᏆᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᏃᎥ", "ABCDEGHIJKLMPRSTVWZi"),  # Cherokee
    ("ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "BPDTGKJCZFMNLSRVHWXYAEIOU"),  # Lisu
    ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıɑɡɩ", "ABCDEFGHIJKLMNOPRSTUVWYZiagi"),  # small capitals and kin
)
_LATIN = {ord(one): latin for drawn, letters in _DRAWN_ALIKE for one, latin in zip(drawn, letters, strict=True)}
_SYMBOLS = str.maketrans(dict.fromkeys("™®©℠", " "))  # before NFKC, which makes letters of the first
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘‛ʼʻʹ′`´ˈ＇", "'"))
_DASHES = "\\-\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d"  # within [ ]
_UNSEEN = "\u00ad\u034f\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff"
_UNSEEN_ONES = re.compile(f"[{_UNSEEN}]")
_LEGO_STYLE = re.compile(rf"(?<![^\W\d_])lego[\s{_DASHES}{_UNSEEN}]{{1,4}}style(?![^\W\d_])", re.IGNORECASE)
_NOT_IN_SLUGS = re.compile(r"[^a-z0-9]++")


def units(text: str) -> int:
    """The length of `text` as .NET and SQL Server count it: in UTF-16 units, two for an emoji."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def tidy(text: str) -> str:
    """`text` with each run of white space made one blank, and "LEGO-style" put right however its hyphen is typed."""
    return _LEGO_STYLE.sub("LEGO-style", " ".join(text.split()))


# -- names -------------------------------------------------------------------------------------------------------------


def fold(name: str) -> str:
    """The form in which names are compared: NFKC, casefolded; only letters, their marks and digits are left."""
    if name.isascii():  # the same, in a tenth of the time
        return "".join(filter(str.isalnum, name.lower()))
    while True:
        composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
        folded = "".join(char for char in composed if _counts(char))
        if folded == name:  # what was taken out can leave two parts beside each other that compose
            return folded
        name = folded


def _counts(char: str) -> bool:
    """Whether a character makes a name another one: letters, digits and combining marks do, unseen ones don't."""
    return char.isalnum() or (unicodedata.category(char)[0] == "M" and not _UNSEEN_ONES.match(char))


def name_keys(name: str) -> frozenset[str]:
    """What no two names may share: the folded name, and the same with look-alike letters made Latin."""
    folded = fold(name)
    if folded.isascii():
        return frozenset({folded})
    latin = unicodedata.normalize("NFKD", name).translate(_LATIN)
    return frozenset({folded, fold(latin)})


def legible(text: str) -> str:
    """`text` as a reader takes it in, its case kept: one kind of blank, hyphen and apostrophe, Latin for look-alikes.

    Accents, widths and characters that can't be seen are gone.
    """
    if text.isascii():
        return text.replace("`", "'")
    decomposed = unicodedata.normalize("NFKD", text.translate(_SYMBOLS).translate(_APOSTROPHES))
    seen = "".join(_as_read(char) for char in _UNSEEN_ONES.sub("", decomposed))
    return seen.translate(_LATIN).translate(_APOSTROPHES)


def _as_read(char: str) -> str:
    if char < "\x7f":
        return char
    if char in "\u2043\u2212":
        return "-"
    return {"Pd": "-", "Zs": " ", "Mn": ""}.get(unicodedata.category(char), char)


# -- what can't be seen ------------------------------------------------------------------------------------------------

_HIDDEN = re.compile(  # what Unicode does not count as control or format, and yet leaves nothing to see, or damage
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\ufffd\U000e0100-\U000e01ef]"
)
_STACKED = re.compile(r"(?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]){4}")
_VISIBLE_FORMATS = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2]")  # number signs of Arabic and Syriac
_JOINERS = "\u200c\u200d"
_EMOJI_STYLE = "\ufe0f"


def unseen(text: str) -> str | None:
    """The first character of `text` that can't be seen, or turns what can, or None.

    Those are controls, direction overrides, zero-width characters, tags, lone surrogates, unassigned and private ones,
    and accents stacked four high. Joiners are allowed where they shape Indic and Arabic words or an emoji.
    """
    if stacked := _STACKED.search(text):
        return stacked.group()[-1]
    if text.isprintable() and not _HIDDEN.search(text):
        return None
    for at, char in enumerate(text):
        before = text[at - 1] if at else ""
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} or _HIDDEN.match(char):
            shapes = (char in _JOINERS and _is_shaped(before)) or (char == _EMOJI_STYLE and _is_symbol(before))
            if not shapes and not _VISIBLE_FORMATS.match(char):
                return char
    return None


def _is_symbol(char: str) -> bool:
    return bool(char) and (
        unicodedata.category(char) in {"So", "Sk"} or char in "\u00a9\u00ae#*\ufe0f0123456789\u2194\u21aa"
    )


def _is_shaped(char: str) -> bool:
    """Whether a joiner after `char` does something: in Arabic, Syriac and Indic scripts, and in emoji."""
    return bool(char) and ("\u0600" <= char <= "\u0dff" or "\u1000" <= char <= "\u109f" or _is_symbol(char))


# -- slugs -------------------------------------------------------------------------------------------------------------


def slugify(name: str) -> str:
    """`name` in kebab-case ASCII, at most 64 characters; "category" where nothing is left of it."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _kebab(ascii_name.casefold())[: LIMITS.slug].strip("-") or "category"


def shop_slugs(name: str) -> frozenset[str]:
    """The slugs that a shop may make of `name`: what is not a-z or 0-9 is a hyphen, with and without NFKD before."""
    made = (_kebab(form.lower())[: LIMITS.slug].strip("-") for form in (name, unicodedata.normalize("NFKD", name)))
    return frozenset(slug for slug in made if slug)


def _kebab(text: str) -> str:
    return _NOT_IN_SLUGS.sub("-", text).strip("-")


def unique_slug(wanted: str, name: str, taken: Iterable[str]) -> str:
    """The model's slug where it is kebab-case and new, else one derived from the name; numbered where it is taken."""
    base = wanted if wanted and slugify(wanted) == wanted else slugify(name)
    taken, slug, number = set(taken), base, 2
    while slug in taken:
        suffix = f"-{number}"
        slug, number = base[: LIMITS.slug - len(suffix)].rstrip("-") + suffix, number + 1
    return slug

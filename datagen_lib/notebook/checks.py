"""What must hold, said in words: a cell that checks, parameters that are read as they are meant."""

from __future__ import annotations

from typing import Any, TypeVar

from datagen_lib.errors import CheckFailed, SettingsError

from .html import Html, fill, joined

T = TypeVar("T", str, bool, int, float)
_ARTICLES = {str: "a text in quotation marks", bool: "True or False", int: "a whole number", float: "a number"}


def check(*claims: tuple[str, Any, str]) -> Html:
    """Check what must hold, and say it in words. It raises, so that `python -O` does not turn it off.

    Args:
        *claims: (what holds, whether it does, what is the case where it does not) each.

    Raises:
        CheckFailed: names what does not hold.
    """
    wrong = [otherwise for _, holds, otherwise in claims if not holds]
    if wrong:
        raise CheckFailed("; ".join(wrong))
    listed = [what for what, _, _ in claims]
    rows = joined(fill("<li>{}</li>", what) for what in listed)
    html = fill('<div><b>Checked, and it holds:</b><ul style="margin:0">{}</ul></div>', rows)
    return Html(html, f"Checked, and it holds: {'; '.join(listed)}.")


def parameter(name: str, value: Any, kind: type[T], *, least: float | None = None, most: float | None = None) -> T:
    """A notebook's own parameter, which is no setting, as its type.

    Raises:
        SettingsError: it is of another type, or out of its bounds; says what it should be.
    """
    bounds = f" from {least:g} to {most:g}" if least is not None and most is not None else ""
    takes = (int, float) if kind is float else (kind,)
    fits = isinstance(value, takes) and (kind is bool or not isinstance(value, bool))
    if fits and kind in (int, float):
        fits = (least is None or value >= least) and (most is None or value <= most)
    if not fits:
        shown = repr(value) if isinstance(value, str) else str(value)
        raise SettingsError(
            [f"{name}={shown}: must be {_ARTICLES[kind]}{bounds}"], hint="Correct it in the parameters' cell."
        )
    return kind(value)

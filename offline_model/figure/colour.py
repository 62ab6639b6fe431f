"""Small sums with "#rrggbb" colours."""

from __future__ import annotations

from typing import Final

RGB = tuple[int, int, int]

_HAIR: Final = {
    "#c4281c": "#a8431c",  # red hair is copper
    "#e8761e": "#c0581c",
    "#f4c81e": "#dcb850",
    "#e0a82e": "#d0a040",
    "#f0f0ec": "#e6e5e0",
    "#1e2024": "#201612",
    "#6a4326": "#5a3418",
}


def rgb(colour: str) -> RGB:
    """Red, green and blue, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def spell(red: float, green: float, blue: float) -> str:
    """Three channels as "#rrggbb", rounded and held to 0 to 255."""
    return "#" + "".join(f"{min(255, max(0, round(c))):02x}" for c in (red, green, blue))


def shade(colour: str, amount: float) -> str:
    """Mix with white (amount up to 1) or with black (down to -1)."""
    goal, part = (255, amount) if amount > 0 else (0, -amount)
    r, g, b = (c + (goal - c) * part for c in rgb(colour))
    return spell(r, g, b)


def mix(first: str, second: str, amount: float) -> str:
    """From `first` (0) to `second` (1)."""
    r, g, b = (a + (z - a) * amount for a, z in zip(rgb(first), rgb(second), strict=True))
    return spell(r, g, b)


def close(first: str, second: str) -> bool:
    """Whether two colours would run together where they meet."""
    return sum(abs(a - z) for a, z in zip(rgb(first), rgb(second), strict=True)) < 90


def natural_hair(colour: str) -> str:
    """The hair colour that people mean: red hair is copper, yellow hair is blond; blue hair stays blue."""
    return _HAIR.get(colour, colour)

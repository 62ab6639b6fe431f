"""The places behind a figure, each a `View` with a name of its own."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from .heavens import HEAVENS
from .indoors import INDOORS
from .nature import NATURE
from .town import TOWN
from .view import Flakes, View
from .waters import WATERS

PLACES: Final = MappingProxyType[str, View]({**INDOORS, **NATURE, **WATERS, **HEAVENS, **TOWN})
"""Every place by its name, "studio" among them."""

__all__ = ["NATURE", "PLACES", "TOWN", "WATERS", "Flakes", "View"]

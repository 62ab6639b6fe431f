"""Every part's shape: `SHAPES[key][zone]`, in the figure's coordinates, zones in the order in which they are listed.

Add a line to `offline_model/figure/parts.py`, a function or an entry here, and bake (see the README).
"""

from offline_model.bake.sdf import Shape

from . import hats, held, stage, wear

SHAPES: dict[str, dict[str, Shape]] = {**stage.SHAPES, **wear.SHAPES, **hats.SHAPES, **held.SHAPES}

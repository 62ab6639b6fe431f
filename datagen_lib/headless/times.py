"""When what happened in a run of the lab, as one drawing: a bar for each notebook, and the pictures as they landed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from datagen_lib.text import counted, duration

LEFT, RIGHT, ROW, CURVE = 215, 940, 30, 120
"""Of the drawing, in its own units: where the bars begin and end, a row's height, the height of the curve."""
TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000)  # s
MOST_TICKS = 8
MOST_STEPS = 400  # of the curve


def drawing(spans: Mapping[str, tuple[float, float]], pictures: Sequence[float]) -> Markup:
    """The drawing as SVG, in the colours of the page (--bar, --line, and the text's own).

    Args:
        spans: seconds from the start of the run to a notebook's start and end, by what the notebook is called.
        pictures: seconds from the start of the run to each new picture.
    """
    if not spans:
        return Markup("")
    end = max(1.0, *(last for _, last in spans.values()))
    scale = (RIGHT - LEFT) / end
    rows = [_bar(number, name, first, last, scale) for number, (name, (first, last)) in enumerate(spans.items())]
    top = ROW * len(rows) + 24
    bottom = top + CURVE if pictures else top - 14
    parts = [*rows, *_curve(sorted(pictures), scale, top, end), *_axis(end, scale, bottom)]
    told = f"{counted(len(spans), 'notebook')} in {duration(end)}"
    told += f"; {counted(len(pictures), 'new picture')}" if pictures else "; no new picture"
    lasting = ", ".join(f"{name} {duration(last - first)}" for name, (first, last) in spans.items())
    return Markup('<svg viewBox="0 0 960 {}" role="img" aria-label="{}">{}</svg>').format(
        bottom + 34, f"{told}: {lasting}", Markup("").join(parts)
    )


def _bar(number: int, name: str, first: float, last: float, scale: float) -> Markup:
    y = ROW * number
    width = max(3.0, (last - first) * scale)
    return Markup(
        '<text x="{}" y="{}" text-anchor="end">{}</text><rect class="bar" x="{:.1f}" y="{}" width="{:.1f}" '
        'height="{}" rx="4"/>'
    ).format(LEFT - 12, y + 20, name, LEFT + first * scale, y + 4, width, ROW - 8)


def _curve(moments: Sequence[float], scale: float, top: float, end: float) -> list[Markup]:
    if not moments:
        return []
    every = max(1, len(moments) // MOST_STEPS)
    points = [(moment, number) for number, moment in enumerate(moments, 1) if number % every == 0]
    points = [(moments[0], 0), *points, (moments[-1], len(moments)), (end, len(moments))]
    bottom, height = top + CURVE, CURVE - 24
    path = f"M{LEFT} {bottom}" + "".join(
        f"H{LEFT + moment * scale:.1f}V{bottom - height * number / len(moments):.1f}" for moment, number in points
    )
    # In the corner above the curve, which rises to the right.
    label = Markup('<text x="{}" y="{}" text-anchor="end">{:,} pictures</text>')
    return [
        label.format(LEFT - 12, bottom - height + 6, len(moments)),
        Markup('<path class="line" d="{}"/>').format(path),
    ]


def _axis(end: float, scale: float, bottom: float) -> list[Markup]:
    step = next((tick for tick in TICKS if end / tick <= MOST_TICKS), TICKS[-1])
    marks = [
        Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            LEFT + second * scale, bottom + 24, _clock(second, step)
        )
        for second in range(0, int(end) + 1, step)
    ]
    return [Markup('<path class="axis" d="M{} {}H{}"/>').format(LEFT, bottom + 4, RIGHT), *marks]


def _clock(second: int, step: int) -> str:
    """A mark of the axis: in seconds where the whole is short, as 1:30, or in minutes and hours."""
    if step < 60 <= second:
        return f"{second // 60}:{second % 60:02}"
    return duration(second) if second else "0"

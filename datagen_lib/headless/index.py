"""`index.html` of a run of the lab: what was made, when, at what cost, and the way to each notebook's page.

The page needs no network, no script and nothing beside it but the pages that it leads to. So it can be sent to somebody
who was not there.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from pathlib import Path

from markupsafe import Markup

from datagen_lib.errors import DatagenError
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem
from datagen_lib.settings import Settings
from datagen_lib.text import counted, duration

from .page import page_picture, told
from .times import drawing

SHOWN = 12  # pictures
SIDE = 160  # pixels of each
FILE = "index.html"


@dataclass
class Bill:
    """What the runs of the lab cost, as their reports say it. A report is overwritten by the next run's.

    Args:
        folder: the output folder.
    """

    folder: Path
    _costs: dict[str, float] = field(default_factory=dict)
    _before: str = ""

    def __post_init__(self) -> None:
        self._before = self._read()[0]

    def look(self) -> None:
        """Take note of the report that lies there now; a cell makes one run at most, so between two cells will do."""
        run, cost = self._read()
        if run and run != self._before:
            self._costs[run] = cost

    @property
    def usd(self) -> float:
        """US dollars, in all."""
        return sum(self._costs.values())

    def _read(self) -> tuple[str, float]:
        """Which run the report is of, and its cost; "" where there is no report."""
        try:
            report = json.loads((self.folder / "run_report.json").read_text(encoding="utf-8"))
            return f"{report['started']} {report['seconds']}", float(report["cost_usd"])
        except (OSError, ValueError, KeyError, TypeError):
            return "", 0.0


@dataclass
class Index:
    """The page of one run of the lab.

    Attributes:
        folder: of the run, with its copies and pages.
        settings: the run's.
        bill: what it cost.
        begun: when it began, and the same by the monotonic clock in `started`.
        spans: seconds from then to each notebook's start and end, by its name.
        ended: why it ended early, or "".
    """

    folder: Path
    settings: Settings
    bill: Bill
    begun: datetime = field(default_factory=lambda: datetime.now().astimezone())
    started: float = field(default_factory=time.monotonic)
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)
    ended: str = ""

    def write(self) -> Path:
        """Write the page from what is there; returns its path. Raises OSError."""
        path = self.folder / FILE
        path.write_text(self.page(), encoding="utf-8", newline="\n")
        return path

    def page(self) -> str:
        """The page as text."""
        items, categories = self._made()
        have = [item for item in items if self._image(item).is_file()]
        copies = [_Copy.read(path) for path in sorted(self.folder.glob("*.ipynb"))]
        title = f"A catalogue of {counted(len(items), 'item')}" if items else "A catalogue"
        facts = [
            ("items", f"{len(items):,}"),
            ("categories", f"{categories:,}"),
            ("pictures", f"{len(have):,}"),
            ("cost", "free" if self.settings.provider == "offline" else f"${self.bill.usd:,.2f}"),
            ("time", duration(max((last for _, last in self.spans.values()), default=0.0))),
        ]
        return _PAGE.format(
            title=title,
            style=Markup(_STYLE),  # noqa: S704 - our own
            when=f"{self.begun:%d %B %Y, %H:%M}".lstrip("0"),
            who=self._who(),
            ended=Markup('<p class="ended"><b>It ended early:</b> {}</p>').format(self.ended) if self.ended else "",
            facts=Markup("").join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*fact) for fact in facts),
            pictures=self._pictures(have),
            timeline=self._times(have, {copy.name: copy.called for copy in copies}),
            pages=Markup("").join(self._line(copy) for copy in copies),
        )

    def _made(self) -> tuple[list[CatalogItem], int]:
        try:
            store = Store.peek(self.settings.output_dir, validate=False)
        except DatagenError:  # whatever is wrong with it, the run has said so
            return [], 0
        return list(store.items), len(store.categories)

    def _image(self, item: CatalogItem) -> Path:
        return self.settings.output_dir / "images" / item.filename

    def _who(self) -> str:
        s = self.settings
        if s.replay_dir is not None:
            return "recorded answers, played back"
        if s.provider == "offline":
            return "the offline model"
        if s.provider == "azure":
            return f"Azure OpenAI ({s.azure_openai_gpt5_deployment}, {s.azure_openai_image_deployment})"
        return f"{s.openai_text_model} and {s.openai_image_model}"

    def _pictures(self, have: list[CatalogItem]) -> Markup:
        """A picture of as many categories as there is room for."""
        by_category: dict[str, list[CatalogItem]] = {}
        for item in have:
            by_category.setdefault(item.category, []).append(item)
        chosen = [item for row in zip_longest(*by_category.values()) for item in row if item is not None][:SHOWN]
        figures = [
            Markup('<figure><img src="{}" alt="{}" width="{}" height="{}"><figcaption>{}</figcaption></figure>').format(
                address, item.image_prompt, SIDE, SIDE, item.name
            )
            for item in chosen
            if (address := page_picture(self._image(item), 2 * SIDE))
        ]
        return Markup('<div class="pictures">{}</div>').format(Markup("").join(figures)) if figures else Markup("")

    def _times(self, have: list[CatalogItem], called: dict[str, str]) -> Markup:
        begun = self.begun.timestamp()
        landed = [self._image(item).stat().st_mtime - begun for item in have]
        spans = {called.get(name, name): span for name, span in self.spans.items()}
        drawn = drawing(spans, [moment for moment in landed if moment >= 0])
        # On a narrow screen it is moved sideways, by the keyboard too.
        frame = Markup('<h2 id="when">When what happened</h2><div class="times" tabindex="0" role="region" {}>{}</div>')
        return frame.format(Markup('aria-labelledby="when"'), drawn) if drawn else drawn

    def _line(self, copy: _Copy) -> Markup:
        span = self.spans.get(copy.name)
        after = f" ({duration(span[1] - span[0])})" if span else " (it did not end)"
        return Markup('<li><a href="{}">{}</a>{}<p>{}</p></li>').format(
            copy.path.with_suffix(".html").name, copy.called, after, copy.description
        )


@dataclass(frozen=True)
class _Copy:
    """An executed notebook, and what it says of itself."""

    path: Path
    title: str
    description: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def called(self) -> str:
        """Its number and title: "03 Picture the items"."""
        return f"{self.name[:2]} {self.title}"

    @classmethod
    def read(cls, path: Path) -> _Copy:
        import nbformat

        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        title, description = told(notebook)
        return cls(path, title or path.stem[3:], description)


_STYLE = """
:root {
  color-scheme: light dark; --bar: #2a6fb5;
  --ink: #1d2733; --soft: #4a5a6a; --ground: #fbfaf8; --card: #f0eee9; --link: #0b4fa8
}
@media (prefers-color-scheme: dark) {
  :root { --bar: #6aa5e3; --ink: #e8eaed; --soft: #b3bcc6; --ground: #15191e; --card: #222932; --link: #8ab8f5 }
}
body { margin: 0 auto; max-width: 1060px; padding: 32px 20px 64px; background: var(--ground); color: var(--ink);
  font: 17px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
h1 { font-size: 2.1em; line-height: 1.2; margin: 0 0 4px }
h2 { margin: 40px 0 8px }
a { color: var(--link) }
.when, li p, figcaption, dt { color: var(--soft) }
.ended { background: var(--card); border-left: 6px solid #b3541e; padding: 10px 16px }
dl { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0 }
dl div { background: var(--card); border-radius: 10px; padding: 10px 20px }
dt { font-size: 0.8em } dd { margin: 0; font-size: 1.5em; font-weight: 600 }
figure { margin: 0 }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: 16px }
.pictures img { width: 100%; height: auto; border-radius: 8px; display: block }
figcaption { font-size: 0.8em; line-height: 1.3; padding-top: 4px }
.times svg { width: 100%; height: auto; display: block; min-width: 560px } .times { overflow-x: auto }
.times text { font-size: 15px; fill: var(--soft) } .bar { fill: var(--bar) }
.line { fill: none; stroke: var(--bar); stroke-width: 3 } .axis { stroke: var(--soft); stroke-width: 1 }
ol { list-style: none; padding: 0 } li { margin: 0 0 14px } li p { margin: 2px 0 0 }
"""
_PAGE = Markup("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="{title}, made on {when} by {who}">
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="when">Made on {when}, by {who}.</p>
{ended}<dl>{facts}</dl>
{pictures}
{timeline}
<h2>How it was made, step by step</h2>
<ol>{pages}</ol>
</main>
</body>
</html>
""")

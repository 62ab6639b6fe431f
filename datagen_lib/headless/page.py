"""An executed notebook as a page to read: no kernel, no network, no script, and small enough to send to somebody.

Cells tagged `live`, and paragraphs that end in `<!-- live -->`, are left out: they make sense only where something can
be clicked. A link to another notebook goes
to its page of the same run; a link to a file of this machine becomes plain text.
"""

from __future__ import annotations

import base64
import binascii
import io
import logging
import re
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from datagen_lib.folder.pictures import open_picture

if TYPE_CHECKING:
    from nbformat import NotebookNode

LIVE = "live"
"""The tag of a cell that is left out of the page."""
_LIVE_PARAGRAPH = re.compile(r"(?:^|(?<=\n\n))(?:[^\n]+\n)*?[^\n]*<!-- live -->[ \t]*(?:\n+|\Z)")
LARGEST = 1_900_000  # bytes of a page
WIDGET_TYPES = ("application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json")

# nbconvert's page without what it fetches from elsewhere: require.js, MathJax, Mermaid, the widgets' renderer.
_PAGE = """{% extends 'lab/index.html.j2' %}
{% block html_head_js %}{% endblock %}
{% block jupyter_widgets %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block html_head_css %}<meta name="description" content="{{ nb.metadata.get('description', '') | escape }}">
<style>{{ resources.page_css }}</style>{% endblock %}
{% block body_header %}{{ super() }}{{ resources.page_nav }}{% endblock %}
"""
# What nbconvert's theme leaves too pale or too small for the WCAG, and lines that are not too long to read.
_CSS = """
main { max-width: 1100px; margin: 0 auto; padding: 0 16px 48px }
main > nav { padding: 16px 0 0; font: 14px/1.6 system-ui, sans-serif }
.jp-Notebook { --jp-mirror-editor-comment-color: #35706f; --jp-cell-prompt-not-active-opacity: 1;
  --jp-cell-inprompt-font-color: #2a5f8f; --jp-cell-outprompt-font-color: #9a4a20 }
.jp-OutputPrompt { box-sizing: border-box !important; width: 76px !important }
.jp-InputPrompt, .jp-OutputPrompt { opacity: 1 !important; color: #4a5a6a !important }
.highlight .c, .highlight .c1, .highlight .cm { color: #35706f !important }
.highlight .o, .highlight .ow { color: #8a1bd1 !important }
.highlight .mi, .highlight .mf, .highlight .mh, .highlight .mo { color: #006400 !important }
.highlight .kc, .highlight .kt, .highlight .nb { color: #006400 !important }
.jp-RenderedHTMLCommon a, main > nav a { color: #0b4fa8 !important; text-decoration: underline !important }
.jp-RenderedHTMLCommon summary { padding: 6px 0 }
"""

_RELATIVE = re.compile(r"""<a\b([^>]*?)\shref="(?!\w+:|//|\#)([^"#]*)(\#[^"]*)?"([^>]*)>(.*?)</a>""", re.DOTALL)
_TITLE = re.compile(r"^# +(.+)\n*((?:[^\n]+\n?)*)", re.MULTILINE)
_INLINE = re.compile(r"data:image/(png|jpeg|webp|gif);base64,([A-Za-z0-9+/=\s]+)")
_STEPS = ((0, 60), (320, 50), (96, 40), (64, 30), (48, 20))
"""Pixels at most (0: as it is) and quality, one after the other, until a page is small enough."""
_LEFT_OUT = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/%3E"


def page(copy: Path, *, pages: Collection[str] = ()) -> str:
    """The executed notebook `copy` as one page.

    Args:
        copy: the executed notebook.
        pages: the names of the notebooks that have a page beside this one.
    """
    import nbformat
    from jinja2 import DictLoader
    from nbconvert import HTMLExporter

    notebook = nbformat.read(copy, as_version=4)  # type: ignore[no-untyped-call]
    title, description = told(notebook)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.update(title=title or copy.stem, description=description)
    notebook.cells = [cell for cell in notebook.cells if LIVE not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _LIVE_PARAGRAPH.sub("", cell.source)
        elif cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _still_shows(output)]
    exporter: Any = HTMLExporter(  # type: ignore[no-untyped-call]
        extra_loaders=[DictLoader({"page.html.j2": _PAGE})], template_file="page.html.j2"
    )
    exporter.log.setLevel(logging.ERROR)
    nav = '<nav><a href="index.html">All pages of this run</a></nav>' if pages else ""
    resources = {"metadata": {"name": copy.stem}, "page_css": _CSS, "page_nav": nav}
    text, _ = exporter.from_notebook_node(notebook, resources)
    return slim(linked(str(text), pages))


def told(notebook: NotebookNode) -> tuple[str, str]:
    """What a notebook says of itself: its first heading, and the paragraph below it, as plain text."""
    for cell in notebook.cells:
        found = _TITLE.search(cell.source) if cell.cell_type == "markdown" else None
        if found:
            return _plain(found[1]), _plain(found[2])
    return "", ""


def _plain(markdown: str) -> str:
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return " ".join(re.sub(r"[*`]+", "", text).split())


def _still_shows(output: NotebookNode) -> bool:
    """Take the widget view out of an output; False where nothing but the widget's repr is left."""
    data = output.get("data", {})
    widget = [data.pop(kind) for kind in WIDGET_TYPES if kind in data]
    return not widget or bool(data.keys() - {"text/plain"})


def linked(text: str, pages: Collection[str]) -> str:
    """The page with its relative links set right: to the pages of this run, else to nothing."""

    def right(found: re.Match[str]) -> str:
        before, target, anchor, after, words = found.groups()
        name = target.removeprefix("./")
        if name == "index.html" and pages and not before + after:
            return found[0]
        if name in pages:
            return f'<a{before} href="{escape(Path(name).with_suffix(".html").name)}{anchor or ""}"{after}>{words}</a>'
        return words

    return _RELATIVE.sub(right, text)


def slim(text: str, most: int = LARGEST) -> str:
    """The page with its pictures made smaller until it has at most `most` bytes; those still too many are left out."""
    for pixels, quality in _STEPS:
        if len(text.encode()) <= most:
            return text
        text = _INLINE.sub(partial(_smaller, pixels=pixels, quality=quality), text)
    room = most - len(_INLINE.sub(_LEFT_OUT, text).encode())

    def keep(found: re.Match[str]) -> str:
        nonlocal room
        room -= max(0, len(found[0]) - len(_LEFT_OUT))
        return found[0] if room > 0 else _LEFT_OUT

    return _INLINE.sub(keep, text)


def _smaller(found: re.Match[str], pixels: int, quality: int) -> str:
    try:
        made = _webp(base64.b64decode(found[2]), pixels, quality)
    except (OSError, ValueError, SyntaxError, binascii.Error):
        return found[0]
    return min(found[0], made, key=len)


def page_picture(path: Path, pixels: int) -> str:
    """The picture in the file as an address that holds it, so many pixels large at most; "" where there is none."""
    try:
        return _webp(path, pixels, 80)
    except (OSError, ValueError, SyntaxError):
        return ""


def _webp(source: Path | bytes, pixels: int, quality: int) -> str:
    picture = open_picture(source)
    if pixels:
        picture.thumbnail((pixels, pixels))
    made = io.BytesIO()
    picture.save(made, "WEBP", quality=quality, method=2)
    return f"data:image/webp;base64,{base64.b64encode(made.getvalue()).decode()}"

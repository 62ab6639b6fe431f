"""What docs/instructor.md tells the one who teaches is what the kit computes."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from conftest import REPOSITORY

from datagen_lib.folder.store import Store
from datagen_lib.pipeline.plan import make_plan
from datagen_lib.pipeline.price import price
from datagen_lib.service.costs import Prices
from datagen_lib.settings import Settings

PAGE = (REPOSITORY / "docs" / "instructor.md").read_text(encoding="utf-8")
ATTENDEES, A_MINUTE = 20, 9
ROWS = re.findall(r"^\| (\d+) \| (\w+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)


def test_the_quota_sum_is_there() -> None:
    """For 20 attendees on one deployment of 9 requests a minute."""
    assert f"{ATTENDEES} attendees on one deployment of {A_MINUTE} requests a minute" in PAGE
    assert len(ROWS) == 4


@pytest.mark.parametrize(("items", "quality", "calls", "minutes", "dollars"), ROWS)
def test_the_quota_sum_adds_up(
    tmp_path: Path, items: str, quality: str, calls: str, minutes: str, dollars: str
) -> None:
    """Calls and minutes by the formula beside it; the price is that of --estimate, to the dollar and the probes."""
    settings = Settings.load(
        environ={}, root=tmp_path, output_dir=tmp_path / "out", target_count=int(items), image_quality=quality
    ).model_copy(update={"provider": "azure", "azure_openai_gpt5_deployment": "gpt5"})
    plan = asyncio.run(make_plan(settings, Store(settings.output_dir)))
    room = ATTENDEES * price(plan, settings, Prices.load(None)).usd

    assert int(calls) == ATTENDEES * (int(items) + 1)
    assert int(minutes) == round(int(calls) / A_MINUTE)
    assert abs(room - int(dollars)) <= 1


def test_the_agenda_has_every_notebook_and_adds_up() -> None:
    """Each notebook is on it, in order, and the minutes are those of the sentence below it."""
    agenda = re.findall(r"^\| (\d+) \| (.+?) \| .+ \|$", PAGE.split("## Agenda")[1].split("## ")[0], re.MULTILINE)
    notebooks = [path.name for path in sorted((REPOSITORY / "notebooks").glob("*.ipynb"))]

    assert re.findall(r"notebooks/(\w+\.ipynb)", " ".join(what for _, what in agenda)) == notebooks
    assert f"Together {sum(int(minutes) for minutes, _ in agenda)} minutes" in PAGE


def test_the_pages_links_lead_somewhere() -> None:
    """Notebooks and the start page."""
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)

    assert links
    assert [link for link in links if not (REPOSITORY / "docs" / link).exists()] == []

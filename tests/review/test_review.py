"""The review: decisions that last, edits under the rules, a new picture that replaces none before it is chosen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection

import pytest
from browsing import chromium, violations
from conftest import Command, calls
from playwright.sync_api import expect

from datagen_lib.errors import SetupError
from datagen_lib.offline import Server
from datagen_lib.review import ReviewDesk
from datagen_lib.review.server import ReviewServer
from datagen_lib.runner import run_sync
from datagen_lib.settings import Settings


@pytest.fixture
def server(command: Command, stand_in: Callable[..., Server]) -> Server:
    server = stand_in()
    command.use(server)
    assert command("--target-count", "6", "--batch-size", "6").code == 0
    return server


@pytest.fixture
def desk(command: Command, server: Server) -> ReviewDesk:
    return ReviewDesk(command.folder.path)


def loaded(command: Command) -> Settings:
    return Settings.load(output_dir=str(command.folder.path))


def test_decisions_are_on_disk_at_once(command: Command, desk: ReviewDesk) -> None:
    """A decision is in reviews.json when it is taken, and a review goes on from there."""
    one, two, *_ = desk.items
    desk.decide(one.product_id, "approved")
    desk.decide(two.product_id, "rejected")
    again = ReviewDesk(command.folder.path)

    assert again.counts() == {"waiting": 4, "approved": 1, "rejected": 1}
    assert [again.state(item) for item in again.items[:2]] == ["approved", "rejected"]


def test_an_edit_keeps_the_rules(command: Command, desk: ReviewDesk) -> None:
    """An edit that breaks a rule, or takes another's name, is refused in words and changes nothing."""
    before = (command.folder / "catalog.json").read_bytes()
    one, two, *_ = desk.items
    for texts in ({"name": "The Official Batman"}, {"name": two.name.upper()}, {"description": "Short."}):
        with pytest.raises(SetupError, match="refused"):
            desk.edit(one.product_id, **texts)

    assert (command.folder / "catalog.json").read_bytes() == before


def test_an_edit_changes_one_item_and_asks_for_another_look(command: Command, desk: ReviewDesk) -> None:
    """The edited item keeps its place and id and waits again; a backup holds what was there; no picture is made."""
    one = desk.items[0]
    desk.decide(one.product_id, "approved")
    before = command.folder.catalogue
    desk.edit(one.product_id, name="Patient Lamp Keeper")
    after = command.folder.catalogue

    assert after[0] == {**before[0], "name": "Patient Lamp Keeper"}
    assert after[1:] == before[1:]
    assert json.loads((command.folder / "catalog.json.bak").read_bytes()) == before
    assert ReviewDesk(command.folder.path).counts()["waiting"] == 6


def test_a_new_picture_waits_beside_the_old_one(command: Command, desk: ReviewDesk, server: Server) -> None:
    """Another picture is a candidate until it is chosen; then the old one is kept aside, and nothing is made again."""
    one = desk.items[0]
    place = command.folder / f"images/{one.filename}"
    old = place.read_bytes()
    prompt = one.image_prompt.replace("high detail", "very high detail")
    candidate = run_sync(desk.repicture(one.product_id, prompt, loaded(command)))
    waiting = (place.read_bytes(), candidate.is_file())
    new = candidate.read_bytes()
    desk.choose(one.product_id, new=True)
    made = len(calls(server, "image"))
    again = command("--target-count", "6")

    assert waiting == (old, True)
    assert place.read_bytes() == new != old
    assert command.folder.catalogue[0]["imagePrompt"] == prompt
    assert (command.folder / f"replaced/{one.filename}").read_bytes() == old
    assert (again.code, len(calls(server, "image"))) == (0, made)


def test_a_candidate_can_be_let_go(command: Command, desk: ReviewDesk) -> None:
    """Keeping the old picture leaves everything as it was."""
    one = desk.items[0]
    before = command.folder.contents()
    run_sync(desk.repicture(one.product_id, one.image_prompt.replace("vibrant", "very vibrant"), loaded(command)))
    desk.choose(one.product_id, new=False)
    after = command.folder.contents()

    logs = {"state.json", "provenance.jsonl"}  # which tell of the call
    assert {name: data for name, data in after.items() if name in before and name not in logs} == {
        name: data for name, data in before.items() if name not in logs
    }
    assert not list((command.folder / "candidates").iterdir())


def test_a_choice_that_was_cut_off_is_finished(
    command: Command, desk: ReviewDesk, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the steps of a choice loses no picture: the next run takes the one that fits, without a call."""
    one = desk.items[0]
    prompt = one.image_prompt.replace("high detail", "very high detail")
    new = run_sync(desk.repicture(one.product_id, prompt, loaded(command))).read_bytes()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("datagen_lib.folder.changes.Changes._put_in_place", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.choose(one.product_id, new=True)
    made = len(calls(server, "image"))
    result = command("--target-count", "6")

    assert result.code == 0
    assert len(calls(server, "image")) == made
    assert (command.folder / f"images/{one.filename}").read_bytes() == new


def test_rejected_items_make_room_for_new_ones(command: Command, desk: ReviewDesk, server: Server) -> None:
    """Rejected items go, their pictures are kept aside, and the next run makes as many new ones."""
    gone = [item.product_id for item in desk.items[:2]]
    for product_id in gone:
        desk.decide(product_id, "rejected")
    desk.remove_rejected()
    left = [item["productId"] for item in command.folder.catalogue]
    result = command("--target-count", "6")

    assert result.code == 0
    assert len(left) == 4
    assert [item["productId"] for item in command.folder.catalogue][:4] == left
    assert len(command.folder.catalogue) == 6
    assert len(list((command.folder / "orphans").iterdir())) == 2


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def page_server(command: Command, desk: ReviewDesk) -> Iterator[ReviewServer]:
    with ReviewServer(desk, loaded(command)) as server:
        yield server


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {}, 403),
        ("/?key=wrong", {}, 403),
        ("/?key={key}", {"Host": "evil.example"}, 403),
        ("/?key={key}", {"Origin": "https://evil.example"}, 403),
        ("/?key={key}", {}, 200),
        ("/images/../reviews.json", {}, 404),
        ("/images/..%2f..%2fpyproject.toml", {}, 404),
        ("/state.json", {}, 404),
    ],
)
def test_only_the_own_page_is_answered(
    page_server: ReviewServer, path: str, headers: dict[str, str], status: int
) -> None:
    """Without the key, from another page, by another name, or out of the folder: nothing."""
    connection = HTTPConnection(page_server.host)
    connection.request("GET", path.format(key=page_server.key), headers=headers)

    assert connection.getresponse().status == status


def test_nothing_is_changed_without_the_key(page_server: ReviewServer, desk: ReviewDesk) -> None:
    """A POST without the session's key changes nothing; one with a huge body is not read."""
    body = json.dumps({"id": desk.items[0].product_id, "state": "approved"})
    statuses = []
    for headers in ({}, {"X-Review-Key": "wrong"}, {"X-Review-Key": page_server.key, "Content-Length": "999999999"}):
        connection = HTTPConnection(page_server.host)
        connection.request("POST", "/decide", body=body, headers=headers)
        statuses.append(connection.getresponse().status)

    assert statuses == [403, 403, 413]
    assert desk.counts()["waiting"] == 6


@pytest.mark.browser
def test_an_instructor_reviews_by_keyboard(page_server: ReviewServer, command: Command) -> None:
    """Open the first item; A approves and moves on, R rejects, E edits; axe-core finds nothing."""
    with chromium() as page:
        page.goto(page_server.url)
        found = violations(page)
        page.locator(".item").first.click()
        found += violations(page)
        for place, key in enumerate("aar", start=1):
            expect(page.locator("#place")).to_have_text(f"{place} of 6")
            page.keyboard.press(key)
        expect(page.locator("#place")).to_have_text("4 of 6")
        page.keyboard.press("e")
        page.fill("#edit-name", "Patient Lamp Keeper")
        page.keyboard.press("Enter")
        expect(page.locator("#name")).to_have_text("Patient Lamp Keeper")
        facts = page.inner_text("#facts")

    decisions = command.folder.json("reviews.json")["decisions"]

    assert found == []
    assert [one["state"] for one in decisions.values()] == ["approved", "approved", "rejected"]
    assert command.folder.catalogue[3]["name"] == "Patient Lamp Keeper"
    assert facts.startswith("2 approved, 1 rejected, 3 waiting")


@pytest.mark.browser
def test_a_review_goes_on_with_what_waits(page_server: ReviewServer, desk: ReviewDesk) -> None:
    """One key opens the first that waits, those decided before are left out, and after the last the page says so."""
    for item in desk.items[:4]:
        desk.decide(item.product_id, "approved")
    with chromium() as page:
        page.goto(page_server.url)
        page.keyboard.press("w")
        expect(page.locator("#place")).to_have_text("1 of 2")
        page.keyboard.press("a")
        expect(page.locator("#place")).to_have_text("2 of 2")
        page.keyboard.press("r")
        expect(page.locator("#problem")).to_have_text("Nothing waits any more.")
        found = violations(page)
        page.keyboard.press("Escape")
        page.select_option("#flaw", "review:rejected")
        expect(page.locator("#count")).to_have_text("1 of 6 items")
        begin_again = page.locator("#begin").is_enabled()

    assert found == []
    assert not begin_again


@pytest.mark.browser
def test_a_picture_is_made_again_and_chosen_in_the_page(page_server: ReviewServer, command: Command) -> None:
    """Edit the prompt, make another picture, look at both, take the new one."""
    old = (command.folder / f"images/{command.folder.catalogue[0]['filename']}").read_bytes()
    with chromium() as page:
        page.goto(page_server.url)
        page.locator(".item").first.click()
        page.keyboard.press("e")
        page.fill("#edit-prompt", command.folder.catalogue[0]["imagePrompt"].replace("high detail", "fine detail"))
        page.click("#again")
        page.locator("#choice").wait_for()
        page.click("#take")
        page.locator("#choice").wait_for(state="hidden")

    new = (command.folder / f"images/{command.folder.catalogue[0]['filename']}").read_bytes()

    assert new != old
    assert "fine detail" in command.folder.catalogue[0]["imagePrompt"]

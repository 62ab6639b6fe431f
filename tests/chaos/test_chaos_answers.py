"""Answers that mean harm: whatever a service says, a run ends in words, and the folder is one to go on with."""

from __future__ import annotations

from collections import Counter

from chaos.campaign import Chaos
from chaos.contract import ended_in_words, files_hold, items_on_disk, key_nowhere, nothing_lost
from chaos.hostile import HostileService
from fakes.service import Service

SMALL = ("--target-count", "6", "--batch-size", "3")


def prompts(service: Service) -> Counter[str]:
    return Counter(request.body["prompt"] for request in service.requests if "/images/" in request.path)


def test_no_answer_harms_a_folder(chaos: Chaos) -> None:
    """Answers spoilt in value, letters, envelope and HTTP, some or all of them: no traceback, nothing raw, files that
    hold; then a decent service completes the folder, and draws again nothing that was whole."""
    for each in chaos.rounds(40):
        command, rng = each.command, each.rng
        share = rng.choice([0.1, 0.4, 1.0])
        each.fault = f"{share:.0%} of the answers spoilt"
        command.set(MAX_RETRIES="2", REQUEST_TIMEOUT="10")
        with each:
            with HostileService(rng, share) as service:
                command.set(**service.settings)
                result = command(*SMALL)
                asked = len(service.requests)
            ended_in_words(result)
            files_hold(command.folder)
            key = service.settings["AZURE_OPENAI_API_KEY"]
            key_nowhere(key, command.folder, result.said)
            before, given = items_on_disk(command.folder), service.given
            with HostileService(rng, 0) as decent:
                decent._numbers = service._numbers
                command.set(**decent.settings)
                again = command(*SMALL)

            assert again.code == 0, again.said
            nothing_lost(before, command.folder)
            files_hold(command.folder)
            assert prompts(decent) & given == Counter(), "drawn again"
            assert asked < 100, "asked without end"
            command.folder.check(at_least=6)
            chaos.survived("hostile answers")

"""The tree of errors.

    DatagenError                   what happened, where, and what to do; exit code 1
    ├── SetupError                 the user must set something right before a run can work; exit code 2
    │   ├── SettingsError          missing or bad settings, all of them in one message
    │   ├── EndpointRefused        401, 403, 404, 410, an api-version that is too old
    │   ├── FolderError            the output folder is not usable, or belongs to another provider
    │   ├── FolderBusy             another run holds the folder
    │   └── InvalidCatalogue       a stored file breaks the contract; names the line
    ├── RunStopped                 the run ends here, incomplete; everything accepted is on disk
    │   ├── QuotaExhausted         no quota, or a wait of more than ten minutes; says when to come back
    │   ├── EndpointGaveUp         call after call failed, every retry used
    │   ├── BudgetReached          the next call could pass MAX_COST_USD
    │   ├── Interrupted            somebody asked for the end; exit code 130
    │   ├── FruitlessBatches       batch after batch brought nothing acceptable
    │   └── DiskError              the disk is full or refuses writes
    ├── CheckFailed                what a notebook checks does not hold
    ├── DemoOver                   a demonstration that has ended is asked for
    └── CallFailed                 one call failed; its stage decides what that means
        ├── TransientError         worth a retry: 408, 409, 429, 5xx, timeout, cut connection, broken image bytes
        ├── ContentFiltered        the service's filter refused the request or the answer
        ├── MalformedAnswer        not the JSON that was asked for: torn, truncated, refused, empty
        ├── UnusablePicture        a picture was paid for and is wrong in kind; says which fault it has
        └── CallRejected           any other 4xx: the request itself was not accepted

Errors of other libraries are translated once, at the edge that meets them, with `raise ... from`.
"""

from __future__ import annotations

from typing import Literal

from .text import plain

Fault = Literal["address", "size", "encoding", "kind", "damaged", "none"]
"""What is wrong with a picture that can't be used: a short name that stays, for counting the same fault again."""


class DatagenError(Exception):
    """Base of all errors that this library raises on purpose.

    Args:
        what: what happened, and where, in one sentence without a secret; what can't be seen is spelt out.
        hint: what to do next; empty when there is nothing to add.
    """

    exit_code = 1

    def __init__(self, what: str, *, hint: str = "") -> None:
        what, hint = plain(what, lines=True), plain(hint, lines=True)
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\n  → {self.hint}" if self.hint else self.what


class SetupError(DatagenError):
    """Something that the user must set right before a run can work."""

    exit_code = 2


class SettingsError(SetupError):
    """One or more settings are missing or bad.

    Args:
        problems: one line for each setting, opening with its variable's name.
    """

    def __init__(self, problems: list[str], *, hint: str = "") -> None:
        count = "1 setting needs" if len(problems) == 1 else f"{len(problems)} settings need"
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{count} attention:\n{listed}", hint=hint)
        self.problems = problems


class EndpointRefused(SetupError):
    """The endpoint will never take this request as it is set up: key, role, deployment, api-version."""


class FolderError(SetupError):
    """The output folder can't be used for this run."""


class FolderBusy(SetupError):
    """Another run holds the folder's lock."""


class InvalidCatalogue(SetupError):
    """A stored file breaks its contract; the message names the file, the line and the reason."""


class RunStopped(DatagenError):
    """The run ends before it is complete; what was accepted is on disk and the next run goes on."""


class QuotaExhausted(RunStopped):
    """No quota is left, or the service asks for a wait that is too long to sit out."""


class EndpointGaveUp(RunStopped):
    """Call after call failed although every retry was used."""


class BudgetReached(RunStopped):
    """The next call could pass the cost that the user allowed."""


class Interrupted(RunStopped):
    """Somebody asked for the end: Ctrl-C, SIGTERM, a kernel's interrupt or a Stop button."""

    exit_code = 130


class FruitlessBatches(RunStopped):
    """Several batches in a row brought no acceptable item."""


class DiskError(RunStopped):
    """The disk is full or refuses to be written."""


class CheckFailed(DatagenError):
    """What a notebook checks does not hold."""


class DemoOver(DatagenError):
    """A demonstration's offline model and folder are asked for after its end."""


class CallFailed(DatagenError):
    """One call failed; the stage that made it decides what follows."""


class TransientError(CallFailed):
    """A failure that the same call may survive a moment later.

    Args:
        what: what happened.
        retry_after: seconds that the service asks to wait, or None where it names none.
        throttled: whether it is a 429, so that every call to the deployment has to wait.
        outage: whether nobody answers at all, so that the deployment is to be waited for as one.
    """

    def __init__(
        self,
        what: str,
        *,
        hint: str = "",
        retry_after: float | None = None,
        throttled: bool = False,
        outage: bool = False,
    ) -> None:
        super().__init__(what, hint=hint)
        self.retry_after = retry_after
        self.throttled = throttled
        self.outage = outage


class ContentFiltered(CallFailed):
    """The service's content filter refused the prompt or the answer.

    Args:
        what: what happened.
        paid: whether the verdict came with an answer of status 200, which is paid for.
    """

    def __init__(self, what: str, *, hint: str = "", paid: bool = False) -> None:
        super().__init__(what, hint=hint)
        self.paid = paid


class MalformedAnswer(CallFailed):
    """The answer is not the JSON that was asked for."""


class UnusablePicture(CallFailed):
    """A picture was answered, and paid for, but is wrong in kind: asked for again it would come the same way.

    Args:
        what: what came.
        fault: "address" (can't be fetched), "size" (pixels), "encoding" (no base64); "kind" (no picture of a kind that
            is taken), "damaged" (the same broken bytes again); "none" (the answer holds no picture).
        paid: the bytes that came, to be put aside; empty where there are none.
    """

    def __init__(self, what: str, *, fault: Fault, paid: bytes = b"", hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.fault = fault
        self.paid = paid


class CallRejected(CallFailed):
    """The service rejected this one request; a retry of the same would fail the same way."""

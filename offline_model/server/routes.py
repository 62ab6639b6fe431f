"""Which paths there are, and which the service has but this stand-in has not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .api.refusals import Family, Refused
from .faults import Route

Name = Literal["chat", "responses", "response", "input_items", "images", "models", "model", "deployments", ""]


@dataclass(frozen=True)
class Path:
    """What a path asks for.

    Attributes:
        name: the kind of thing, or "" for a path that the service doesn't have.
        route: whose quota, faults and latency it has; "" for what is only looked up.
        family: which of the three forms of address.
        deployment: named in the path, or "".
        id: of one response or model, or "".
        missing: the operation, where the service offers it and the stand-in doesn't.
    """

    name: Name = ""
    route: Route | Literal[""] = ""
    family: Family = "azure"
    deployment: str = ""
    id: str = ""
    missing: str = ""


_FAMILIES: tuple[tuple[str, Family], ...] = (
    (r"/openai/v1", "v1"),
    (r"/openai/deployments/(?P<deployment>[^/]+)", "azure"),
    (r"/openai", "azure"),
    (r"/v1", "openai"),
)
_CALLS: dict[str, tuple[Name, Route]] = {
    "/chat/completions": ("chat", "text"),
    "/images/generations": ("images", "image"),
    "/responses": ("responses", "text"),
}
_ELSEWHERE = re.compile(
    r"/(embeddings|completions|audio|files|uploads|batches|images|fine_tuning|fine-tunes|assistants|threads"
    r"|vector_stores|moderations|realtime|evals|containers|conversations|videos|video|extensions|chat|responses)(/.*)?"
)


def find(method: str, path: str) -> Path:
    """What a request asks for, by its method and its path."""
    for prefix, family in _FAMILIES:
        if match := re.match(prefix + "(?=/)", path):
            found = _within(method, path[match.end() :], family, match.groupdict().get("deployment", ""))
            if found is not None:
                return found
    return Path()


def _within(method: str, rest: str, family: Family, deployment: str) -> Path | None:
    """The same below one of the forms of address."""
    # the deployment's own address has calls to its model, the others have everything else
    deployed = family == "azure" and bool(deployment)
    if method == "POST" and rest in _CALLS:
        name, route = _CALLS[rest]
        if family != "azure" or deployed == (name != "responses"):
            return Path(name, route, family, deployment)
    if not deployed:
        if method == "GET" and rest == "/models":
            return Path("models", family=family)
        if method == "GET" and (match := re.fullmatch(r"/models/([^/]+)", rest)):
            return Path("model", family=family, id=match[1])
        if method == "GET" and rest == "/deployments" and family == "azure":
            return Path("deployments", family=family)
        match = re.fullmatch(r"/responses/([^/]+)(/input_items)?", rest)
        if match and (method == "GET" or (method == "DELETE" and not match[2])):
            return Path("input_items" if match[2] else "response", family=family, id=match[1])
    if (match := _ELSEWHERE.fullmatch(rest)) and rest not in _CALLS:
        return Path(family=family, missing=rest.strip("/"))
    return None


def not_offered(path: Path) -> Refused:
    """The answer to what the service has and the stand-in has not."""
    return Refused(
        400,
        "OperationNotSupported",
        f"{path.missing} is not offered offline. The offline model has chat/completions, responses, "
        "images/generations and models.",
        kind="invalid_request_error",
    )

"""The models and the deployments that there are, as the service lists them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .refusals import Refused

_SINCE = 1_754_524_800  # 2025-08-07
_DEFAULT = {"text": ("gpt-5",), "image": ("gpt-image-1",)}


def names(deployments: Mapping[str, Collection[str] | None]) -> dict[str, str]:
    """The names that exist, each with its route; where any name will do, the usual one."""
    return {name: route for route, usual in _DEFAULT.items() for name in deployments[route] or usual}


def models(deployments: Mapping[str, Collection[str] | None]) -> dict[str, Any]:
    """The list of models."""
    return {"object": "list", "data": [_model(name, route) for name, route in names(deployments).items()]}


def model(deployments: Mapping[str, Collection[str] | None], name: str) -> dict[str, Any]:
    """One model; raises the service's 404 for one that there is not."""
    known = names(deployments)
    if name not in known:
        raise Refused(404, "model_not_found", f"The model '{name}' does not exist.", param="model")
    return _model(name, known[name])


def _model(name: str, route: str) -> dict[str, Any]:
    text = route == "text"
    return {
        "id": name,
        "object": "model",
        "created": _SINCE,
        "created_at": _SINCE,
        "owned_by": "offline",
        "status": "succeeded",
        "lifecycle_status": "generally-available",
        "capabilities": {
            "chat_completion": text,
            "completion": False,
            "embeddings": False,
            "fine_tune": False,
            "inference": True,
        },
    }


def deployed(deployments: Mapping[str, Collection[str] | None]) -> dict[str, Any]:
    """The list of deployments, as older api-versions had it."""
    rows = [
        {
            "id": name,
            "object": "deployment",
            "model": name,
            "owner": "offline",
            "status": "succeeded",
            "created_at": _SINCE,
            "updated_at": _SINCE,
            "scale_settings": {"scale_type": "standard"},
        }
        for name in names(deployments)
    ]
    return {"object": "list", "data": rows}

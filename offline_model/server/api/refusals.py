"""The errors that the service answers with, worded as it words them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from offline_model.server.calls import Call
    from offline_model.server.faults import Fault

Family = Literal["azure", "v1", "openai"]
"""The deployment routes, /openai/v1, and plain /v1."""

SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
PROMPT_SAFE = {**SAFE, "jailbreak": {"filtered": False, "detected": False}}
CAUGHT = {**SAFE, "violence": {"filtered": True, "severity": "medium"}}
"""What the content filter says of a harmless answer, of a harmless prompt, and of what it stops."""

_OPERATIONS = {"text": "ChatCompletions_Create", "image": "ImageGenerations_Create"}


class Refused(Exception):
    """The request is answered with an error.

    Args:
        status: HTTP status.
        code: the error's code, or None where the service sends none.
        message: the error's message.
        param: the parameter at fault.
        kind: the error's type, sent on all routes but /openai/v1 (whose description knows one type only).
        extra: further members of the error object.
        headers: headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        *,
        param: str | None = None,
        kind: str | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param, self.kind = (status, code, message, param, kind)
        self.extra, self.headers = dict(extra or {}), dict(headers or {})

    def body(self, family: Family) -> dict[str, Any]:
        """The JSON to send; members without a value are left out."""
        error = {
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "type": self.kind if family != "v1" else None,
            **self.extra,
        }
        return {"error": {key: value for key, value in error.items() if value is not None}}


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refused:
    """A 400 that the model's own checks give."""
    return Refused(400, code, message, param=param, kind="invalid_request_error")


def not_found() -> Refused:
    """A path, or an api-version, that the service doesn't have."""
    return Refused(404, "404", "Resource not found")


def no_deployment() -> Refused:
    return Refused(
        404,
        "DeploymentNotFound",
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, "
        "please wait a moment and try again.",
    )


def wrong_model(operation: str, deployment: str) -> Refused:
    """A deployment that exists, of a model that can't do this."""
    return Refused(
        400,
        "OperationNotSupported",
        f"The {operation} operation does not work with the specified model, {deployment}. Please choose different "
        "model and try again.",
    )


def wrong_key() -> Refused:
    return Refused(
        401,
        "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource.",
    )


def rate_limited(call: Call, seconds: float | None, *, code: str) -> Refused:
    """A 429 with the service's own text; `seconds` of None names no time and sends no header."""
    version = call.query.get("api-version", "v1")
    wait = f" Please retry after {max(1, round(seconds))} seconds." if seconds is not None else ""
    headers = {}
    if seconds is not None:
        headers = {"retry-after": str(max(1, -int(-seconds // 1))), "retry-after-ms": str(round(seconds * 1000))}
    return Refused(
        429,
        code,
        f"Requests to the {_OPERATIONS[call.route]} Operation under Azure OpenAI API version {version} have exceeded "
        f"call rate limit of your current OpenAI S0 pricing tier.{wait} To increase your default rate limit, visit: "
        "https://aka.ms/oai/quotaincrease.",
        headers=headers,
    )


def of_fault(kind: str, fault: Fault, call: Call) -> Refused:
    """The error that a call fault answers with."""
    if kind in ("429", "429-bare", "429-long"):
        wait = {"429": 1.0, "429-long": 86_400.0}.get(kind) if fault.retry_after is None else fault.retry_after
        # the service has been seen with either code
        code = "429" if call.number % 2 else "RateLimitReached"
        return rate_limited(call, wait, code=code)
    if kind in ("content-filter", "moderation_blocked", "contentFilter", "content_policy_violation"):
        return _filtered(kind, image=call.route == "image")
    if kind == "401":
        return wrong_key()
    if kind == "404":
        return no_deployment()
    status, code, message = _FAILURES[kind]
    headers = {} if fault.retry_after is None else {"retry-after": str(max(1, round(fault.retry_after)))}
    return Refused(status, code, message, headers=headers, kind=code if code == "insufficient_quota" else None)


_FAILURES: dict[str, tuple[int, str, str]] = {
    "insufficient-quota": (
        429,
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "403": (
        403,
        "Forbidden",
        "Your resource has been temporarily blocked because we detected behavior that may violate our content policy.",
    ),
    "408": (408, "Timeout", "The operation was timeout."),
    "410": (410, "ModelDeprecated", "The model of this deployment has been retired and is no longer available."),
    "500": (500, "InternalServerError", "The server had an error while processing your request. Sorry about that!"),
    "503": (503, "ServiceUnavailable", "The service is temporarily unable to process your request. Try again later."),
    "504": (504, "GatewayTimeout", "The gateway did not receive a response from the model in time."),
}


def _filtered(kind: str, *, image: bool) -> Refused:
    if kind == "contentFilter":
        return Refused(400, "contentFilter", "Your task failed as a result of our safety system.")
    if kind == "moderation_blocked":
        return Refused(
            400,
            "moderation_blocked",
            "Your request was rejected by the safety system. Your request may contain content that is not allowed.",
            kind="image_generation_user_error",
        )
    inner: dict[str, Any] = {"code": "ResponsibleAIPolicyViolation"}
    results = {**PROMPT_SAFE, **CAUGHT}
    # the two services spell the inner error differently
    extra: dict[str, Any]
    if image:
        extra = {"inner_error": {**inner, "content_filter_results": results}}
    else:
        extra = {"status": 400, "innererror": {**inner, "content_filter_result": results}}
    return Refused(
        400,
        "content_policy_violation" if kind == "content_policy_violation" else "content_filter",
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please "
        "modify your prompt and retry.",
        param="prompt",
        extra=extra,
    )

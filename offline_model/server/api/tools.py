"""Tools that a client offers: checked, chosen by the user's words, and called with arguments from their schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .completion import ToolCall
from .fitting import Hints, fit
from .refusals import Refused, invalid
from .schema import check_schema

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MANY = 128


@dataclass(frozen=True)
class Tool:
    """A function that a client offers to run."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Offer:
    """What may be called, and whether something has to be.

    Attributes:
        tools: that may be called; none where tool_choice says so.
        must: a call is wanted in any case.
        several: more than one call may come in one answer.
    """

    tools: tuple[Tool, ...] = ()
    must: bool = False
    several: bool = True


def read_tools(body: Mapping[str, Any], *, flat: bool) -> Offer:
    """The offer of a request.

    Args:
        body: the request.
        flat: a tool's members stand in it, as the Responses API has them, not under `function`.

    Raises:
        Refused: an offer that the service would not take.
    """
    given, choice, name = body.get("tools"), body.get("tool_choice"), "tools"
    if given is None and body.get("functions") is not None and not flat:
        given = [{"type": "function", "function": one} for one in _list(body["functions"], "functions")]
        choice, name = body.get("function_call"), "functions"
    if given is None:
        if choice not in (None, "none", "auto"):
            raise invalid("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice")
        return Offer()
    listed = _list(given, name)
    tools = tuple(_tool(one, f"{name}[{index}]", flat=flat) for index, one in enumerate(listed))
    return _offer(tools, choice, several=body.get("parallel_tool_calls") is not False and name == "tools")


def _list(given: Any, name: str) -> Sequence[Any]:
    if not isinstance(given, list):
        raise invalid(f"Invalid type for '{name}': expected an array.", name, "invalid_type")
    if len(given) > _MANY:
        raise invalid(f"Invalid '{name}': at most {_MANY} are taken.", name, "array_above_max_length")
    return given


def _tool(given: Any, where: str, *, flat: bool) -> Tool:
    kind = given.get("type") if isinstance(given, dict) else None
    if kind != "function":
        if isinstance(kind, str) and kind:
            raise Refused(
                400,
                "OperationNotSupported",
                f"Tools of type '{kind}' are not offered offline; 'function' is.",
                param=where,
                kind="invalid_request_error",
            )
        raise invalid(f"Missing required parameter: '{where}.type'.", f"{where}.type", "missing_required_parameter")
    function = given if flat else given.get("function")
    where = where if flat else f"{where}.function"
    if not isinstance(function, dict):
        raise invalid(f"Missing required parameter: '{where}'.", where, "missing_required_parameter")
    name, parameters = function.get("name"), function.get("parameters") or {}
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid(
            f"Invalid '{where}.name': expected 1 to 64 letters, digits, '_' or '-'.", f"{where}.name", "invalid_value"
        )
    if not isinstance(parameters, dict):
        raise invalid(f"Invalid type for '{where}.parameters'.", f"{where}.parameters", "invalid_type")
    if function.get("strict"):
        check_schema(parameters, name, where=f"{where}.parameters" if "tools" in where else "tools")
    return Tool(name, str(function.get("description") or ""), parameters)


def _offer(tools: tuple[Tool, ...], choice: Any, *, several: bool) -> Offer:
    if choice in (None, "auto"):
        return Offer(tools, several=several)
    if choice == "none":
        return Offer()
    if choice == "required":
        return Offer(tools, must=True, several=several)
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        allowed = choice.get("allowed_tools", choice)
        named = {(one.get("function") or one).get("name") for one in allowed.get("tools") or ()}
        return Offer(tuple(t for t in tools if t.name in named), allowed.get("mode") == "required", several)
    name = (choice.get("function") or choice).get("name") if isinstance(choice, dict) else None
    chosen = tuple(tool for tool in tools if tool.name == name)
    if not chosen:
        raise invalid(
            f"Invalid value: '{choice if name is None else name}'. Supported values are: 'none', 'auto', 'required', "
            "and the name of one of the tools.",
            "tool_choice",
            "invalid_value",
        )
    return Offer(chosen, must=True, several=False)


# --- calls -----------------------------------------------------------------------------------------------------------


def choose(offer: Offer, text: str) -> list[Tool]:
    """The tools to call for a user's words: those whose names fit, else the one that fits best.

    A model that is offered tools and told nothing else would use one; which, the words of its name and description
    say. Where none fits, it is the first.
    """
    if not offer.tools:
        return []
    said = _words(text)
    named = [tool for tool in offer.tools if _words(tool.name) & said]
    if offer.several and len(named) > 1:
        return named[:4]

    def fitness(tool: Tool) -> int:
        return 3 * len(_words(tool.name) & said) + len(_words(tool.description) & said)

    return [max(offer.tools, key=fitness)]


_SMALL = frozenset(
    re.split(
        " ",
        "a an and are as at be by do for from get give has have how i in is it me my of on or please set tell that "
        "the this to use what when where which will with you your",
    )
)


def _words(text: str) -> set[str]:
    parts = re.findall(r"[A-Z]?[a-zà-ÿ]+|[A-Z]+(?![a-z])|\d+", text)
    return {part.casefold().rstrip("s") for part in parts} - _SMALL


def call_of(tool: Tool, value: Any, hints: Hints) -> ToolCall:
    """A call with arguments that hold to the tool's schema; `value` is what the writer has for them."""
    node = {"type": "object", **tool.parameters}
    arguments = fit(value, node, tool.parameters, hints=hints)
    return ToolCall(tool.name, json.dumps(arguments, ensure_ascii=False))

"""Tools, functions, and answers that hold to any schema: what instructor, LangChain and their kin send."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

import jsonschema
import openai
import pytest
from fakes.callers import CHAT, ItemsWire, ask, azure, chat, deltas_of, post, run, schema_format, streamed, v1
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from offline_model import Fault, Faults, Server
from offline_model.server.api.fitting import Hints, fit

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
    "required": ["city", "unit"],
    "additionalProperties": False,
}
TIME = {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]}


def tool(name: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters, **more}}


TOOLS = [tool("get_weather", WEATHER, description="How warm a city is."), tool("get_time", TIME)]


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def called(answer: Any) -> list[tuple[str, Any]]:
    message = answer.json()["choices"][0]["message"]
    return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in message["tool_calls"]]


class Person(BaseModel):
    name: str
    age: int


def test_a_tool_is_called_with_what_the_user_said(shared: Server) -> None:
    """Chosen by the words, its arguments by the schema; finish_reason and content are as the service has them."""
    answer = chat(shared, messages=user("What is the weather in Paris, in fahrenheit?"), tools=TOOLS)
    choice = answer.json()["choices"][0]

    assert called(answer) == [("get_weather", {"city": "Paris", "unit": "fahrenheit"})]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)
    assert choice["message"]["tool_calls"][0]["id"].startswith("call_")


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("auto", ["get_weather"]),
        ("required", ["get_weather"]),
        ({"type": "function", "function": {"name": "get_time"}}, ["get_time"]),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "get_time"}}],
                },
            },
            ["get_time"],
        ),
    ],
)
def test_tool_choice_is_followed(shared: Server, choice: Any, names: list[str]) -> None:
    """auto and required pick by the words, a named tool is that one."""
    answer = chat(shared, messages=user("The weather, please."), tools=TOOLS, tool_choice=choice)

    assert [name for name, _ in called(answer)] == names


def test_tool_choice_none_calls_nothing(shared: Server) -> None:
    """An ordinary answer comes instead."""
    answer = chat(shared, messages=user("The weather, please."), tools=TOOLS, tool_choice="none").json()

    assert "tool_calls" not in answer["choices"][0]["message"]
    assert answer["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(("several", "count"), [(True, 2), (False, 1)])
def test_calls_come_together_where_they_may(shared: Server, several: bool, count: int) -> None:
    """Several tools that the words name are called at once, unless parallel_tool_calls is false."""
    words = user("The weather in Paris and the time in Tokyo?")
    answer = chat(shared, messages=words, tools=TOOLS, parallel_tool_calls=several)

    assert len(called(answer)) == count


def test_after_the_tool_has_spoken_an_answer_comes(shared: Server) -> None:
    """The loop of an agent ends: the tool's result is in the answer; the user's next words may call again."""
    call = {"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
    told = [
        *user("What time is it?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "12:34 o'clock"},
    ]
    answer = chat(shared, messages=told, tools=TOOLS).json()["choices"][0]
    again = chat(shared, messages=[*told, *user("And the time in Tokyo?")], tools=TOOLS)

    assert answer["finish_reason"] == "stop"
    assert "12:34 o'clock" in answer["message"]["content"]
    assert [name for name, _ in called(again)] == ["get_time"]


def test_calls_are_streamed_in_pieces(shared: Server) -> None:
    """Id and name first, then the arguments; finish_reason tool_calls."""
    options = {"messages": user("Weather in Paris and time in Tokyo"), "tools": TOOLS}
    chunks = run(azure(shared), lambda c: streamed(c, **options))
    parts = [call for delta in deltas_of(chunks) for call in delta.tool_calls or ()]
    arguments = ["".join(p.function.arguments for p in parts if p.index == n) for n in (0, 1)]

    assert [p.function.name for p in parts if p.id] == ["get_weather", "get_time"]
    assert json.loads(arguments[0])["city"] == "Paris"
    assert json.loads(arguments[1]).keys() == {"zone"}
    assert {c.choices[0].finish_reason for c in chunks if c.choices} == {None, "tool_calls"}


@pytest.mark.parametrize("client", [azure, v1])
def test_the_sdk_parses_calls(shared: Server, client: Callable[..., Any]) -> None:
    """Its own helpers, plain and streamed, give the model's class back."""

    async def use(made: Any) -> tuple[Any, Any]:
        options = {"messages": user("Ada is 36 years old."), "tools": [openai.pydantic_function_tool(Person)]}
        plain = await made.chat.completions.parse(model="gpt-5", **options)
        async with made.chat.completions.stream(model="gpt-5", **options) as stream:
            return plain, await stream.get_final_completion()

    for answer in run(client(shared), use):
        found = answer.choices[0].message.tool_calls[0].function.parsed_arguments
        assert (found.name, found.age) == ("Ada", 36)


def test_the_responses_api_calls_tools_too(shared: Server) -> None:
    """A function_call item, plain and streamed; its output given back ends in an answer."""
    flat = [{"type": "function", **entry["function"], "strict": False} for entry in TOOLS]

    async def use(client: Any) -> Any:
        plain = await client.responses.create(model="gpt-5", input="The weather in Paris?", tools=flat)
        async with client.responses.stream(model="gpt-5", input="The weather in Paris?", tools=flat) as stream:
            streamed = await stream.get_final_response()
        output = {"type": "function_call_output", "call_id": plain.output[0].call_id, "output": "18 degrees"}
        follow = {"previous_response_id": plain.id, "input": [output], "tools": flat}
        return plain, streamed, await client.responses.create(model="gpt-5", **follow)

    plain, streamed, told = run(v1(shared), use)

    for answer in (plain, streamed):
        assert answer.output[0].name == "get_weather"
        assert json.loads(answer.output[0].arguments)["city"] == "Paris"
    assert "18 degrees" in told.output_text


def test_functions_of_old_are_called(shared: Server) -> None:
    """`functions` and `function_call`, plain and streamed, with the finish_reason of their time."""
    old = {"messages": user("Weather in Paris"), "functions": [TOOLS[0]["function"]], "function_call": "auto"}
    plain = chat(shared, **old).json()["choices"][0]
    chunks = run(azure(shared), lambda c: streamed(c, **old))
    text = "".join(delta.function_call.arguments for delta in deltas_of(chunks) if delta.function_call)

    assert plain["finish_reason"] == "function_call"
    assert json.loads(plain["message"]["function_call"]["arguments"])["city"] == json.loads(text)["city"] == "Paris"


def test_a_tool_for_items_gets_items(shared: Server) -> None:
    """A tool whose parameters are the catalogue's is called with what the writer writes."""
    answer = chat(shared, tools=[openai.pydantic_function_tool(ItemsWire)], tool_choice="required")

    assert len(called(answer)[0][1]["items"]) == 4
    assert called(answer)[0][1]["items"][0]["name"].startswith("Figure")


def test_faults_strike_calls_as_they_do_texts(serve: Callable[..., Server]) -> None:
    """Torn arguments; a refusal instead of a call; `n` choices with a call each."""
    server = serve(faults=Faults(Fault("truncated", nth=[1]), Fault("refusal", nth=[2])))
    options = {"messages": user("Weather in Paris"), "tools": TOOLS}
    torn, refused, many = (chat(server, **options, **more).json() for more in ({}, {}, {"n": 3}))

    with pytest.raises(ValueError, match=r".+"):
        json.loads(torn["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"])
    assert refused["choices"][0]["message"]["refusal"]
    assert [len(choice["message"]["tool_calls"]) for choice in many["choices"]] == [1, 1, 1]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": "x"}, "tools"),
        ({"tools": TOOLS * 65}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{}]}, "tools[0].type"),
        ({"tools": [{"type": "code_interpreter"}]}, "tools[0]"),
        ({"tools": [tool("no blanks", {})]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "x", "parameters": []}}]}, None),
        (
            {"tools": [{"type": "function", "function": {"name": "x", "parameters": "y"}}]},
            "tools[0].function.parameters",
        ),
        (
            {"tools": [tool("x", {"type": "object", "properties": {"a": {}}}, strict=True)]},
            "tools[0].function.parameters",
        ),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": TOOLS, "tool_choice": "sometimes"}, "tool_choice"),
        ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "fly"}}}, "tool_choice"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]}, "messages[0].role"),
    ],
)
def test_a_wrong_offer_is_refused(shared: Server, body: dict[str, Any], param: str | None) -> None:
    """400 that names the place; an empty list of parameters is as good as none."""
    answer = post(shared, CHAT, {"messages": user("x"), **body})

    assert answer.status_code == (400 if param else 200)
    assert param is None or answer.json()["error"]["param"] == param


# --- lists and schemas -----------------------------------------------------------------------------------------------


class Hero(BaseModel):
    name: str
    power: Literal["flight", "strength"]


class Team(BaseModel):
    heroes: list[Hero]


@pytest.mark.parametrize(
    ("words", "count"),
    [("Invent exactly 10 heroes.", 10), ("I'd like 7 brave heroes", 7), ("Some heroes.", 1), ("exactly 40 heroes", 40)],
)
def test_lists_are_as_long_as_asked(words: str, count: int) -> None:
    """Of any kind of thing, by "exactly 10" or by the list's own name, and the entries differ."""
    from offline_model import start

    with start() as server:
        use = {"messages": user(words), "response_format": Team}
        answer = run(azure(server), lambda c: c.chat.completions.parse(model="gpt-5", **use))
    heroes = answer.choices[0].message.parsed.heroes

    assert len(heroes) == len({hero.name for hero in heroes}) == count


def test_choices_are_as_many_as_asked_too(shared: Server) -> None:
    """`n` answers, each with a list of the length that the words ask for."""
    wanted = schema_format(
        {
            "type": "object",
            "properties": {"colours": {"type": "array", "items": {"type": "string"}}},
            "required": ["colours"],
            "additionalProperties": False,
        }
    )
    answer = run(azure(shared), lambda c: ask(c, n=2, messages=user("exactly 3 colours"), response_format=wanted))
    lists = [json.loads(choice.message.content)["colours"] for choice in answer.choices]

    assert [len(set(one)) for one in lists] == [3, 3]


class Loose(BaseModel):
    """What a client without strict schemas may ask for."""

    slug: str = Field(min_length=30, max_length=40)
    share: float = Field(gt=0, lt=1)
    even: int = Field(ge=5, multiple_of=4)
    pair: tuple[int, str]
    tags: list[str] = Field(min_length=2, max_length=3)
    either: int | Person
    note: str | None = None


def test_a_loose_schema_is_held_to_as_well() -> None:
    """Bounds, lengths, counts, tuples and unions of a schema that is not strict."""
    schema = Loose.model_json_schema()

    Loose.model_validate(fit(None, schema, schema))


LEAVES = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "minLength": 12, "maxLength": 20},
        {"type": "string", "format": "date"},
        {"type": "integer", "minimum": 3, "maximum": 9},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 4},
        {"type": "boolean"},
        {"type": "null"},
        {"type": ["null", "integer"]},
        {"enum": ["red", 3, None]},
        {"const": "only"},
        {},
        True,
    ]
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abcd"), inner, max_size=3).map(
            lambda properties: {"type": "object", "properties": properties, "required": list(properties)}
        ),
        inner.map(lambda one: {"type": "array", "items": one, "minItems": 1, "maxItems": 3}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"anyOf": some}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"type": "array", "prefixItems": some}),
    ),
    max_leaves=12,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
)


@given(SCHEMAS, VALUES, st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_whatever_the_schema_the_answer_holds_to_it(schema: Any, value: Any, words: str) -> None:
    """Whatever the writer has, and whatever the user says."""
    jsonschema.validate(fit(value, schema, {}, hints=Hints(words)), schema)


def test_a_schema_that_never_ends_does() -> None:
    """References in a circle, and a list of itself."""
    root = {"$defs": {"a": {"$ref": "#/$defs/a"}, "b": {"type": "array", "items": {"$ref": "#/$defs/b"}}}}

    assert fit(None, {"$ref": "#/$defs/a"}, root) == "text"
    assert isinstance(fit(None, {"$ref": "#/$defs/b"}, root), list)


@pytest.mark.parametrize("form", [{"type": "json_object"}, {"type": "text"}])
def test_a_schema_in_the_words_is_followed(shared: Server, form: dict[str, str]) -> None:
    """Clients without structured outputs spell their schema out in the prompt."""
    told = f"Answer with JSON that this schema describes: {json.dumps(Person.model_json_schema())}"
    words = [{"role": "system", "content": told}, *user("Ada is 36 years old.")]
    answer = chat(shared, messages=words, response_format=form).json()["choices"][0]["message"]["content"]

    assert json.loads(answer) == {"name": "Ada", "age": 36}


@pytest.mark.parametrize(
    "words",
    [
        "Answer in JSON with the keys name and age. Ada is 36 years old.",
        "Ada is 36 years old. Give me a JSON object with `name`, `age`",
        'JSON, please; fields: "name", and age. Ada is 36',
    ],
)
def test_keys_in_the_words_are_followed(shared: Server, words: str) -> None:
    """Where no schema is spelt out, the keys that are listed make one."""
    answer = chat(shared, messages=user(words), response_format={"type": "json_object"}).json()

    assert json.loads(answer["choices"][0]["message"]["content"]) == {"name": "Ada", "age": 36}

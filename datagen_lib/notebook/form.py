"""Settings as a form in a cell, made from the fields themselves: their types, bounds and descriptions.

The form starts at the settings that it is given and checks each change. `form.settings` always holds the last valid
ones, frozen as ever. So a cell that does work opens with `settings = form.settings`. Buttons and widgets only edit;
cells do the work, so a notebook runs the same without a browser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as w
from markupsafe import Markup
from pydantic import SecretStr

from datagen_lib import lab
from datagen_lib.errors import DatagenError, SettingsError
from datagen_lib.folder.store import Store
from datagen_lib.places import project_root
from datagen_lib.settings import Settings, found, variable
from datagen_lib.text import counted

from .html import Html, fill, joined

SLIDER_STEPS = 100  # a range up to this gets a slider, a longer one a number box
_NAME_WIDTH = "190px"
_NOT_TAKEN = (
    '<div role="alert" style="color:var(--jp-error-color1, #b00020)"><b>Not taken:</b> {problem}. '
    "<b>{name}</b> stays at {value}.</div>"
)
_ROW = (
    '<tr><th style="text-align:left">{name}</th><td style="text-align:left">{value}</td>'
    '<td style="text-align:left">{what}</td></tr>'
)

_HEAD = '<div style="margin-bottom:6px;line-height:1.35;overflow-wrap:anywhere">{sentence}</div>'

_remembered: dict[tuple[str, ...], dict[str, Any]] = {}


def settings_form(settings: Settings, fields: Sequence[str]) -> Form:
    """A form over some of the settings; show it as the last line of a cell, and read `.settings` of it later.

    What was changed in it is kept when the cell runs again, as Run All does. Other starting values than before win.

    Args:
        settings: where it starts.
        fields: names of the fields to offer.

    Raises:
        SettingsError: there is no such field.
    """
    unknown = [f"{name}: there is no such setting" for name in fields if name not in Settings.model_fields]
    if unknown:
        raise SettingsError(unknown)
    return Form(settings, fields)


class Form:
    """The widgets, and the settings as they stand.

    Attributes:
        settings: the last valid ones.
        changes: what was changed in the form, by field.
        problems: what is wrong with the values that were not taken, by field.
        widgets: the input of each field.
    """

    def __init__(self, settings: Settings, fields: Sequence[str]) -> None:
        self._start = self.settings = settings
        self.changes: dict[str, Any] = {}
        self.problems: dict[str, str] = {}
        self._listeners: list[Callable[[Settings], None]] = []
        self._key = (*fields, settings.model_dump_json())
        self._refreshing = False
        specs = Settings.model_json_schema()["properties"]
        self._inputs = {name: _Input(name, specs[name], getattr(settings, name)) for name in fields}
        self.widgets = {name: field.widget for name, field in self._inputs.items()}
        for name, field in self._inputs.items():
            field.widget.observe(self._observer(name), names="value")
        self._head, self._note = w.HTML(), w.HTML()
        self._reset = w.Button(
            description="Back to the start values", layout=w.Layout(width="auto", align_self="flex-start")
        )
        self._reset.on_click(lambda _: self.reset())
        rows = [w.HBox([field.widget, field.help], layout=_WRAP) for field in self._inputs.values()]
        self.view = w.VBox([self._head, *rows, self._note, self._reset])
        for name, value in _remembered.get(self._key, {}).copy().items():
            self.change(name, value)
        self._refresh()

    def change(self, name: str, value: Any) -> bool:
        """Put a value in, as typing it does; whether it was taken."""
        values = {field: getattr(self.settings, field) for field in Settings.model_fields} | {name: value}
        try:
            # load, not changed: another provider's settings may stand in the environment, and a relative folder too.
            settings = lab.load(given_as="form", **values)
            _refuse_what_stays(name, value, settings)
            self.settings = settings
        except SettingsError as error:
            self.problems[name] = "; ".join(error.problems)
            self._refresh(but=name)
            return False
        self.problems.pop(name, None)
        self.changes[name] = value
        _remembered[self._key] = dict(self.changes)
        self._refresh()
        for listener in self._listeners:
            listener(self.settings)
        return True

    def reset(self) -> None:
        """Back to the start values."""
        self.settings = self._start
        self.changes, self.problems = {}, {}
        _remembered.pop(self._key, None)
        self._refresh()
        for listener in self._listeners:
            listener(self.settings)

    def on_change(self, listener: Callable[[Settings], None]) -> None:
        """Call `listener` with the settings after each change that was taken."""
        self._listeners.append(listener)

    def _observer(self, name: str) -> Callable[[Any], None]:
        def observe(_: Any) -> None:
            if not self._refreshing:
                value = self._inputs[name].read()
                if value is not _UNCHANGED:
                    self.change(name, value)

        return observe

    def _refresh(self, *, but: str = "") -> None:
        """Show the settings as they stand, and leave what was typed and not taken where it can be corrected."""
        self._refreshing = True
        try:
            for name, field in self._inputs.items():
                if name != but and name not in self.problems:
                    field.show(getattr(self.settings, name))
        finally:
            self._refreshing = False
        self._head.value = str(fill(_HEAD, sentence=whereabouts(self.settings)))
        self._note.value = str(self._note_html())
        self._reset.layout.display = "" if self.changes or self.problems else "none"

    def _note_html(self) -> Markup:
        note = joined(
            fill(_NOT_TAKEN, problem=problem, name=name, value=shown(getattr(self.settings, name)))
            for name, problem in self.problems.items()
        )
        if self.changes:
            listed = ", ".join(f"{name} = {shown(getattr(self.settings, name))}" for name in self.changes)
            note += fill("<div><b>Changed here:</b> {}. The cells below use it when you run them.</div>", listed)
        return note

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The widgets, with a table beside them for views that have none: saved, untrusted, or made HTML."""
        bundle: dict[str, Any] = dict(self.view._repr_mimebundle_())
        values = {name: shown(getattr(self.settings, name)) for name in self._inputs}
        rows = joined(
            fill(_ROW, name=name, value=value, what=Settings.model_fields[name].description)
            for name, value in values.items()
        )
        sentence = whereabouts(self.settings)
        bundle["text/html"] = str(fill(f"{_HEAD}<table><tbody>{{rows}}</tbody></table>", sentence=sentence, rows=rows))
        bundle["text/plain"] = "\n".join([sentence, *(f"{name} = {value}" for name, value in values.items())])
        return bundle


def keep_choices(form: Form, **given: Any) -> Html:
    """Keep what was chosen here for the other notebooks: what the parameters give, and what the form changed.

    Args:
        form: of notebook 00.
        **given: its parameters, by field.
    """
    explicit = {name for name, value in given.items() if value is not None} | form.changes.keys() | lab.choices().keys()
    chosen = {name: getattr(form.settings, name) for name in lab.CHOSEN if name in explicit}
    path = lab.keep(chosen | {"output_dir": _short(chosen["output_dir"])} if "output_dir" in chosen else chosen)
    if not chosen:
        text = "Nothing was chosen here, so the environment, .env and the defaults decide."
        return Html(fill("<p>{}</p>", text), text)
    listed = ", ".join(f"{name} = {value}" for name, value in chosen.items())
    text = f"Kept for the other notebooks: {listed}. Delete {path} to go back to the defaults."
    return Html(fill("<p>{}</p>", text), text)


def _short(folder: Path) -> str:
    """A folder of the project as it is seen from its root."""
    root = project_root()
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)


def whereabouts(settings: Settings) -> str:
    """Who makes it, in which folder, what is there, which `.env` was read; and whether pictures are left out."""
    who = {"offline": "the offline model", "azure": "Azure OpenAI", "openai": "an OpenAI-compatible server"}
    try:
        items = len(Store.peek(settings.output_dir).items)
        there = f"holds {counted(items, 'item')}" if items else "holds no item yet"
    except DatagenError:
        there = "holds something that can't be read"
    env = project_root() / ".env"
    read = f"{env} was read." if env.is_file() else f"There is no {env}."
    where = found()["dry_run"][1] if settings.dry_run and "dry_run" in found() else "the notebook"
    dry = f" DRY_RUN is on in {'the ' * (where == 'environment')}{where}: no pictures are made." * settings.dry_run
    made = f"Provider: {settings.provider} ({who[settings.provider]}). Folder: {settings.output_dir}, {there}."
    return f"{made} {read}{dry}"


def _refuse_what_stays(name: str, value: Any, settings: Settings) -> None:
    """An emptied box means "not set", which does not help where the environment sets it too.

    Raises:
        SettingsError: says where it is set.
    """
    if value in (None, "") and getattr(settings, name) is not None and name in (set_ := found()):
        where = set_[name][1]
        raise SettingsError([f"{variable(name)} is set in {'the ' * (where != '.env')}{where}, so it can't be emptied"])


def shown(value: Any) -> str:
    """A setting's value as people may see it."""
    if isinstance(value, SecretStr):
        return "set (hidden)"
    return "not set" if value is None else str(value)


_UNCHANGED = object()
_NOT_SET = "not set"
_WRAP = w.Layout(flex_flow="row wrap", align_items="center")


class _Input:
    """One field: its widget, and how a value gets into it and out of it."""

    def __init__(self, name: str, spec: dict[str, Any], value: Any) -> None:
        options = [option for option in spec.get("anyOf", [spec]) if option.get("type") != "null"]
        self.spec = spec | options[0]
        self.optional = "anyOf" in spec
        self.secret = bool(self.spec.get("writeOnly"))
        self.widget = self._make(value)
        self.widget.description = name
        self.widget.style.description_width = _NAME_WIDTH
        self.widget.layout.width = "460px"
        self.widget.tooltip = str(spec.get("description", ""))
        self.help = w.HTML(
            str(fill('<div style="opacity:.75;line-height:1.35">{}</div>', self._help())),
            layout=w.Layout(flex="1 1 260px"),
        )

    def _help(self) -> str:
        low, high = self.spec.get("minimum"), self.spec.get("maximum")
        bounds = f" ({low:,} to {high:,})" if low is not None and high is not None else ""
        return f"{self.spec.get('description', '')}{bounds}"

    def _make(self, value: Any) -> Any:
        kind, low, high = self.spec.get("type"), self.spec.get("minimum"), self.spec.get("maximum")
        if "enum" in self.spec:
            # A Dropdown shows nothing for a value that is None, so "not set" is a text here.
            choices = [_NOT_SET] if self.optional else []
            return w.Dropdown(options=[*choices, *map(str, self.spec["enum"])], value=self._chosen(value))
        if kind == "boolean":
            return w.Checkbox(value=value, indent=True)
        bounded = kind == "integer" and not self.optional and low is not None and high is not None
        if bounded and high - low <= SLIDER_STEPS:
            return w.IntSlider(value=value, min=low, max=high, continuous_update=False)
        if self.secret:
            return w.Password(placeholder=shown(value), continuous_update=False)
        # A number is text too: IntText drops the point of 1.5 and makes it 15, and an empty box says "not set".
        return w.Text(value="" if value is None else str(value), placeholder="not set", continuous_update=False)

    def read(self) -> Any:
        """What the user entered; an emptied password box means that nothing changed."""
        value = self.widget.value
        if not self.secret:
            return None if value == _NOT_SET and self.optional else value
        if not value:
            return _UNCHANGED
        return SecretStr(value)

    def show(self, value: Any) -> None:
        """Put the value in force into the widget; never a secret."""
        if self.secret:
            self.widget.value = ""
            self.widget.placeholder = shown(value)
        elif isinstance(self.widget, w.Text):
            self.widget.value = "" if value is None else str(value)
        elif isinstance(self.widget, w.Dropdown):
            self.widget.value = self._chosen(value)
        else:
            self.widget.value = value

    def _chosen(self, value: Any) -> str:
        return _NOT_SET if value is None else str(value)

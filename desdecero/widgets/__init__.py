"""What students play with: controls above a picture that follows them.

A widget carries its first picture along, so that the page also reads without a kernel.
"""

from collections.abc import Callable, Mapping

import ipywidgets

from desdecero.plots import Picture


class Play:
    """Controls and the picture they change.

    `draw` takes the controls' values by name and returns a `Picture`. A control may be an ipywidget, or what
    `ipywidgets.interact` takes: `(low, high, step)`, a list of choices, a text, a truth value.
    """

    def __init__(self, draw: Callable[..., Picture], **controls: object) -> None:
        self.draw = draw
        self.controls = {name: _as_widget(name, control) for name, control in controls.items()}
        self.first = draw(**self.values())
        self.view = ipywidgets.HTML(self.first.html)
        for control in self.controls.values():
            control.observe(self._redraw, names="value")
        self.box = ipywidgets.VBox([*self.controls.values(), self.view])

    def values(self) -> dict[str, object]:
        return {name: control.value for name, control in self.controls.items()}

    def _redraw(self, change: object) -> None:
        self.view.value = self.draw(**self.values()).html

    def _repr_mimebundle_(self, **options: object) -> dict[str, object]:
        bundle = self.box._repr_mimebundle_(**options)
        bundle = bundle[0] if isinstance(bundle, tuple) else bundle
        return {**bundle, "text/plain": self.first.text, "text/html": self.first.html}


def _as_widget(name: str, control: object) -> ipywidgets.Widget:
    if isinstance(control, ipywidgets.Widget):
        return control
    widget = ipywidgets.interactive.widget_from_abbrev(control)
    widget.description = name
    return widget


def choices(options: Mapping[str, object], label: str, value: object) -> ipywidgets.Dropdown:
    """A list to choose from, `{what is shown: value}`, with room for long labels."""
    return wide(ipywidgets.Dropdown(options=list(options.items()), value=value, description=label))


def wide(control: ipywidgets.DOMWidget) -> ipywidgets.DOMWidget:
    """Give a control room for a long label and long values."""
    control.style.description_width = "9em"
    control.layout.width = "32em"
    return control

"""Import Connexion without the libraries that this engine never calls.

Connexion imports a test client, an HTTP client, a template engine, a YAML parser and a second
JSON-Schema validator, together about two thirds of its import time, for features that the compiled
contract replaces (docs/decisions/0011-lean-import.md has the figures). While Connexion is imported,
and only then, placeholders stand in ``sys.modules`` for those libraries. Afterwards they are
removed, so everybody else who imports ``yaml`` or ``httpx`` gets the real one. Whatever Connexion
kept of a placeholder raises :class:`LeftOutError`, with its name, on any use.

``CONTRACT_LEAN_IMPORT=0`` turns this off; the test suite passes both ways.
"""

import importlib
import os
import sys
import warnings
from types import ModuleType
from typing import Any, NoReturn

SWITCH = "CONTRACT_LEAN_IMPORT"

LEFT_OUT = (
    "a2wsgi",
    "asgiref",
    "asgiref.sync",
    "flask",
    "httpx",
    "inflection",
    "jinja2",
    "jsonschema",
    "jsonschema.exceptions",
    "jsonschema.validators",
    "requests",
    "starlette.staticfiles",
    "starlette.templating",
    "starlette.testclient",
    "swagger_ui_bundle",
    "werkzeug",
    "werkzeug.local",
    "yaml",
)
"""Modules that Connexion 3.3.0 imports at its top level and this engine never calls."""


class LeftOutError(ImportError):
    """Raised when Connexion uses a library that was left out of its import."""


class Absent:
    """Stand in for one name of a library that was left out.

    While Connexion is imported it may be subclassed, called, subscripted and asked for attributes,
    as class bodies and module constants do. Once sealed, every one of these raises.
    """

    sealed = False

    def __init__(self, name: str) -> None:
        self._name = name

    def derive(self, suffix: str) -> "Absent":
        """Return the stand-in for a part of this name; LeftOutError once sealed."""
        if Absent.sealed:
            self._refuse()
        return Absent(self._name + suffix)

    def _refuse(self) -> NoReturn:
        raise LeftOutError(
            f"{self._name} was left out when Connexion was imported; "
            f"set {SWITCH}=0 to import Connexion whole"
        )

    def __getattr__(self, attribute: str) -> "Absent":
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return self.derive(f".{attribute}")

    def __call__(self, *_: Any, **__: Any) -> "Absent":
        """Stand in for an instance or a result."""
        return self.derive("()")

    def __getitem__(self, _: Any) -> "Absent":
        return self.derive("[]")

    def __mro_entries__(self, _: tuple[Any, ...]) -> tuple[type, ...]:
        if Absent.sealed:
            self._refuse()
        return ()

    def __instancecheck__(self, _: Any) -> bool:
        self._refuse()

    def __subclasscheck__(self, _: Any) -> bool:
        self._refuse()


class _AbsentModule(ModuleType):
    """A module all of whose names are :class:`Absent`."""

    __path__: list[str] = []  # noqa: RUF012 - the import system asks the module for this very name.

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(self.__name__).derive(f".{name}")


def is_lean() -> bool:
    """Tell whether the switch leaves the unused libraries out."""
    return os.environ.get(SWITCH, "1") != "0"


def import_connexion() -> None:
    """Import Connexion, without the libraries of ``LEFT_OUT`` unless the switch says otherwise.

    A library that is loaded already is hidden for the time being all the same: what Connexion
    holds must not depend on what was imported before it.
    """
    if "connexion" in sys.modules:
        return
    if not is_lean():
        _import_whole()
        return
    hidden = {name: sys.modules.pop(name) for name in LEFT_OUT if name in sys.modules}
    sys.modules.update((name, _AbsentModule(name)) for name in LEFT_OUT)
    try:
        importlib.import_module("connexion.middleware")
    finally:
        for name in LEFT_OUT:
            del sys.modules[name]
        sys.modules.update(hidden)
        Absent.sealed = True


def import_whole_connexion() -> ModuleType:
    """Import a second, complete Connexion beside the lean one, for the stock application.

    The lean copy stays with the modules that hold it; the complete one is what ``import connexion``
    finds from then on.
    """
    current = sys.modules.get("connexion.spec")
    if current is not None and isinstance(getattr(current, "yaml", None), _AbsentModule):
        for name in [name for name in sys.modules if name.split(".")[0] == "connexion"]:
            del sys.modules[name]
    return _import_whole()


def _import_whole() -> ModuleType:
    with warnings.catch_warnings():
        # Starlette's test client and jsonschema deprecate what Connexion 3.3.0 imports of them.
        warnings.simplefilter("ignore")
        return importlib.import_module("connexion")

"""Runs the scripts of `integrations/argocd` as Argo CD does, without Argo CD.

A script gets `obj` and `actionParams`, has the libraries base, table and a small os (by `require`),
no string library, and what it returns is turned into JSON and back: an empty table becomes a list
(`util/lua/lua.go` of Argo CD 3.2). Argo CD's Lua is 5.1, and so is this one.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lupa.lua51 import LuaError, LuaRuntime, lua_type

ROOT = Path(__file__).resolve().parents[1] / "integrations" / "argocd" / "resource_customizations"
GROUP = "release-coordinator.io"
HEALTH = {"Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown"}

Body = dict[str, Any]

_SANDBOX = """
for _, name in ipairs({
  "string", "math", "io", "os", "debug", "coroutine", "python", "dofile", "loadfile", "load"
}) do
  _G[name] = nil
end
"""


class Script:
    """One script, compiled once."""

    def __init__(self, text: str) -> None:
        self._lua = LuaRuntime(register_eval=False, register_builtins=False)
        self._lua.execute('getmetatable("").__index = nil')
        self._lua.execute(_SANDBOX)
        os = self._lua.table_from({"time": lambda: int(time.time()), "date": time.strftime})
        self._lua.globals().package.loaded.os = os
        self._run = self._lua.compile(text)

    def __call__(self, obj: Mapping[str, Any], **parameters: str) -> Any:
        """What it returns for an object. Raises LuaError as Argo CD would report it."""
        names = self._lua.globals()
        names.obj = self._table(obj)
        names.actionParams = self._table(parameters)
        return _encoded(self._run())

    def _table(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self._lua.table_from({key: self._table(one) for key, one in value.items()})
        if isinstance(value, list):
            return self._lua.table_from([self._table(one) for one in value])
        return value


def read(path: str) -> str:
    """The text of a script or of its test data, by its path below the group."""
    return (ROOT / GROUP / path).read_text(encoding="utf-8")


def health(kind: str, waiting: str = "Suspended") -> Script:
    """The health of a kind; `waiting` as the switch in the script of Release says."""
    text = read(f"{kind}/health.lua")
    return Script(text.replace('WAITING = "Suspended"', f'WAITING = "{waiting}"'))


def actions(kind: str) -> dict[str, Script]:
    """The script of each action of a kind."""
    found = sorted((ROOT / GROUP / kind / "actions").glob("*/action.lua"))
    return {path.parent.name: Script(path.read_text(encoding="utf-8")) for path in found}


def after(live: Body, script: Script, **parameters: str) -> Body:
    """The object as an action wants it."""
    wanted: Body = _cleaned(script(live, **parameters), live)
    return wanted


def patch(live: Body, script: Script, **parameters: str) -> Body:
    """The merge patch that Argo CD sends for an action."""
    return dict(_difference(live, after(live, script, **parameters)))


def _encoded(value: Any) -> Any:
    """A Lua value as JSON, with the rules of gopher-json."""
    if lua_type(value) != "table":
        return value
    pairs = dict(value.items())
    if not pairs:
        return []
    if all(isinstance(key, int) for key in pairs):
        if set(pairs) != set(range(1, len(pairs) + 1)):
            raise LuaError("cannot encode sparse array")
        return [_encoded(pairs[index]) for index in range(1, len(pairs) + 1)]
    if not all(isinstance(key, str) for key in pairs):
        raise LuaError("cannot encode mixed or invalid key types")
    return {key: _encoded(one) for key, one in pairs.items()}


def _cleaned(new: Any, old: Any) -> Any:
    """Empty lists that were maps before are maps again, as in `cleanReturnedObj`."""
    if isinstance(new, dict) and isinstance(old, dict):
        return {key: _cleaned(one, old.get(key)) for key, one in new.items()}
    if isinstance(new, list) and isinstance(old, dict):
        return new or {}
    if isinstance(new, list) and isinstance(old, list):
        pairs = zip(new, old, strict=False)
        return [*(_cleaned(one, before) for one, before in pairs), *new[len(old) :]]
    return new


def _difference(old: Body, new: Body) -> Iterator[tuple[str, Any]]:
    """The members of an RFC 7386 merge patch."""
    for key in sorted(old.keys() - new.keys()):
        yield key, None
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = dict(_difference(before, value))
            if inner:
                yield key, inner
        elif key not in old or value != before:
            yield key, value

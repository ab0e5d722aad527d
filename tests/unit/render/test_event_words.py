"""Each Event that is told stands in the list that the reference is made from, with its type."""

import ast
import inspect

from release_coordinator.api.conditions import Reason
from release_coordinator.render import event
from release_coordinator.render.eventwords import TOLD

_TYPES = ("NORMAL", "WARNING")


def test_every_reason_of_an_event_is_in_the_list_and_no_other() -> None:
    named = {
        Reason[node.attr]
        for node in ast.walk(ast.parse(inspect.getsource(event)))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Reason"
    }

    assert named - {Reason.REHEARSAL} == set(TOLD)  # asked for, as why a rollback begins


def test_every_type_of_an_event_is_in_the_list() -> None:
    told = set(filter(None, map(_told, ast.walk(ast.parse(inspect.getsource(event))))))

    assert len(told) >= 12
    assert [one for one in told if one[0] not in TOLD[one[1]][0]] == []


def _told(node: ast.AST) -> tuple[str, Reason] | None:
    """The type and reason that stand together in the source, if they do."""
    match node:
        case ast.Call(
            args=[ast.Name(id=kind), ast.Attribute(ast.Name("Reason"), reason), *_]
        ) | ast.Tuple([ast.Name(id=kind), ast.Attribute(ast.Name("Reason"), reason)]) if (
            kind in _TYPES
        ):
            return kind.title(), Reason[reason]
        case _:
            return None

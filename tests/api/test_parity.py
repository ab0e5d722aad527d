"""The API server and pydantic judge alike: whatever is admitted can be read, and vice versa.

More than a thousand objects of the kinds that people write, each with some faults; every refusal
names the field.

The first half is a matter of life and death: an admitted object that cannot be read stops its
Release. The second half has declared exceptions, the rules that only the server knows.
"""

import copy
import random
import string
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from tests import schemas
from tests.api.server import Refusal, Server
from tests.policies import approval, strict
from tests.releases import Body, everything

from release_coordinator.api.codec import parse_approval, parse_policy, parse_release
from release_coordinator.api.faults import Fault

pytestmark = pytest.mark.api

OBJECTS = 400
TEXTS = (
    "",
    " ",
    "a",
    "A",
    "-a",
    "a-",
    "a.b",
    "1.2.3",
    "1.2.3-rc.1+x",
    "01.2.3",
    "v1.2.3",
    "10m",
    "1h30m",
    "0s",
    "m",
    "1d",
    "99999h",
    "/",
    "/a#b",
    "/a b",
    "/a\u00a0b",
    "/\u00e9",
    "a\n",
    "\u0663m",
    "example/a:1",
    "example/a@sha256:0",
    "100m",
    "1..5",
    "0.5Gi",
    "Reversible",
    "ExpandOnly",
    "Hold",
    "RELEASE_NAME",
    "RELEASE",
    "true",
    "8080",
    "1e3",
    "null",
    "x" * 63,
    "x" * 64,
    "x" * 254,
    "\u00fc" * 4096,
    "x" * 4097,
)
NUMBERS = (0, 1, -1, 65535, 65536, 2**31, 2**63, 2**64, 0.0, 1.0, 8080.0, 0.5, 1e6, 1e18, 1.1e18)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [1], ["a"], {"a": "b"}, [None], {"name": "a"})

COERCED = "FieldValueTypeInvalid"
"""pydantic takes a number in quotes, and true as 1: reading is lenient by design."""
UNCHECKED = "some validation rules were not checked"
"""Stands beside another cause."""
UNIQUE = "FieldValueDuplicate"
"""Names in a list and entries of a set are unique; only the server looks."""


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container with each of its keys or positions."""
    keys: Any = node if isinstance(node, dict) else range(len(node))
    for key in list(keys):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from places(node[key])


Parse = Callable[[Body], tuple[Fault, ...]]

KINDS: dict[str, tuple[str, Callable[[], Body], Parse]] = {
    "Release": ("releases.yaml", everything, lambda body: parse_release(body).faults),
    "ReleasePolicy": ("releasepolicies.yaml", strict, lambda body: parse_policy(body)[1]),
    "Approval": ("approvals.yaml", approval, lambda body: parse_approval(body)[1]),
}
"""For each kind its definition, an object that uses every field, and what finds its faults."""


def mutated(chance: random.Random, make: Callable[[], Body]) -> Body:
    """Return an object with one to three changes."""
    body = make()
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        container, key = chance.choice(list(places(body["spec"])))
        _mutate(chance, container, key)
    body["metadata"] = {"name": "parity"}
    return body


def _mutate(chance: random.Random, container: Any, key: Any) -> None:
    match chance.randrange(8):
        case 0:
            del container[key]
        case 1 if isinstance(container, list):
            container.extend(copy.deepcopy(container[key]) for _ in range(chance.choice((1, 20))))
        case 1:
            container["".join(chance.choices(string.ascii_letters + "-.", k=3))] = container[key]
        case 2 | 3:
            container[key] = chance.choice(OTHERS)
        case 4 | 5:
            container[key] = chance.choice(NUMBERS)
        case _:
            container[key] = chance.choice(TEXTS)


@cache
def rules(definition: str) -> frozenset[str]:
    """Return the messages of the CEL rules, which pydantic does not know."""
    schema = schemas.schema_of(definition)
    nodes = (node for _, node in schemas.walk(schema))
    return frozenset(
        rule["message"] for node in nodes for rule in node.get("x-kubernetes-validations", ())
    )


def declared(cause: Body, definition: str) -> bool:
    """Whether only the server can know this cause of a refusal."""
    ruled = any(cause["message"].endswith(message) for message in rules(definition))
    return ruled or UNCHECKED in cause["message"] or cause["reason"] in {COERCED, UNIQUE}


def by_policy(refusal: Refusal) -> bool:
    """Whether the definition admits the object, and who wrote it is what is refused."""
    return "ValidatingAdmissionPolicy" in str(refusal)


@pytest.mark.parametrize("kind", KINDS)
def test_the_server_and_pydantic_judge_alike(server: Server, kind: str) -> None:
    definition, make, parse = KINDS[kind]
    chance = random.Random(20260504)  # noqa: S311 - a reproducible choice
    unreadable, refused, nameless, admitted = [], [], [], 0
    for _ in range(OBJECTS):
        body = mutated(chance, make)
        faults = parse(body)
        try:
            stored = server.create(body, dry_run="All")
        except Refusal as refusal:
            if by_policy(refusal):
                admitted += 1
                unreadable += [str(fault) for fault in faults]
                continue
            if not faults and not all(declared(cause, definition) for cause in refusal.causes):
                refused.append((str(refusal), body["spec"]))
            nameless += [cause for cause in refusal.causes if not cause.get("field")]
        else:
            admitted += 1
            unreadable += [str(fault) for fault in (*faults, *parse(stored))]
    assert unreadable == []
    assert refused == []
    assert [cause for cause in nameless if UNCHECKED not in cause["message"]] == []
    assert OBJECTS // 10 < admitted < OBJECTS

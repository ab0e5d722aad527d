"""Random stories of several writers, told to the double and to a real API server alike.

Every step must end the same way in both: the same error, or the same object with the same
generation, and a new version in both or in neither.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.conftest import THING, Actor, World

from release_coordinator.cluster.port import CONFIG_MAP, DEPLOYMENT, Body, Kind, Ref
from release_coordinator.errors import ReleaseCoordinatorError

FOREIGN_UID = "11111111-1111-4111-8111-111111111111"
# The search for differences has been done at length; here is a fixed sample of it.
THE_SAME_EVERY_TIME = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
VOLATILE = {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"}
Given = Literal["nothing", "current", "first", "wrong"]


@dataclass(frozen=True)
class Step:
    """One call, without what differs between worlds: UIDs and versions."""

    verb: str
    manager: str
    content: Body
    uid: Given
    version: Given


@dataclass
class Teller:
    """Tells a story to one world and remembers what it saw there."""

    world: World
    ref: Ref
    seen: list[Body] = field(default_factory=list)

    async def tell(self, step: Step) -> Any:
        """Make the call; return what is comparable of its outcome."""
        before = self.seen[-1] if self.seen else None
        try:
            body = await self._call(step)
        except ReleaseCoordinatorError as error:
            return type(error).__name__
        if body is None:
            return "done"
        self.seen.append(body)
        return shape(body), before is not None and same_version(before, body)

    async def _call(self, step: Step) -> Body | None:
        kind, ref = self.ref.kind, self.ref
        actor: Actor = self.world.us.as_manager(step.manager)
        content = step.content
        given_ = {"uid": self._uid(step.uid), "resourceVersion": self._version(step.version)}
        preconditions = {key: value for key, value in given_.items() if value}
        metadata = {**content.get("metadata", {}), **preconditions}
        whole = {**content, "metadata": {**metadata, "name": ref.name, "namespace": ref.namespace}}
        match step.verb:
            case "create":
                whole["metadata"].pop("resourceVersion", None)
                return await actor.create(kind, whole)
            case "patch":
                return await actor.patch(ref, {**content, "metadata": metadata})
            case "replace":
                return await actor.replace(kind, whole)
            case "replace_status":
                return await actor.replace_status(kind, {**whole, "status": content["spec"]})
            case "delete":
                await actor.delete(ref, uid=self._uid(step.uid))
                return None
            case _:
                return await actor.get(ref)

    def _uid(self, which: Given) -> str:
        return self._remembered("uid", which, FOREIGN_UID)

    def _version(self, which: Given) -> str:
        return self._remembered("resourceVersion", which, "1")

    def _remembered(self, name: str, which: Given, wrong: str) -> str:
        if which == "nothing":
            return ""
        if which == "wrong" or not self.seen:
            return wrong
        return str(self.seen[0 if which == "first" else -1]["metadata"][name])


def shape(body: Body) -> Body:
    """Return what must be equal in both worlds."""
    metadata = {key: value for key, value in body["metadata"].items() if key not in VOLATILE}
    metadata.pop("namespace")
    metadata["dying"] = "deletionTimestamp" in body["metadata"]
    return {**body, "metadata": metadata}


def same_version(one: Body, other: Body) -> bool:
    return bool(one["metadata"]["resourceVersion"] == other["metadata"]["resourceVersion"])


def sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def some_of(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Body]:
    """Return objects with any subset of these members."""
    return st.fixed_dictionaries({}, optional=parts)


VALUES = st.sampled_from(["1", "2"])
ENTRIES = some_of(a=VALUES, b=VALUES)
# No empty members either: the next write tidies them up, which makes a version of its own.
METADATA = some_of(
    labels=ENTRIES.filter(bool),
    annotations=ENTRIES.filter(bool),
    finalizers=st.lists(
        st.sampled_from(["example.com/a", "example.com/b"]), unique=True, min_size=1
    ),
)
ITEMS = st.lists(st.fixed_dictionaries({"name": VALUES}, optional={"x": VALUES}), max_size=2)
# No empty maps: on the real server they may turn into null.
DEEP = st.fixed_dictionaries({"b": VALUES}, optional={"c": ENTRIES.filter(bool)})
CONTENTS = {
    CONFIG_MAP: st.fixed_dictionaries(
        {"data": ENTRIES.filter(bool)}, optional={"metadata": METADATA}
    ),
    THING: st.fixed_dictionaries(
        {
            "spec": st.fixed_dictionaries(
                {"a": VALUES}, optional={"b": VALUES, "deep": DEEP, "env": ITEMS}
            )
        },
        optional={"metadata": METADATA},
    ),
}
MOSTLY_RIGHT = st.sampled_from(["current", "current", "current", "first", "wrong"])


def steps(kind: Kind, verbs: list[str]) -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        verb=st.sampled_from(verbs),
        manager=st.sampled_from(["release-coordinator.io", "kubectl", "third"]),
        content=CONTENTS[kind],
        uid=MOSTLY_RIGHT | st.just("nothing"),
        version=st.just("nothing") | MOSTLY_RIGHT,
    )


VERBS = ["create", "patch", "patch", "patch", "replace", "delete", "get"]
STORIES = st.one_of(
    st.tuples(st.just(CONFIG_MAP), st.lists(steps(CONFIG_MAP, VERBS), max_size=12)),
    st.tuples(st.just(THING), st.lists(steps(THING, [*VERBS, "replace_status"]), max_size=12)),
)


def creation(content: Body) -> Step:
    return Step("create", "kubectl", content, "nothing", "nothing")


def tellers(memory: World, real: World, kind: Kind) -> tuple[Teller, Teller]:
    """Return who tells a story to either world, about an object of one name."""
    ref = real.ref(kind)
    return Teller(memory, Ref(kind, memory.namespace, ref.name)), Teller(real, ref)


@pytest.mark.api
@THE_SAME_EVERY_TIME
@given(story=STORIES)
async def test_both_tell_the_same_story(
    memory_world: World, real_world: World, story: tuple[Kind, list[Step]]
) -> None:
    kind, told = story
    ours, theirs = tellers(memory_world, real_world, kind)
    for step in [creation({"spec": {"a": "1"}} if kind == THING else {"data": {"c": "3"}}), *told]:
        assert await ours.tell(step) == await theirs.tell(step), step


# --- workloads: the real server adds defaults, and controllers make versions of their own

CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["api", "proxy", "extra"]), "image": VALUES},
        optional={
            "env": st.lists(
                st.fixed_dictionaries({"name": st.sampled_from("ABC"), "value": VALUES}),
                min_size=1,
                unique_by=lambda entry: entry["name"],
            ),
            "args": st.lists(VALUES, min_size=1, max_size=2),
        },
    ),
    min_size=1,
    unique_by=lambda container: str(container["name"]),
)
DECLARATIONS = st.builds(
    lambda containers, annotations: {
        "metadata": {"annotations": annotations},
        "spec": {"template": {"spec": {"containers": containers}}},
    },
    CONTAINERS,
    ENTRIES.filter(bool),
)


PATCHES = st.builds(
    Step,
    verb=st.just("patch"),
    manager=st.sampled_from(["release-coordinator.io", "kubectl"]),
    content=DECLARATIONS,
    uid=st.just("first"),
    version=st.just("nothing"),
)


def declared(outcome: Any) -> Any:
    """Return what people declared of a Deployment, without what the server made of it."""
    if isinstance(outcome, str):
        return outcome
    body = outcome[0]
    annotations = {
        key: value
        for key, value in body["metadata"].get("annotations", {}).items()
        if "kubernetes.io" not in key
    }
    containers = body["spec"]["template"]["spec"]["containers"]
    return annotations, [
        (one["name"], one["image"], one.get("args"), one.get("env")) for one in containers
    ]


@pytest.mark.api
@THE_SAME_EVERY_TIME
@given(told=st.lists(PATCHES, max_size=6))
async def test_both_patch_workloads_alike(
    memory_world: World, real_world: World, told: list[Step]
) -> None:
    labels = {"app": "shop"}
    containers = [
        {"name": "api", "image": "1", "env": [{"name": "A", "value": "1"}]},
        {"name": "proxy", "image": "1"},
    ]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": 0, "paused": True, "selector": {"matchLabels": labels}}
    first = creation({"spec": {**spec, "template": template}})
    ours, theirs = tellers(memory_world, real_world, DEPLOYMENT)
    for step in [first, *told]:
        assert declared(await ours.tell(step)) == declared(await theirs.tell(step)), step

"""What the tests under Argo CD and Flux rely on: a repository, a count of writers, a state."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from tools.cluster.shell import CommandError
from tools.gitops.application import REFRESH, Applications, State
from tools.gitops.process import Running, running
from tools.gitops.repository import Repository
from tools.gitops.writers import Writers

Body = dict[str, Any]


def test_a_commit_holds_what_was_written_and_not_what_was_removed(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path / "git")
    body = {"kind": "ConfigMap"}
    first = repository.commit("both", {"a/one.yaml": body, "two.txt": "text"})
    second = repository.commit("one", {"two.txt": None})

    assert repository.git("show", f"{first}:two.txt") == "text"
    assert repository.git("ls-tree", "-r", "--name-only", second).split() == ["a/one.yaml"]
    third = repository.revert()
    assert repository.git("show", f"{third}:two.txt") == "text"
    with pytest.raises(CommandError):
        repository.commit("nothing new", {"a/one.yaml": body})


def told(version: int, *entries: tuple[str, str, str], uid: str = "u") -> Body:
    """A Deployment; an entry is manager, time and subresource."""
    fields = [
        {"manager": manager, "time": at, **({"subresource": sub} if sub else {})}
        for manager, at, sub in entries
    ]
    metadata = {"uid": uid, "name": "web", "resourceVersion": str(version)}
    return {"kind": "Deployment", "metadata": {**metadata, "managedFields": fields}}


def test_a_change_counts_for_whoever_has_a_new_entry() -> None:
    writers = Writers()
    creator, other = ("argocd-controller", "t1", ""), ("release-coordinator.io", "t2", "")
    writers.hear("ADDED", told(1, creator), 0)
    writers.hear("MODIFIED", told(2, creator, ("kubelet", "t2", "status")), 0)
    writers.hear("MODIFIED", told(3, creator, ("kubelet", "t2", "status"), other), 0)

    assert writers.by("argocd-controller") == 1
    assert writers.by("release-coordinator.io", kind="Deployment") == 1
    assert writers.by("release-coordinator.io", kind="Release") == 0
    assert writers.by("kubelet") == 0, "a status is told apart"
    assert "Deployment web: 1 by kubelet/status" in writers.lines()


def test_a_second_change_within_a_second_counts_for_the_newest_writer() -> None:
    writers = Writers()
    entries = (("argocd-controller", "t1", ""), ("release-coordinator.io", "t2", ""))
    writers.hear("ADDED", told(1, entries[0]), 0)
    writers.hear("MODIFIED", told(2, *entries), 0)
    writers.hear("MODIFIED", told(3, *entries), 0)

    assert writers.by("release-coordinator.io") == 2


def test_a_watch_that_begins_anew_counts_nothing_twice() -> None:
    writers = Writers()
    body = told(7, ("argocd-controller", "t1", ""))
    writers.hear("ADDED", body, 0)
    writers.hear("ADDED", body, 0)
    writers.hear("DELETED", told(8, ("argocd-controller", "t9", "")), 0)

    assert writers.counts.total() == 1


def app(version: int, health: str, phase: str = "Succeeded", **metadata: Any) -> Body:
    """An Application at commit c1."""
    return {
        "metadata": {"name": "shop", "resourceVersion": str(version), **metadata},
        "status": {
            "sync": {"status": "Synced", "revision": "c1"},
            "health": {"status": health},
            "operationState": {"phase": phase, "operation": {"sync": {"revision": "c1"}}},
        },
    }


def test_an_application_is_settled_when_no_sync_is_under_way() -> None:
    assert State.of(app(1, "Healthy")).at("c1")
    assert not State.of(app(1, "Healthy")).at("c2")
    assert not State.of(app(1, "Healthy", "Running")).settled
    assert State.of({"metadata": {"name": "new"}}).health == ""


async def test_waiting_sees_the_present_state_and_every_later_one() -> None:
    apps = Applications()
    for health in ("Progressing", "Progressing", "Degraded", "Healthy"):
        apps.hear("MODIFIED", app(1, health), 0)

    assert (await apps.until("shop", lambda one: one.health == "Healthy")).health == "Healthy"
    assert apps.healths("shop") == ["Progressing", "Degraded", "Healthy"]
    with pytest.raises(AssertionError, match="Healthy"):
        await apps.until("shop", lambda one: one.health == "Degraded", seconds=0.01)
    later = asyncio.create_task(apps.until("shop", lambda one: one.health == "Degraded"))
    await asyncio.sleep(0)
    apps.hear("MODIFIED", app(2, "Degraded"), 0)
    assert (await later).health == "Degraded"


async def test_a_refresh_is_over_when_its_mark_is_gone() -> None:
    apps = Applications()
    apps.hear("MODIFIED", app(4, "Healthy"), 0)
    looked = asyncio.create_task(apps.until_looked("shop", 5))
    await asyncio.sleep(0)
    apps.hear("MODIFIED", app(5, "Healthy", annotations={REFRESH: "hard"}), 0)
    await asyncio.sleep(0)
    assert not looked.done()
    apps.hear("MODIFIED", app(6, "Healthy", annotations={}), 0)
    await looked


async def test_a_process_ends_with_its_block_whatever_happens_in_it(tmp_path: Path) -> None:
    began: list[Running] = []

    async def fail() -> None:
        async with running("sleeper", ["sleep", "600"], tmp_path, {}) as part:
            began.append(part)
            raise ValueError("in the block")

    with pytest.raises(ValueError, match="in the block"):
        await fail()

    (started,) = began
    assert not started.alive
    with pytest.raises(ProcessLookupError):
        os.kill(started.process.pid, 0)

"""The built-in policy: what people read when nothing is there, and how each does his part."""

from collections.abc import Awaitable, Callable
from typing import Any

import yaml
from tests.fakes.story import Story
from tests.fakes.world import NAMESPACE, STAGING, deployment
from tests.policies import basic
from tests.releases import Body, bookshop

from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import (
    CONFIG_MAP,
    DEPLOYMENT,
    NODE,
    POLICY,
    RELEASE,
    Kind,
    Ref,
)
from release_coordinator.engine.evidence import AlertRuleFact, AlertRulesFact

EVIDENCE = """
ci: [{name: build, configMap: {name: bookshop-ci, key: result}}]
alerts: {rules: [BookshopDown]}
database: {current: {image: example/bookshop-migrate:1.3.0, args: [current]}}
documents:
  changelog: {configMap: bookshop-docs, key: CHANGELOG.md}
  releaseNotes: {configMap: bookshop-docs, key: NOTES.md}
"""
SUITES = [
    {"name": name, "suite": suite, "job": {"image": "example/bookshop-smoke:1.3.0"}}
    for name, suite in (("checkout", "smoke"), ("everything", "full"))
]
OURS = {"release-coordinator.io/release": "bookshop"}
NOTES = (
    "# Bookshop 1.3.0\n\n## Summary\n\nBooks show their ISBN.\n\n## New Features\n\n- ISBN (#41)\n"
)


def complete() -> Body:
    """A Release that names everything the built-in policy asks for."""
    body = bookshop()
    body["spec"] |= yaml.safe_load(EVIDENCE)
    body["spec"]["migrations"][0]["dryRun"] = {"args": ["upgrade", "0007", "--sql"]}
    body["spec"]["verify"] = {"smokeTests": SUITES}
    return body


async def begin(title: str, policy: dict[str, Any] | None) -> Story:
    story = Story(title)
    story.world.policy = {"metadata": {"name": "default", "namespace": NAMESPACE}, "spec": policy}
    if policy is None:
        story.world.policy = None
    await story.world.setup("1.2.0")
    story.transcript.begin()
    return story


async def test_without_any_policy_everybody_reads_what_is_missing() -> None:
    story = await begin("The built-in policy, and nothing is there", None)

    await story.apply(bookshop())
    await story.look()

    assert (await story.release()).status.phase is Phase.GATING
    story.transcript.add(await gates(story))
    await story.check("strict_bare")


async def gates(story: Story) -> str:
    """Every gate that is shut, with its whole message."""
    attempt = (await story.release()).status.attempt
    assert attempt is not None
    shut = [gate for gate in attempt.gates if not gate.opens]
    lines = [f"{gate.owner}: {gate.name} {gate.state}: {gate.message}" for gate in shut]
    return "\n".join(["Shut gates", *lines])


async def ci_is_green(story: Story) -> None:
    story.transcript.person("CI writes ConfigMap bookshop-ci: success")
    labels = {**OURS, "app.kubernetes.io/version": "1.3.0"}
    metadata = {"name": "bookshop-ci", "namespace": NAMESPACE, "labels": labels}
    body = {"metadata": metadata, "data": {"result": "success"}}
    await story.world.user.create(CONFIG_MAP, body)


async def notes_are_written(story: Story) -> None:
    story.transcript.person("the release manager writes NOTES.md")
    await story.patch(CONFIG_MAP, "bookshop-docs", {"data": {"NOTES.md": NOTES}})


async def nodes_are_ready(story: Story) -> None:
    story.transcript.world("the node is ready again")
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    node = await story.world.user.create(NODE, {"metadata": {"name": "node-1"}})
    await story.world.user.replace_status(NODE, {**node, "status": ready})


async def alerts_are_loaded(story: Story) -> None:
    story.transcript.person("the DevOps engineer adds the alert rule BookshopDown")
    rule = AlertRuleFact("BookshopDown", "ok", firing=False, severity="critical")
    story.world.metrics.alerts = AlertRulesFact((rule,))


async def staging_proves_it(story: Story) -> None:
    """Deployed, rolled back, deployed again."""
    story.transcript.person("the QA engineer releases 1.3.0 in shop-staging, and rehearses")
    world = story.world
    await _into(story, POLICY, basic())
    for name, container in (("bookshop-backend", "api"), ("bookshop-frontend", "web")):
        await _into(story, DEPLOYMENT, deployment(name, container, "1.2.0"))
    docs = await world.user.get(Ref(CONFIG_MAP, NAMESPACE, "bookshop-docs"))
    await _into(story, CONFIG_MAP, {"metadata": {"name": docs["metadata"]["name"]}, **_data(docs)})
    await _into(story, RELEASE, complete())
    await _staged(story, "watch Running")
    patch = {"metadata": {"annotations": {"release-coordinator.io/rollback": "1"}}}
    await world.user.patch(Ref(RELEASE, STAGING, "bookshop"), patch)
    await _staged(story, "RolledBack")
    patch = {"metadata": {"annotations": {"release-coordinator.io/retry": "1"}}}
    await world.user.patch(Ref(RELEASE, STAGING, "bookshop"), patch)
    await _staged(story, "Completed")
    story.transcript.world("shop-staging/bookshop: attempt 1 RolledBack, attempt 2 Completed")


def _data(body: Body) -> Body:
    return {"data": body["data"]}


async def _into(story: Story, kind: Kind, body: Body) -> None:
    body["metadata"] |= {"namespace": STAGING}
    await story.world.user.create(kind, body)


async def _staged(story: Story, words: str) -> None:
    """Let things happen until the staging Release has come so far."""

    async def reached() -> bool:
        release = parse_release(await story.world.user.get(Ref(RELEASE, STAGING, "bookshop")))
        attempt = release.status.attempt
        steps = [f"{step.id} {step.state}" for step in attempt.steps] if attempt else []
        over = attempt is not None and attempt.recorded and release.status.phase == words
        return over or words in steps[-1:]

    for _ in range(200):
        if await reached():
            return
        await story.world.run(lambda _: True)
        await story.world.advance(15)
        story.world.wake()
    raise AssertionError(f"staging does not come to {words}")


PARTS: tuple[Callable[[Story], Awaitable[None]], ...] = (
    ci_is_green,
    notes_are_written,
    nodes_are_ready,
    alerts_are_loaded,
    staging_proves_it,
)


async def test_each_does_his_part_and_the_last_signature_starts_the_release() -> None:
    story = await begin(
        "The built-in policy with a staging and a window; each does his part",
        {
            "staging": {"namespace": STAGING},
            "windows": [{"name": "evening", "start": "2026-01-05T18:00", "duration": "4h",
                         "timeZone": "Europe/Berlin", "recurrence": "FREQ=DAILY"}],
        },
    )  # fmt: skip
    story.world.script.said["gate/migrations/current"] = "0006"
    await story.apply(complete())
    await story.look()
    for part in PARTS:
        await part(story)
        await story.world.advance(60)
        story.world.wake()
        await story.look()
    for who, role in (("quinn", "qa"), ("sam", "security"), ("olga", "product-owner")):
        await story.say(who, "Approved", role=role)
        await story.look()
    story.transcript.add(await gates(story))
    assert (await story.release()).status.phase is Phase.GATING

    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED
    await story.check("strict_complete")

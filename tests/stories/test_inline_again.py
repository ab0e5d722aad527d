"""When the spec of an inline workload runs already, and when its pods would not be replaced."""

from typing import Any

import pytest
from tests.fakes.story import Story, following, told
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop
from tests.stories.test_inline import SEARCH, released, told_of, with_search

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import CONFIG_MAP, DEPLOYMENT, Body

PARTITION = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
CONFIG = "search-config"


def good() -> Body:
    """1.3.0 as it was released, with its migration in place."""
    return with_search(following("1.3.0", "0007-add-isbn"))


def container_of(body: Body) -> Body:
    """The container of the search service, in a Release."""
    spec = body["spec"]["components"][2]["workload"]["spec"]
    container: Body = spec["template"]["spec"]["containers"][0]
    return container


async def test_what_was_changed_by_hand_is_not_the_good_version_though_images_are() -> None:
    story = await Story.begin("SHARDS is set by hand, and Git goes back to 1.3.0")
    await released(story)
    container = {"name": "search", "env": [{"name": "SHARDS", "value": "8"}]}
    pod = {"spec": {"template": {"spec": {"containers": [container]}}}}
    image = "example/bookshop-search:1.3.0"
    pod["spec"]["template"]["spec"]["containers"][0]["image"] = image
    await story.patch(DEPLOYMENT, "bookshop-search", pod)
    await story.world.advance(60)
    await story.apply(with_search(following("1.4.0"), paused=True))
    await story.run(told("is paused"))

    await story.apply(good())
    release = await told_of(story)

    assert release.status.phase is Phase.COMPLETED, release.status.message
    assert "runs already" not in release.status.message
    (now,) = (await story.world.user.get(SEARCH))["spec"]["template"]["spec"]["containers"]
    assert now["env"] == [{"name": "SHARDS", "value": "1"}]


async def test_going_back_in_git_after_a_rollback_to_copies_runs_nothing_again() -> None:
    story = await Story.begin("the ConfigMap came with 1.4.0: since the rollback pods use a copy")
    metadata = {"name": CONFIG, "namespace": NAMESPACE}
    await story.world.user.create(CONFIG_MAP, {"metadata": metadata, "data": {"level": "old"}})
    source = {"envFrom": [{"configMapRef": {"name": CONFIG}}]}
    before, after = good(), with_search(following("1.4.0"))
    container_of(before).update(source)
    container_of(after).update(source)
    await story.apply(before)
    await story.run()
    await story.patch(CONFIG_MAP, CONFIG, {"data": {"level": "new"}})
    await story.apply(after)
    rolled_back = await told_of(story)
    copied = await story.world.user.get(SEARCH)

    await story.apply(before)
    release = await told_of(story)

    assert rolled_back.status.phase is Phase.ROLLED_BACK, rolled_back.status.message
    assert f"{CONFIG}-kept-" in str(copied["spec"]["template"])
    assert release.status.attempt is not None
    assert release.status.attempt.number == 3
    assert release.status.attempt.steps == []
    assert (await story.world.user.get(SEARCH))["spec"] == copied["spec"]


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("Deployment", {"paused": True}, "it is paused"),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, "updateStrategy is OnDelete"),
        ("StatefulSet", {"updateStrategy": PARTITION}, "updateStrategy has a partition"),
    ],
)
async def test_a_workload_that_would_not_be_updated_is_told_before_it_exists(
    kind: str, said: dict[str, Any], words: str
) -> None:
    story = await Story.begin("1.3.0 declares what keeps pods from being replaced")
    body = with_search(bookshop(), **said)
    body["spec"]["components"][2]["workload"]["kind"] = kind
    await story.apply(body)

    await story.run(told(words))

    release = await story.release()
    assert release.status.phase is Phase.GATING
    assert "spec.components[2].workload.spec" in release.status.message
    assert not story.ran("migrate/0007-add-isbn")

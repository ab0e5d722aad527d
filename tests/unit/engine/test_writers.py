"""Who wrote an image, by `metadata.managedFields`, and what a person is told to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.engine.names import FIELD_MANAGER
from release_coordinator.engine.writers import Tool, mend, tool_of, who, writer_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["manager", "time", "fieldsV1", "f:spec", "f:template", "f:containers"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def entry(manager: str, at: str = "2026-11-23T12:00:00Z", container: str = "api") -> object:
    """As an API server has it."""
    owned: dict[str, object] = {
        f'k:{{"name":"{container}"}}': {".": {}, "f:image": {}, "f:name": {}}
    }
    pod = {"f:spec": {"f:containers": owned}}
    return {
        "manager": manager,
        "operation": "Apply",
        "time": at,
        "fieldsV1": {"f:spec": {"f:template": pod}},
    }


def test_the_other_manager_that_wrote_last_is_meant() -> None:
    managed = [
        entry("kubectl-client-side-apply", "2026-11-23T11:00:00Z"),
        entry("argocd-controller"),
        entry(FIELD_MANAGER, "2026-11-23T13:00:00Z"),
    ]

    assert writer_of(managed, "api").manager == "argocd-controller"


def test_who_owns_another_container_has_not_written_this_one() -> None:
    assert writer_of([entry("argocd-controller", container="web")], "api").manager == ""


def test_an_image_that_is_ours_alone_has_no_other_writer() -> None:
    assert writer_of([entry(FIELD_MANAGER)], "api").manager == ""


def test_a_time_without_a_zone_is_none() -> None:
    managed = [entry("argocd-controller"), entry("flux", "2026-11-23T12:00:00")]

    assert writer_of(managed, "api").manager == "argocd-controller"


@given(JSON)
def test_whatever_is_there_is_read_without_an_error(managed: object) -> None:
    assert isinstance(writer_of(managed, "api").manager, str)


@pytest.mark.parametrize(
    ("manager", "tool", "words"),
    [
        ("argocd-controller", Tool.ARGO_CD, "RespectIgnoreDifferences=true"),
        ("kustomize-controller", Tool.FLUX, "kustomize.toolkit.fluxcd.io/ssa"),
        ("helm", Tool.HELM, "upgrades the chart"),
        ("kubectl-client-side-apply", Tool.OTHER, "stop whoever applies it"),
    ],
)
def test_each_tool_has_a_mend(manager: str, tool: Tool, words: str) -> None:
    assert tool_of(manager) is tool
    assert words in mend(manager)
    assert manager in who(manager)

"""Jobs: typed work that the restricted Pod Security Standard admits, whatever a Release says."""

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests import goldens
from tests.releases import bookshop, everything
from tests.unit.engine.contexts import context

from release_coordinator.api.job import EnvVar, JobTemplate, Resources, Volume
from release_coordinator.cluster.bodies import clone
from release_coordinator.engine.action import CreateJob, JobContext
from release_coordinator.render.job import job_body

GOLDEN = Path(__file__).with_name("golden")
TEXT = st.text(max_size=20)
NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
MAYBE_ID = st.one_of(st.none(), st.integers(min_value=1, max_value=2**31 - 1))
QUANTITY = st.sampled_from([None, "100m", "1", "64Mi"])


def volume(name: str, claim: str, path: str) -> Volume:
    return Volume(name=name, claim_name=claim, mount_path=path)


TEMPLATES = st.builds(
    JobTemplate,
    image=st.sampled_from(["example/app:1", "app@sha256:" + "0" * 64]),
    command=st.lists(TEXT, max_size=3),
    args=st.lists(TEXT, max_size=3),
    env=st.lists(
        st.builds(EnvVar, name=st.sampled_from(["A", "LD_PRELOAD", "PATH"]), value=TEXT),
        max_size=3,
    ),
    volumes=st.lists(
        st.builds(volume, NAMES, NAMES, st.sampled_from(["/data", "/var/run/secrets"])),
        max_size=2,
    ),
    resources=st.builds(
        Resources,
        cpu_request=QUANTITY,
        cpu_limit=QUANTITY,
        memory_request=QUANTITY,
        memory_limit=QUANTITY,
    ),
    timeout=st.sampled_from(["10m", "0s", "1h", "1s"]),
    run_as_user=MAYBE_ID,
    fs_group=MAYBE_ID,
)

POD_FIELDS = {
    "restartPolicy",
    "automountServiceAccountToken",
    "enableServiceLinks",
    "securityContext",
    "containers",
    "volumes",
}
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim"}


def body_of(template: JobTemplate, *, suspended: bool = True) -> dict[str, Any]:
    """The Job of a migration."""
    told = JobContext("1.3.0", "1.2.0", 1, "migrate/0007-add-isbn")
    action = CreateJob("bookshop-1-migrate-0007", template, told, suspended=suspended)
    return job_body(context(bookshop()).release, action)


@given(TEMPLATES)
def test_the_restricted_standard_admits_any_template(template: JobTemplate) -> None:
    pod = body_of(template)["spec"]["template"]["spec"]

    assert set(pod) == POD_FIELDS, "no host namespaces, no other service account, no host users"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["securityContext"].get("runAsUser") != 0
    for volume in pod["volumes"]:
        (kind,) = set(volume) - {"name"}
        assert kind in VOLUMES, "no hostPath"
    (container,) = pod["containers"]
    security = container["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert set(security) == {"allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem"}
    assert "ports" not in container
    assert "lifecycle" not in container


@given(TEMPLATES)
def test_a_job_runs_once_and_ends(template: JobTemplate) -> None:
    spec = body_of(template)["spec"]

    assert spec["backoffLimit"] == 0
    assert spec["completions"] == spec["parallelism"] == 1
    assert spec["podReplacementPolicy"] == "Failed"
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["activeDeadlineSeconds"] >= 1
    assert "ownerReferences" not in body_of(template)["metadata"]


@given(TEMPLATES)
def test_a_job_has_no_credentials_of_the_cluster(template: JobTemplate) -> None:
    pod = body_of(template)["spec"]["template"]["spec"]

    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False


@given(TEMPLATES)
def test_what_the_operator_tells_a_job_comes_first_and_is_complete(template: JobTemplate) -> None:
    (container,) = body_of(template)["spec"]["template"]["spec"]["containers"]

    told = [variable["name"] for variable in container["env"][:7]]
    assert told == [
        "RELEASE_NAME",
        "RELEASE_NAMESPACE",
        "RELEASE_UID",
        "RELEASE_VERSION",
        "RELEASE_PREVIOUS_VERSION",
        "RELEASE_ATTEMPT",
        "RELEASE_STEP",
    ]


def test_the_job_of_a_migration() -> None:
    spec = context(everything()).plan.spec
    assert spec.backup is not None

    text = yaml.safe_dump(clone(body_of(spec.backup.job)), sort_keys=False)

    goldens.check(GOLDEN / "job.yaml", text)

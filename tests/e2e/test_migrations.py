"""Two migration tools on a real PostgreSQL: Alembic, and golang-migrate to show that it is all one.

Each case is a Release of its own with a Deployment and a database of its own; all of them run side
by side. What is asserted was asked of the databases, not of the operator.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from manifests.bookshop import build, install
from tools.cluster.progress import Progress
from tools.lab.kubectl import Body, Kubectl
from tools.lab.lab import Lab

SPACE = "schema"
LIMIT = 420
TERMINAL = {"Completed", "RolledBack", "RollbackFailed", "Failed", "Held"}
OLD, NEW = "1.2.0", "1.3.0"
K8S = Path(install.__file__).parent / "k8s"
SERVER = "bookshop:only-an-example@bookshop-postgres:5432"
STEP = "release-coordinator.io/step"
_PSQL = 'PGPASSWORD=$POSTGRES_PASSWORD exec psql -h /tmp -U bookshop "$0" -qAt -c "$1"'

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Tool:
    """A migration tool: how a Release calls it, and what its versions are called."""

    name: str
    image: str
    url: str
    """Of a database, with {} for its name."""
    current: Body
    go_to: str
    """Shell command that brings the schema to a version, up or down."""
    query: str
    """What the database says by itself."""
    before: str
    after: str
    beyond: str

    def job(self, database: str, script: str = "", **more: Any) -> Body:
        """A Job that runs a shell script with the tool at hand; none if there is no script."""
        shell: Body = {"command": ["sh", "-c"], "args": [script]} if script else {}
        env = [{"name": "DATABASE_URL", "value": self.url.format(database)}]
        return {"image": self.image, "env": env, "timeout": "3m", **shell, **more}

    def to(self, version: str) -> str:
        """The command that goes to a version."""
        direction = "upgrade" if version > self.before else "downgrade"
        return self.go_to.format(version=version, direction=direction)


ALEMBIC = Tool(
    "alembic",
    f"bookshop-migrate:{NEW}",
    f"postgresql://{SERVER}/{{}}",
    {"args": ["current"]},
    "python3 -m bookshop {direction} {version}",
    "SELECT version_num FROM alembic_version",
    "0006",
    "0007",
    "0008",
)
GOLANG_MIGRATE = Tool(
    "golang",
    build.GOLANG_MIGRATE,
    f"postgres://{SERVER}/{{}}?sslmode=disable",
    {"command": ["schema-version"]},
    'migrate -path /migrations -database "$DATABASE_URL" goto {version}',
    "SELECT version FROM schema_migrations WHERE NOT dirty",
    "1",
    "2",
    "3",
)
TOOLS = (ALEMBIC, GOLANG_MIGRATE)


@dataclass(frozen=True)
class Case:
    """A Release that migrates with a tool."""

    tool: Tool
    what: str

    @property
    def name(self) -> str:
        """Of the Release and its Deployment; with underscores of its database."""
        return f"{self.tool.name}-{self.what}"

    @property
    def database(self) -> str:
        """Name of its database."""
        return self.name.replace("-", "_")

    def release(self, up: str = "", after: str = "true", **more: Any) -> Body:
        """The Release: one migration, then a smoke test that runs a script."""
        tool, database = self.tool, self.database
        migration = {
            "name": "the-next",
            "reversibility": "Reversible",
            "schemaVersion": tool.after,
            "up": tool.job(database, up or tool.to(tool.after)),
            "down": tool.job(database, tool.to(tool.before)),
        }
        smoke = {"name": "smoke", "job": tool.job(database, after)}
        component = {
            "name": "app",
            "workloadRef": {"name": self.name},
            "images": {"app": f"bookshop-migrate:{NEW}"},
        }
        return {
            "apiVersion": "release-coordinator.io/v1alpha1",
            "kind": "Release",
            "metadata": {"name": self.name, "namespace": SPACE},
            "spec": {
                "version": NEW,
                "components": [component],
                "database": {"current": tool.job(database, **tool.current)},
                "migrations": [migration],
                "verify": {"smokeTests": [smoke]},
                **more,
            },
        }


@dataclass(frozen=True)
class Place:
    """The namespace where all cases run."""

    lab: Lab

    @property
    def kubectl(self) -> Kubectl:
        """As the administrator."""
        return self.lab.kubectl

    def sql(self, database: str, query: str) -> str:
        """What a database answers."""
        where = ("exec", f"--namespace={SPACE}", "statefulset/bookshop-postgres")
        return self.kubectl.run(*where, "--", "sh", "-c", _PSQL, database, query).strip()

    def schema(self, case: Case) -> str:
        """The version that the database of a case is at."""
        return self.sql(case.database, case.tool.query)

    def wait(self, what: str, happened: Callable[[], bool], seconds: float = 120) -> None:
        """Return when it has happened."""
        until = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < until, f"not within {seconds:g} s: {what}"
            time.sleep(1)

    def end_of(self, case: Case) -> Body:
        """The Release when its attempt is over or held."""
        return self.lab.wait_phase(SPACE, TERMINAL, LIMIT, name=case.name)

    def jobs(self, case: Case, step: str) -> list[str]:
        """Names of the Jobs of a step."""
        found = self.kubectl.items("jobs", f"--namespace={SPACE}", *_of(case))
        return [
            one["metadata"]["name"] for one in found if one["metadata"]["annotations"][STEP] == step
        ]

    def steps(self, case: Case) -> list[str]:
        """Steps whose Jobs are there."""
        found = self.kubectl.items("jobs", f"--namespace={SPACE}", *_of(case))
        return [one["metadata"]["annotations"][STEP] for one in found]

    def kill_pod(self, case: Case, step: str) -> None:
        """Kill the pod of a step's Job, as a lost node would."""
        (job,) = self.jobs(case, step)
        pods = ("pods", f"--selector=batch.kubernetes.io/job-name={job}")
        now = ("--grace-period=0", "--force")
        self.kubectl.run("delete", *pods, f"--namespace={SPACE}", *now)

    def delete_job(self, case: Case, step: str) -> None:
        """Delete the Job of a step; its pod has half a minute to end."""
        (job,) = self.jobs(case, step)
        self.kubectl.run("delete", "job", job, f"--namespace={SPACE}", "--wait=false")

    def running(self, case: Case, step: str) -> bool:
        """Whether the program of a step runs."""
        jobs = self.jobs(case, step)
        if not jobs:
            return False
        selector = f"--selector=batch.kubernetes.io/job-name={jobs[0]}"
        pods = self.kubectl.items("pods", f"--namespace={SPACE}", selector)
        return any(pod["status"].get("phase") == "Running" for pod in pods)


def _of(case: Case) -> tuple[str, ...]:
    return (f"--selector=release-coordinator.io/release={case.name}",)


UP, DOWN = "migrate/the-next", "undo/migrate/the-next"
FORWARD, BACK, KILLED, GONE, EARLY, FURTHER = (
    {tool.name: Case(tool, what) for tool in TOOLS}
    for what in ("forward", "back", "killed", "gone", "early", "further")
)
DAMAGED = Case(ALEMBIC, "damaged")
CASES = [case for kind in (FORWARD, BACK, KILLED, GONE, EARLY, FURTHER) for case in kind.values()]


def releases() -> Iterator[Body]:
    """All Releases. A migration that sleeps gives the test time to interfere."""
    for tool in TOOLS:
        go = tool.to(tool.after)
        yield FORWARD[tool.name].release()
        yield BACK[tool.name].release(after="echo the shop is empty; exit 1")
        yield KILLED[tool.name].release(up=f"{go} && sleep 150")
        yield GONE[tool.name].release(up=f"{go} && sleep 150")
        yield EARLY[tool.name].release(up=f"sleep 150 && {go}")
        # Somebody migrates further while the release is verified; then it fails.
        yield FURTHER[tool.name].release(after=f"{tool.to(tool.beyond)}; exit 1")
    yield DAMAGED.release(backup=damaged())


def damaged() -> Body:
    """A backup that loses its end on the way, and the Job that finds out."""
    job = {
        "image": "bookshop-postgres:15",
        "command": ["sh", "-c"],
        "args": ['bookshop-backup && for f in "$BACKUP_DIR"/*.dump; do truncate -s -99 "$f"; done'],
        "env": [
            {"name": "DATABASE_URL", "value": ALEMBIC.url.format(DAMAGED.database)},
            {"name": "BACKUP_DIR", "value": "/backups"},
        ],
        "volumes": [{"name": "backups", "claimName": "bookshop-backup", "mountPath": "/backups"}],
        "fsGroup": 10001,
        "timeout": "2m",
    }
    return {"job": job, "verify": {**job, "command": ["bookshop-verify"], "args": []}}


@pytest.fixture(scope="module")
def place(lab: Lab) -> Iterator[Place]:
    """PostgreSQL, the databases, the Deployments, and all Releases on their way."""
    tag = build.build_golang_migrate(Progress())
    if not lab.cluster.existing:
        lab.cluster.load([tag], Progress())
    there = Place(lab)
    _namespace(lab)
    try:
        _databases(there)
        policy = {"enforcement": "Off", "signOffs": [], "suites": []}
        lab.kubectl.apply(_object("ReleasePolicy", "default", policy), SPACE)
        for case in (*CASES, DAMAGED):
            lab.kubectl.apply(_deployment(case.name), SPACE)
        for case in (*CASES, DAMAGED):
            lab.kubectl.run(
                "rollout", "status", f"--namespace={SPACE}", "--timeout=120s",
                f"deployment/{case.name}",
            )  # fmt: skip
        for body in releases():
            lab.kubectl.apply(body, SPACE)
        _interfere(there)
        yield there
    finally:
        lab.remove_bookshop(SPACE)


def _namespace(lab: Lab) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace"}
    lab.kubectl.apply({**namespace, "metadata": {"name": SPACE, "labels": labels}})
    volume: Body = yaml.safe_load((K8S.parent / "backup-volume.yaml").read_text("utf-8"))
    volume["metadata"]["name"] = f"bookshop-backup-{SPACE}"
    volume["spec"]["claimRef"]["namespace"] = SPACE
    lab.kubectl.apply(volume)
    for file in ("config.yaml", "postgres.yaml", "schema.yaml", "backup.yaml"):
        lab.kubectl.run("apply", f"--namespace={SPACE}", f"--filename={K8S / file}")


def _databases(place: Place) -> None:
    """One database for each case, at the version before: by Alembic, and by golang-migrate."""
    wait = ("wait", f"--namespace={SPACE}", "--timeout=150s", "--for=condition=Complete")
    place.kubectl.run(*wait, "job/bookshop-schema")
    place.sql("bookshop", "CREATE DATABASE golang")
    place.kubectl.apply(_first("golang"), SPACE)
    place.kubectl.run(*wait, "job/first")
    for case in (*CASES, DAMAGED):
        template = "golang" if case.tool is GOLANG_MIGRATE else "bookshop"
        place.sql("postgres", f"CREATE DATABASE {case.database} TEMPLATE {template}")


def _first(database: str) -> Body:
    """The Job that brings a database to golang-migrate's first version."""
    url = {"name": "DATABASE_URL", "value": GOLANG_MIGRATE.url.format(database)}
    return _object(
        "Job",
        "first",
        {"backoffLimit": 3, "template": {"spec": _pod(build.GOLANG_MIGRATE, ["goto", "1"], [url])}},
    )


def _deployment(name: str) -> Body:
    """Something that runs, in a version."""
    labels = {"app": name}
    pod = _pod(f"bookshop-migrate:{OLD}", [], []) | {"restartPolicy": "Always"}
    pod["containers"][0] |= {"command": ["sleep", "infinity"]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return _object("Deployment", name, spec)


def _pod(image: str, args: list[str], env: list[Body]) -> Body:
    container = {
        "name": "app",
        "image": image,
        "args": args,
        "env": env,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }


def _object(kind: str, name: str, spec: Body) -> Body:
    versions = {"Job": "batch/v1", "Deployment": "apps/v1"}
    version = versions.get(kind, "release-coordinator.io/v1alpha1")
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _interfere(place: Place) -> None:
    """Pull the plug: after the work of the migration was done, and before."""
    for name in (tool.name for tool in TOOLS):
        for case in (KILLED[name], GONE[name]):
            place.wait(f"{case.name} migrated", partial(_has_migrated, place, case))
        place.kill_pod(KILLED[name], UP)
        place.delete_job(GONE[name], UP)
        early = EARLY[name]
        place.wait(f"{early.name} sleeps", partial(place.running, early, UP))
        place.delete_job(early, UP)


def _has_migrated(place: Place, case: Case) -> bool:
    return place.schema(case) == case.tool.after


def told(body: Body) -> str:
    """What the Release says, for a failing assertion."""
    return json.dumps(body["status"].get("message", ""))


each_tool = pytest.mark.parametrize("tool", [tool.name for tool in TOOLS])


@each_tool
def test_the_schema_goes_forward_and_the_database_confirms_it(place: Place, tool: str) -> None:
    case = FORWARD[tool]

    body = place.end_of(case)

    assert body["status"]["phase"] == "Completed", told(body)
    assert place.schema(case) == case.tool.after
    said = {step["id"]: step.get("message") for step in body["status"]["attempt"]["steps"]}
    assert said["schema/before"] == case.tool.before
    assert said["schema/after"] == case.tool.after


@each_tool
def test_the_schema_goes_back_by_its_down_migration(place: Place, tool: str) -> None:
    case = BACK[tool]

    body = place.end_of(case)

    assert body["status"]["phase"] == "RolledBack", told(body)
    assert place.schema(case) == case.tool.before
    assert DOWN in place.steps(case)


@each_tool
def test_a_migration_whose_pod_was_killed_is_applied_if_the_database_says_so(
    place: Place, tool: str
) -> None:
    case = KILLED[tool]

    body = place.end_of(case)

    assert body["status"]["phase"] == "Completed", told(body)
    assert place.schema(case) == case.tool.after
    assert f"schema/{UP}" in place.steps(case)


@each_tool
def test_a_migration_whose_job_was_deleted_is_applied_if_the_database_says_so(
    place: Place, tool: str
) -> None:
    case = GONE[tool]

    body = place.end_of(case)

    assert body["status"]["phase"] == "Completed", told(body)
    assert place.schema(case) == case.tool.after
    assert not place.jobs(case, UP), "it was not run again"


@each_tool
def test_a_migration_that_was_cut_off_before_its_work_is_not_applied(
    place: Place, tool: str
) -> None:
    case = EARLY[tool]

    body = place.end_of(case)

    assert body["status"]["phase"] == "Failed", told(body)
    assert place.schema(case) == case.tool.before
    assert not place.jobs(case, UP), "it was not run again"


@each_tool
def test_a_schema_that_somebody_migrated_further_is_not_reverted(place: Place, tool: str) -> None:
    case = FURTHER[tool]

    held = place.end_of(case)
    assert held["status"]["phase"] == "Held", told(held)
    hold = held["status"]["attempt"]["hold"]
    assert hold["reason"] == "SchemaChanged"
    assert place.schema(case) == case.tool.beyond

    place.lab.annotate(SPACE, case.name, rollback=hold["id"])
    body = place.lab.wait_phase(SPACE, TERMINAL - {"Held"}, LIMIT, name=case.name)

    assert body["status"]["phase"] == "RolledBack", told(body)
    assert place.schema(case) == case.tool.beyond
    assert DOWN not in place.steps(case)


def test_a_backup_that_cannot_be_restored_stops_before_any_change(place: Place) -> None:
    body = place.end_of(DAMAGED)

    assert body["status"]["phase"] == "Failed", told(body)
    assert body["status"]["attempt"]["end"]["reason"] == "BackupFailed"
    assert "bookshop-verify failed" in body["status"]["message"]
    assert place.schema(DAMAGED) == ALEMBIC.before
    scratch = place.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'verify%'")
    assert scratch == "", "the scratch database is dropped"

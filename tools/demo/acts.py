"""The three releases: what is applied, what must come of it, and what must be true afterwards.

Played by `demo.__main__`, one after the other on the same bookshop.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tools.demo.narrator import Narrator
from tools.demo.signing import Ceremony
from tools.lab.kubectl import Body
from tools.lab.lab import Lab
from tools.lab.people import Person

from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Phase, Reason

ENDS = {phase.value for phase in (Phase.COMPLETED, Phase.FAILED, Phase.HELD)}
ENDS |= {phase.value for phase in (Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED)}
PATIENCE = 600.0
_CALM_SECONDS = 120.0
# On a busy machine one slow moment stays in the rate for 20 s: it alone must not decide.
_UNHURRIED = [{"name": "p95-latency", "failureThreshold": 6}]
_VISITS = 8


@dataclass(frozen=True)
class Act:
    """One release and its expected end."""

    version: str
    title: str
    outcome: Phase
    reason: Reason
    runs: str
    """Version that runs afterwards."""
    schema: str
    """Revision of the database afterwards."""
    ledger: Mapping[str, int]
    """How often each migration was run by then, in both directions."""
    patch: Mapping[str, Any] = field(default_factory=dict)
    slowly: bool = False
    """Whether the sign-offs are shown at length."""


ACTS = (
    Act(
        version="1.3.0",
        title="a good release: two people sign it off, and it must complete",
        slowly=True,
        outcome=Phase.COMPLETED,
        reason=Reason.COMPLETED,
        runs="1.3.0",
        schema="0007",
        ledger={"0006 up": 1, "0007 up": 1},
        patch={"watch": {"duration": "40s", "metrics": _UNHURRIED}},
    ),
    Act(
        version="1.4.0",
        title="answers ten times slower: it must be taken back, with its migration",
        outcome=Phase.ROLLED_BACK,
        reason=Reason.METRIC_BREACH,
        runs="1.3.0",
        schema="0007",
        ledger={"0006 up": 1, "0007 up": 1, "0008 up": 1, "0008 down": 1},
        patch={"watch": {"metrics": _UNHURRIED}},
    ),
    Act(
        version="1.4.1",
        title="never becomes ready: it must be taken back before customers see it",
        outcome=Phase.ROLLED_BACK,
        reason=Reason.PROGRESS_DEADLINE_EXCEEDED,
        runs="1.3.0",
        schema="0007",
        ledger={"0006 up": 1, "0007 up": 1, "0008 up": 2, "0008 down": 2},
        patch={"components": [{"name": "backend", "progressDeadline": "40s"}]},
    ),
)
VERSIONS = ("1.2.0", *(act.version for act in ACTS))


@dataclass
class Ending:
    """How an act ended, and what customers felt while its version served them."""

    release: Body = field(default_factory=dict)
    response: float | None = None
    """Median in seconds when the version began to be watched; None if it never was."""


def play(
    lab: Lab, namespace: str, act: Act, narrator: Narrator, signers: Mapping[str, Person]
) -> Ending:
    """Apply the release, sign it off, tell what happens, and return how it ended."""
    narrator.act(f"bookshop {act.version}: {act.title}")
    latency = lab.wait_calm(namespace, _CALM_SECONDS)
    narrator.say(f"the 95th percentile of response times is {latency * 1000:.0f} ms before")
    narrator.say(f"kubectl apply -n {namespace} -f manifests/bookshop/releases/{act.version}.yaml")
    if act.patch:
        narrator.say(f"with these changes, to be quick: {dict(act.patch)}")
    lab.apply_release(namespace, act.version, act.patch)
    ending = Ending()

    def tell(body: Body) -> None:
        release = parse_release(body)
        narrator.tell(release)
        current = release.status.observed_generation == release.generation
        if current and release.status.phase is Phase.WATCHING and ending.response is None:
            ending.response = median(lab.response_seconds(namespace, _VISITS))
            narrator.say(f"a customer waits {ending.response * 1000:.0f} ms for the books now")

    with narrator.live():
        Ceremony(lab, namespace, signers, narrator).sign(slowly=act.slowly)
        ending.release = lab.wait_phase(namespace, ENDS, PATIENCE, tell)
    return ending

"""Which plans a run takes: all of them in the nightly run, else a bounded sample.

The sample is drawn from a fixed seed, so that the same checkout runs the same plans.
"""

import os
import random
from collections.abc import Sequence

from tests.campaigns.plans import READ_FAULTS, Fault, Plan

from release_coordinator.cluster.memory import Call

EVERYTHING = os.environ.get("CAMPAIGNS") == "all"
THOROUGH = ("success", "breach", "migration-fails")
"""Workloads that also meet late news and two operators in every run."""
EVERY_CALL = ("breach",)
"""Workloads that are run with every fault at every call in every run: it goes there and back."""
SAMPLE = 2
"""Calls per fault of the other workloads."""
EVENT_FAULTS = (Fault.BEFORE_KILL, Fault.REFUSED)
"""Events are told once or not at all; nothing is read back from them."""


def single_faults(workload: str, fault: Fault, calls: Sequence[Call]) -> list[Plan]:
    """Plans with this fault at one call."""
    plans = [
        Plan(workload, ((number, fault),))
        for number, call in enumerate(calls, 1)
        if fault in _possible(call)
    ]
    return plans if workload in EVERY_CALL else sample(plans, SAMPLE)


def sample(plans: list[Plan], size: int) -> list[Plan]:
    """So many of the plans, or all of them."""
    if EVERYTHING or len(plans) <= size:
        return plans
    return random.Random(str(plans[0])).sample(plans, size)  # noqa: S311 - no secret


def _possible(call: Call) -> tuple[Fault, ...]:
    if not call.writes:
        return READ_FAULTS
    return EVENT_FAULTS if call.ref.kind.kind == "Event" else tuple(Fault)

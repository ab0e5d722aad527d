"""What the plans of one run of a campaign breached, by kind of fault, and a summary of it."""

from dataclasses import dataclass

from tests.campaigns.plans import Plan
from tests.campaigns_api.choice import SEED
from tests.campaigns_api.runner import Run, told


@dataclass(frozen=True)
class Found:
    """The results that all tests of a run share."""

    kinds: dict[str, list[Plan]]
    breaches: dict[Plan, list[str]]
    runs: list[Run]

    def of(self, kind: str) -> list[str]:
        """What the plans of a kind breached, each with its recipe."""
        return told({plan: self.breaches[plan] for plan in self.kinds[kind]})

    def hits(self, kind: str) -> float:
        """Share of the plans of a kind whose fault found something to hit."""
        mine = {*self.kinds[kind]}
        return sum(run.hit for run in self.runs if run.plan in mine) / max(1, len(mine))

    def summary(self) -> list[str]:
        """Figures for the end of the test run."""
        seconds = sorted(run.seconds for run in self.runs) or [0.0]
        writes = sum(len(run.writes) for run in self.runs)
        missed = sum(not run.hit for run in self.runs)
        breached = sum(bool(one) for one in self.breaches.values())
        counts = ", ".join(f"{kind} {len(mine)}" for kind, mine in self.kinds.items())
        return [
            f"campaign on the API server: {len(self.runs)} plans ({counts}), seed {SEED};",
            f"{writes} writes, {missed} plans hit nothing, {breached} with breaches,",
            f"half of the plans took at most {seconds[len(seconds) // 2]:.1f} s",
        ]

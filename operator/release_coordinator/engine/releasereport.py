"""R9: the release metrics of each application and of all together, beside their targets; pure.

Read by `controllers.releasemetrics` and by `kubectl release metrics`, so that both say the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.policy import ReleasePolicySpec, Targets

from .deployments import Application, Ended, complete
from .policy import chosen
from .releasemetrics import (
    JUDGED,
    WINDOWS,
    Judged,
    ReleaseMetrics,
    by_window,
    judge,
    measure,
    within,
)

Policies = Mapping[tuple[str, str], ReleasePolicySpec]
"""By namespace and name."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one application, or of all together."""

    windows: Mapping[str, ReleaseMetrics]
    """By the names of `WINDOWS`."""
    judged: tuple[Judged, ...] = ()
    """The last 30 days beside the targets; empty for one that has none."""
    before: tuple[Judged, ...] = ()
    """The 30 days before them."""


@dataclass(frozen=True, slots=True)
class ReleaseReport:
    """All of it."""

    overall: Measured
    """Of all applications but those that prove versions for others."""
    applications: Mapping[Application, Measured]
    """In their order."""


def report(
    attempts: Iterable[Ended], policies: Policies, now: datetime, overall: Targets | None = None
) -> ReleaseReport:
    """Measure them; `overall` are the targets of all together, if not those of the requirements."""
    found: dict[Application, list[Ended]] = defaultdict(list)
    for one in attempts:
        found[one.application].append(one)
    # Each by itself: there may be 50,000, and to sort all of them at once takes its time.
    grouped = {name: complete(own) for name, own in sorted(found.items())}
    proving = {one for one in grouped if _is_staging(policies, one)}
    serving = [one for name, own in grouped.items() if name not in proving for one in own]
    return ReleaseReport(
        _measured(serving, overall or Targets(), now),
        {
            one: _measured(own, None if one in proving else _targets(policies, one), now)
            for one, own in grouped.items()
        },
    )


def _measured(attempts: Sequence[Ended], targets: Targets | None, now: datetime) -> Measured:
    windows = by_window(attempts, now)
    if targets is None:
        return Measured(windows)
    before = measure(within(attempts, now, WINDOWS[JUDGED], before=1))
    return Measured(windows, judge(windows[JUDGED], targets), judge(before, targets))


def _targets(policies: Policies, application: Application) -> Targets:
    """Those of the policy that counts for the Release now; else those of the requirements."""
    namespace, release = application
    name = chosen(release, {name for where, name in policies if where == namespace})
    return policies[namespace, name].targets if name is not None else Targets()


def _is_staging(policies: Policies, application: Application) -> bool:
    """Whether an application proves versions for another one: it may fail, and has no targets."""
    for (namespace, _), spec in policies.items():
        place = spec.staging
        if place is None or place.namespace != application[0]:
            continue
        if place.release == application[1] or (not place.release and place.namespace != namespace):
            return True
    return False

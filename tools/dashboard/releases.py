"""Panels about releases: where they are, and their metrics beside their targets."""

from tools.dashboard.panels import Kind, Panel, Query, Row

PHASE = "release_coordinator_release_phase"
MINE = 'namespace=~"$namespace", release=~"$release"'
MONTH = f'{MINE}, window="30d"'
SINGLE = "release_coordinator_release_"
ALL = "release_coordinator_overall_"
PAIR = "{{namespace}}/{{release}}"


def _beside_target(title: str, name: str, target: str, unit: str, about: str) -> Panel:
    """A metric of each release over time, with the target beside it."""
    queries = (
        Query(f"max by (namespace, release) ({SINGLE}{name}{{{MONTH}}})", PAIR),
        Query(f"max by (namespace, release) ({SINGLE}{target}{{{MINE}}})", f"target {PAIR}"),
    )
    return Panel(title, Kind.LINES, queries, about, unit, width=12)


def _phases(title: str, phases: str, about: str, color: str) -> Panel:
    query = f'sum({PHASE}{{{MINE}, phase=~"{phases}"}}) or vector(0)'
    return Panel(title, Kind.STAT, (Query(query),), about, width=4, height=4, bad=(color, 1))


NOW = Row(
    "Now",
    (
        _phases(
            "Under way",
            "Preparing|Migrating|RollingOut|Refreshing|Verifying|Watching",
            "Releases of which something is changed or watched.",
            "blue",
        ),
        _phases("At the gates", "Gating", "kubectl release explain says who must act.", "blue"),
        _phases("Held", "Held", "A person must decide: kubectl release explain.", "orange"),
        _phases("Going back", "RollingBack", "The previous version is being restored.", "orange"),
        _phases("Rolled back", "RolledBack", "Ends with the next attempt.", "red"),
        _phases("Rollback failed", "RollbackFailed", "A person must act at once.", "red"),
        Panel(
            "Releases by phase",
            Kind.LINES,
            (Query(f"sum by (phase) ({PHASE}{{{MINE}}})", "{{phase}}"),),
            width=12,
        ),
        Panel(
            "Waiting at a gate",
            Kind.TABLE,
            (
                Query(
                    f"time() - max by (namespace, release, gate) "
                    f"({SINGLE}gate_shut_since_timestamp_seconds{{{MINE}}})",
                    "waiting",
                    "s",
                ),
            ),
            "What holds a release up now. kubectl release explain says who must act.",
            width=12,
        ),
    ),
)

METRICS = Row(
    "Release metrics, last 30 days",
    (
        Panel(
            "Success rate of all",
            Kind.STAT,
            (Query(f'max({ALL}success_ratio{{window="30d"}})'),),
            "Of all releases but those in staging, whatever is chosen above.",
            "percentunit",
            height=4,
        ),
        Panel(
            "Rollbacks of all",
            Kind.STAT,
            (Query(f'max({ALL}rollback_ratio{{window="30d"}})'),),
            "Of all releases but those in staging, whatever is chosen above.",
            "percentunit",
            height=4,
            bad=("red", 0.05),
        ),
        Panel(
            "Deployments of all",
            Kind.STAT,
            (Query(f'sum by (outcome) ({ALL}deployments{{window="30d"}})', "{{outcome}}"),),
            width=12,
            height=4,
        ),
        Panel(
            "Each release",
            Kind.TABLE,
            (
                Query(
                    f"sum by (namespace, release) ({SINGLE}deployments{{{MONTH}}})", "deployments"
                ),
                Query(
                    f"max by (namespace, release) ({SINGLE}success_ratio{{{MONTH}}})",
                    "success",
                    "percentunit",
                ),
                Query(
                    f"max by (namespace, release) "
                    f"({SINGLE}time_to_deploy_median_seconds{{{MONTH}}})",
                    "time to deploy",
                    "s",
                ),
                Query(
                    f"max by (namespace, release) ({SINGLE}rollback_ratio{{{MONTH}}})",
                    "rollbacks",
                    "percentunit",
                ),
                Query(
                    f"max by (namespace, release) ({SINGLE}downtime_mean_seconds{{{MONTH}}})",
                    "downtime",
                    "s",
                ),
                Query(
                    f"max by (namespace, release) "
                    f"({SINGLE}time_to_restore_median_seconds{{{MONTH}}})",
                    "time to restore",
                    "s",
                ),
                Query(
                    f"sum by (namespace, release) ({SINGLE}target_missed{{{MINE}}})",
                    "targets missed",
                ),
            ),
            "The same as kubectl release metrics -A.",
            width=24,
        ),
        _beside_target(
            "Success rate",
            "success_ratio",
            "success_ratio_target",
            "percentunit",
            "Deployments that succeeded, of all.",
        ),
        _beside_target(
            "Time to deploy",
            "time_to_deploy_median_seconds",
            "time_to_deploy_target_seconds",
            "s",
            "Median, from the first change to the end.",
        ),
        _beside_target(
            "Rollbacks",
            "rollback_ratio",
            "rollback_ratio_target",
            "percentunit",
            "Deployments that were rolled back, or whose rollback failed, of all.",
        ),
        _beside_target(
            "Downtime",
            "downtime_mean_seconds",
            "downtime_target_seconds",
            "s",
            "Mean of the deployments that changed something.",
        ),
        Panel(
            "Waiting per gate",
            Kind.BARS,
            (
                Query(
                    f"topk(15, avg by (gate) ({SINGLE}gate_waiting_mean_seconds{{{MONTH}}}))",
                    "{{gate}}",
                ),
            ),
            "Mean time for which a gate has held a version up.",
            "s",
            width=12,
        ),
        Panel(
            "Time to restore",
            Kind.LINES,
            (
                Query(
                    f"max by (namespace, release) "
                    f"({SINGLE}time_to_restore_median_seconds{{{MONTH}}})",
                    PAIR,
                ),
            ),
            "Median, from the decision to go back until a good version ran again.",
            "s",
            width=12,
        ),
    ),
)

"""Panels about what the operator does, and how it is itself."""

from tools.dashboard.panels import Kind, Panel, Query, Row

COURSE = Row(
    "Attempts",
    (
        Panel(
            "Attempts that ended",
            Kind.LINES,
            (
                Query(
                    "sum by (outcome) (increase(release_coordinator_attempts_total[1h]))",
                    "{{outcome}}",
                ),
            ),
            "In the hour before.",
            width=8,
        ),
        Panel(
            "Rollbacks that began",
            Kind.LINES,
            (
                Query(
                    "sum by (reason) (increase(release_coordinator_rollbacks_total[1h]))",
                    "{{reason}}",
                ),
            ),
            "In the hour before.",
            width=8,
        ),
        Panel(
            "Time of steps (95 %)",
            Kind.LINES,
            (
                Query(
                    "histogram_quantile(0.95, sum by (le, step_kind) "
                    "(rate(release_coordinator_step_duration_seconds_bucket[1h])))",
                    "{{step_kind}}",
                ),
            ),
            unit="s",
            width=8,
        ),
    ),
)

OPERATOR = Row(
    "The operator",
    (
        Panel(
            "Leads",
            Kind.STAT,
            (Query('sum(leader_election_master_status{name="release"}) or vector(0)'),),
            "Exactly one process leads.",
            width=4,
            height=4,
            words={"0": ("nobody", "red"), "1": ("yes", "green")},
        ),
        Panel(
            "Last listing",
            Kind.STAT,
            (
                Query(
                    "max(release_coordinator_resync_age_seconds and on (instance) "
                    'leader_election_master_status{name="release"} == 1)'
                ),
            ),
            "Time since the leader has listed all releases.",
            "s",
            width=4,
            height=4,
            bad=("red", 900),
        ),
        Panel(
            "Sign-offs guarded",
            Kind.STAT,
            (Query("min(release_coordinator_sign_offs_guarded)"),),
            "Whether forged sign-offs were seen to be refused.",
            width=4,
            height=4,
            words={"0": ("no", "red"), "1": ("yes", "green")},
        ),
        Panel(
            "Sources that answer",
            Kind.TABLE,
            (Query("min by (source) (release_coordinator_metric_source_up)", "answers"),),
            "kubectl get metricsources says why one does not.",
            height=8,
        ),
        Panel(
            "Channels that are reached",
            Kind.TABLE,
            (Query("min by (channel) (release_coordinator_channel_up)", "reached"),),
            "kubectl get channels says why one is not.",
            height=8,
        ),
        Panel(
            "Messages",
            Kind.LINES,
            (
                Query(
                    "sum by (channel, outcome) "
                    "(increase(release_coordinator_notifications_total[1h]))",
                    "{{channel}} {{outcome}}",
                ),
            ),
            "Tries in the hour before.",
            width=8,
        ),
        Panel(
            "Passes over releases",
            Kind.LINES,
            (
                Query(
                    "sum by (result) (rate(controller_runtime_reconcile_total"
                    '{controller="release"}[$__rate_interval]))',
                    "{{result}}",
                ),
            ),
            unit="ops",
            width=8,
        ),
        Panel(
            "Ready and waiting for a worker",
            Kind.LINES,
            (Query('max by (name) (workqueue_depth{name="release"})', "releases"),),
            width=8,
        ),
        Panel(
            "Delay of decisions (95 %)",
            Kind.LINES,
            (
                Query(
                    "histogram_quantile(0.95, sum by (le) "
                    "(rate(release_coordinator_decision_delay_seconds_bucket[$__rate_interval])))",
                    "delay",
                ),
            ),
            "From the evidence to the write that follows from it.",
            "s",
            width=8,
        ),
        Panel(
            "Requests to the API server",
            Kind.LINES,
            (
                Query(
                    "sum by (code) (rate(rest_client_requests_total[$__rate_interval]))",
                    "{{code}}",
                ),
            ),
            unit="reqps",
            width=8,
        ),
        Panel(
            "Memory",
            Kind.LINES,
            (
                Query(
                    "process_resident_memory_bytes and on (instance) leader_election_master_status",
                    "{{instance}}",
                ),
            ),
            unit="bytes",
            width=8,
        ),
    ),
)

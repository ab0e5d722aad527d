"""All commands of the plugin, in the order of `kubectl release --help`. A new one is one line here.

Read by `cli.main`, by the completion and by the generator of the reference.
"""

from release_coordinator.cli.grammar import Command, Group, Panel

from . import (
    chart,
    completion,
    diff,
    explain,
    export,
    history,
    incident,
    init,
    lint,
    logs,
    messages,
    metrics,
    notes,
    order,
    plan,
    sign,
    status,
    watch,
)
from . import list as listed
from . import set as setting

INCIDENT = (
    Command(incident.list_, incident.LIST_EXAMPLES, "list"),
    Command(incident.show, incident.SHOW_EXAMPLES, "show"),
    Command(incident.open_, incident.OPEN_EXAMPLES, "open"),
    Command(incident.edit, incident.EDIT_EXAMPLES, "edit"),
    Command(incident.timeline, incident.TIMELINE_EXAMPLES, "timeline"),
    Command(incident.resolve, incident.RESOLVE_EXAMPLES, "resolve"),
)
COMMANDS: tuple[Command | Group, ...] = (
    Command(init.init, init.EXAMPLES, "init", Panel.PREPARE),
    Command(lint.lint, lint.EXAMPLES, "lint", Panel.PREPARE),
    Command(setting.set_, setting.EXAMPLES, "set", Panel.PREPARE),
    Command(plan.plan, plan.EXAMPLES, "plan", Panel.PREPARE),
    Command(notes.notes, notes.EXAMPLES, "notes", Panel.PREPARE),
    Command(listed.list_, listed.EXAMPLES, "list", Panel.FOLLOW),
    Command(status.status, status.EXAMPLES, "status", Panel.FOLLOW),
    Command(watch.watch, watch.EXAMPLES, "watch", Panel.FOLLOW),
    Command(logs.logs, logs.EXAMPLES, "logs", Panel.FOLLOW),
    Command(explain.explain_, explain.EXAMPLES, "explain", Panel.FOLLOW),
    Command(messages.messages, messages.EXAMPLES, "messages", Panel.FOLLOW),
    Command(sign.approve, sign.APPROVE_EXAMPLES, "approve", Panel.DECIDE),
    Command(sign.reject, sign.REJECT_EXAMPLES, "reject", Panel.DECIDE),
    Command(sign.revoke, sign.REVOKE_EXAMPLES, "revoke", Panel.DECIDE),
    Command(sign.waive, sign.WAIVE_EXAMPLES, "waive", Panel.DECIDE),
    Command(order.suspend, order.SUSPEND_EXAMPLES, "suspend", Panel.ORDER),
    Command(order.resume, order.RESUME_EXAMPLES, "resume", Panel.ORDER),
    Command(order.retry, order.RETRY_EXAMPLES, "retry", Panel.ORDER),
    Command(order.abort, order.ABORT_EXAMPLES, "abort", Panel.ORDER),
    Command(order.rollback, order.ROLLBACK_EXAMPLES, "rollback", Panel.ORDER),
    Group("incident", "Keep the incidents of releases.", Panel.AFTER, INCIDENT),
    Command(history.history, history.EXAMPLES, "history", Panel.AFTER),
    Command(export.export, export.EXPORT_EXAMPLES, "export", Panel.AFTER),
    Command(export.verify, export.VERIFY_EXAMPLES, "verify", Panel.AFTER),
    Command(diff.diff, diff.EXAMPLES, "diff", Panel.AFTER),
    Command(metrics.metrics, metrics.EXAMPLES, "metrics", Panel.AFTER),
    Command(chart.chart, chart.EXAMPLES, "chart", Panel.AFTER),
    Command(completion.completion, completion.EXAMPLES, "completion", Panel.TOOL),
)

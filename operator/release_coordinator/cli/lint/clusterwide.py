"""What is legal in a MetricSource or Channel and cannot work, or will be regretted. Pure.

Part of `cli.lint`, for what the platform team writes.
"""

import re
from collections.abc import Iterator, Mapping

from release_coordinator.api.channel import ChannelSpec
from release_coordinator.api.metricsource import Auth, MetricSourceSpec
from release_coordinator.cluster.port import Body
from release_coordinator.engine import placeholders
from release_coordinator.render.message import template_faults

from .findings import Finding, error, warning

KNOWN = ("namespace",)
"""Placeholders that a matcher may have."""
_API = re.compile(r"/api/v1(/(alerts|query|query_range|rules))?/?$")


def of_source(spec: MetricSourceSpec) -> Iterator[Finding]:
    """Advice on a MetricSource that is legal."""
    found = _API.search(spec.url)
    if found:
        root = spec.url[: found.start()]
        text = f"ends with {found[0]}, which the operator adds by itself; write {root}"
        yield error("url", "spec.url", text)
    for label, value in spec.matchers.items():
        for problem, remedy in placeholders.text_faults(value, KNOWN):
            yield error("placeholder", f"spec.matchers[{label}]", f"{problem}; {remedy}")
    yield from _readable("spec", spec.url, spec.auth)


def of_channel(spec: ChannelSpec) -> Iterator[Finding]:
    """Advice on a Channel that is legal."""
    if spec.cloud_events is not None:
        yield from _readable("spec.cloudEvents", spec.cloud_events.url, spec.cloud_events.auth)
    for problem in template_faults(spec):
        yield warning("template", "spec.templates", f"{problem}; the default text would be sent")


def of_place(body: Body) -> Iterator[Finding]:
    """A namespace where there is none."""
    metadata = body.get("metadata")
    if isinstance(metadata, Mapping) and metadata.get("namespace"):
        yield warning(
            "no-namespace",
            "metadata.namespace",
            f"there is one {body.get('kind')} of this name for the whole cluster, in no namespace; "
            "remove it",
        )


def _readable(path: str, url: str, auth: Auth | None) -> Iterator[Finding]:
    """Credentials that everybody on the way can read."""
    if auth is not None and url.startswith("http://"):
        yield warning(
            "plain-http",
            f"{path}.auth",
            "these credentials go over http:// and can be read on the way; use https://, with "
            "tls.ca for an authority of your own",
        )

"""Where metrics and alerts come from: the MetricSource that a Release names, if it may.

Shared by what asks sources (`evidence.metrics`, `evidence.alerts`, `evidence.rules`) and by
`sourcehealth`.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from release_coordinator.api.base import parse_duration
from release_coordinator.api.codec import MetricSourceObject, parse_metric_source
from release_coordinator.api.faults import told
from release_coordinator.api.metricsource import TLS, Auth, MetricSourceSpec, SecretKey
from release_coordinator.cluster.port import METRIC_SOURCE, Ref
from release_coordinator.errors import Denied, NotFound
from release_coordinator.signals.port import Endpoint, TLSMaterial

from .sources import Sources
from .sourcesecrets import NoSecret, SourceSecrets

NAMESPACE = "$(namespace)"
"""In a matcher: the namespace of the Release."""


@dataclass(frozen=True, slots=True)
class Source:
    """A MetricSource as the Releases of one namespace may ask it."""

    endpoint: Endpoint
    matchers: Mapping[str, str]
    """Label -> value that everything that is asked or told is narrowed to."""

    def concerns(self, labels: Mapping[str, str]) -> bool:
        """Whether something with these labels is within what may be asked."""
        return all(labels.get(label, "") == value for label, value in self.matchers.items())

    def is_of_others(self, labels: Mapping[str, str]) -> bool:
        """Whether something with these labels says that it concerns somebody else."""
        return any(labels.get(label, value) != value for label, value in self.matchers.items())


async def metric_source(sources: Sources, namespace: str, name: str) -> Source | str:
    """The source for Releases of this namespace, or why there is none and who mends that."""
    ref = Ref(METRIC_SOURCE, None, name)
    body = sources.store.get(ref)
    if body is None:
        try:
            body = await sources.cluster.get(ref)
        except NotFound:
            return f"there is no MetricSource {name}; the platform team must create it"
        except Denied:
            return "the operator may not read MetricSources; the platform team must let it"
    source = parse_metric_source(body)
    spec = source.spec
    if spec is None:
        return f"MetricSource {name} cannot be read: {told(source.faults)}"
    if spec.namespaces and namespace not in spec.namespaces:
        return (
            f"MetricSource {name} is not for namespace {namespace}; the platform team adds it to "
            "spec.namespaces of the MetricSource, or names another source for it"
        )
    try:
        endpoint = await endpoint_of(sources.secrets, source.name, spec)
    except NoSecret as error:
        return f"MetricSource {name} cannot be asked: {error}"
    filled = {label: value.replace(NAMESPACE, namespace) for label, value in spec.matchers.items()}
    return Source(replace(endpoint, asker=namespace), filled)


async def endpoint_of(secrets: SourceSecrets, name: str, spec: MetricSourceSpec) -> Endpoint:
    """The source as it is asked, with its credentials. Raises NoSecret and Transient."""
    return Endpoint(
        name=name,
        url=spec.url,
        timeout=parse_duration(spec.timeout),
        authorization=await authorization(secrets, spec.auth) if spec.auth else "",
        tls=await material(secrets, spec.tls) if spec.tls else TLSMaterial(),
        allow=frozenset(spec.allow),
        max_answer=spec.max_answer_kib << 10,
        concurrency=spec.concurrency,
    )


def secret_keys(source: MetricSourceObject) -> Iterable[SecretKey]:
    """All keys that a source names."""
    auth = source.spec.auth if source.spec else None
    tls = source.spec.tls if source.spec else None
    basic = auth.basic if auth else None
    named = (
        auth.bearer if auth else None,
        *((basic.username, basic.password) if basic else ()),
        *((tls.ca, tls.certificate, tls.private_key) if tls else ()),
    )
    return (key for key in named if key is not None)


async def authorization(secrets: SourceSecrets, auth: Auth) -> str:
    """Value of the header. Raises NoSecret and Transient."""
    if auth.bearer:
        return f"Bearer {await _word(secrets, auth.bearer)}"
    if auth.basic:
        pair = (
            f"{await _word(secrets, auth.basic.username)}:"
            f"{await _word(secrets, auth.basic.password)}"
        )
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    return ""


async def _word(secrets: SourceSecrets, key: SecretKey) -> str:
    """A value that fits into a header; editors like to end a file with a new line."""
    word = (await secrets.value(key)).strip("\r\n")
    if not word or not word.isprintable():
        raise NoSecret(
            f"key {key.key} of Secret {key.name} is empty or has characters that no HTTP header "
            "can carry; the platform team corrects it"
        )
    return word


async def material(secrets: SourceSecrets, tls: TLS) -> TLSMaterial:
    """Certificates. Raises NoSecret and Transient."""

    async def text(key: SecretKey | None) -> str:
        return await secrets.value(key) if key else ""

    return TLSMaterial(
        ca=await text(tls.ca),
        certificate=await text(tls.certificate),
        private_key=await text(tls.private_key),
        server_name=tls.server_name or "",
    )

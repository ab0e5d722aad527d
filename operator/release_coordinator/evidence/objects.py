"""Any object of the Release's namespace that its author names as evidence of CI.

Read live, unless a watch holds it already. Secrets are refused whatever the schema lets through,
and so is what lies outside the namespace.
"""

from release_coordinator.cluster.port import CONFIG_MAP, Kind, Ref
from release_coordinator.engine.evidence import ObjectFact, ObjectWant
from release_coordinator.errors import Denied, Invalid, NotFound

from .sources import Sources

SECRET = "Secret"  # noqa: S105 - a kind


async def look(sources: Sources, namespace: str, want: ObjectWant) -> ObjectFact:
    """The object, or why it was not read and who can change that."""
    kind = await _kind(sources, want)
    if isinstance(kind, ObjectFact):
        return kind
    ref = Ref(kind, namespace, want.name)
    try:
        body = sources.store.get(ref) or await sources.cluster.get(ref)
    except NotFound:
        text = f"there is no {want.kind} {want.name} in namespace {namespace}"
        return ObjectFact(None, text)
    except Denied:
        return _forbidden(f"{_resource(kind)} in namespace {namespace}")
    except Invalid as error:
        return ObjectFact(None, f"the API server refuses to be asked for it: {error}", refused=True)
    return ObjectFact(body)


async def _kind(sources: Sources, want: ObjectWant) -> Kind | ObjectFact:
    """The resource type, or why there is none that may be read."""
    if (want.api_version, want.kind) == (CONFIG_MAP.api_version, CONFIG_MAP.kind):
        return CONFIG_MAP
    if want.kind == SECRET:
        return _refused("the operator reads no Secrets; name an object of another kind")
    try:
        kind = await sources.cluster.resource(want.api_version, want.kind)
    except (NotFound, Invalid):
        return _refused(
            f"the API server serves no kind {want.kind} in {want.api_version}; correct apiVersion "
            "and kind, or have the platform team install its CRD"
        )
    except Denied:
        return ObjectFact(
            None,
            f"the operator may not ask which kinds {want.api_version} has; the platform team "
            "binds it to the ClusterRole system:discovery",
            forbidden=True,
        )
    if not kind.namespaced:
        return _refused(
            f"{want.kind} is a kind of the whole cluster; name an object of the namespace"
        )
    return kind


def _refused(problem: str) -> ObjectFact:
    return ObjectFact(None, problem, refused=True)


def _forbidden(what: str) -> ObjectFact:
    return ObjectFact(
        None,
        f"the operator may not read {what}; the platform team adds it to the chart's value "
        "gates.readResources",
        forbidden=True,
    )


def _resource(kind: Kind) -> str:
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural

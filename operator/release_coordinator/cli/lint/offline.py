"""A file from its text to findings, without a server. Pure; `commands.lint` adds the server's."""

from collections.abc import Collection, Iterable, Iterator

from release_coordinator.api.codec import parse_channel, parse_metric_source, parse_release
from release_coordinator.cluster.port import CHANNEL, METRIC_SOURCE, OWN_GROUP, RELEASE, Body, Kind

from . import advice, clusterwide, shapes
from .findings import Finding, Level, error, note
from .places import Document, read


def check(text: str, file: str) -> tuple[list[Document], list[Finding]]:
    """The objects that are ours, and everything that was found."""
    documents, found = read(text, file)
    checked, told = sifted(documents)
    return checked, [*found, *told]


def sifted(documents: Iterable[Document]) -> tuple[list[Document], list[Finding]]:
    """The objects that are ours, and everything that was found in each of them."""
    checked: list[Document] = []
    found: list[Finding] = []
    for document in documents:
        kind = kind_of(document)
        if kind is not None:
            checked.append(document)
            found += [document.placed(one) for one in findings(kind, document)]
        elif document.kind in shapes.KINDS or _is_ours(document):
            found.append(document.placed(_strange(document)))
    return checked, found


def findings(kind: Kind, document: Document) -> list[Finding]:
    """Faults, and advice if there are none: what cannot be read cannot be advised on."""
    body = document.body
    found = shapes.findings(kind, body)
    if not kind.namespaced:
        found += clusterwide.of_place(body)
    faulty = any(one.level is Level.ERROR for one in found)
    return found if faulty else [*found, *_advice(kind, body)]


def _advice(kind: Kind, body: Body) -> Iterator[Finding]:
    """What is legal and will be regretted, of an object without faults."""
    if kind == RELEASE and (release := parse_release(body).spec):
        yield from advice.findings(release)
    if kind == METRIC_SOURCE and (source := parse_metric_source(body).spec):
        yield from clusterwide.of_source(source)
    if kind == CHANNEL and (channel := parse_channel(shapes.as_written(body)).spec):
        yield from clusterwide.of_channel(channel)


def kind_of(document: Document) -> Kind | None:
    """Which of our kinds it is; None if it is none that is checked."""
    kind = shapes.KINDS.get(document.kind)
    is_ours = kind is not None and document.body.get("apiVersion") == kind.api_version
    return kind if is_ours else None


def settled(found: Iterable[Finding], ignored: Collection[str]) -> list[Finding]:
    """Without what is to be ignored, in the order of the files."""
    kept = dict.fromkeys(one for one in found if one.rule not in ignored)  # each once
    return sorted(kept, key=lambda one: (one.file, one.line, list(Level).index(one.level)))


def _is_ours(document: Document) -> bool:
    return str(document.body.get("apiVersion") or "").partition("/")[0] == OWN_GROUP


def _strange(document: Document) -> Finding:
    version = document.body.get("apiVersion")
    if document.kind in shapes.KINDS:
        wanted = shapes.KINDS[document.kind].api_version
        return error("schema", "apiVersion", f"{version!r} is not {wanted}; correct it")
    what = document.kind or "an object without kind"
    known = ", ".join(shapes.KINDS)
    return note("not-checked", "kind", f"{what} is not checked; what is: {known}")

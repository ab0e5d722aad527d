"""Inline workloads: what a Release declares of them, and what is wrong with that; pure.

Used by `engine.plan` for faults, and by whoever creates, changes or compares such a workload.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from release_coordinator.api.faults import Fault
from release_coordinator.api.release import Component, ReleaseSpec
from release_coordinator.api.strategy import StrategyType
from release_coordinator.api.workload import INLINE_LIMIT, InlineWorkload

from .documents import Document, lost, removed

OWN_KEYS = ("release-coordinator.io/", "app.kubernetes.io/managed-by")
"""How labels and annotations begin that are the operator's."""
_LISTS = ("initContainers", "containers")


def document(component: Component) -> dict[str, Any]:
    """What the component's inline workload declares, with the images of the version."""
    workload = component.workload
    assert workload is not None  # noqa: S101 - asked of inline components alone
    template = dict(_map(workload.spec.get("template")))
    pod = dict(_map(template.get("spec")))
    for field in _LISTS:
        if field in pod:
            pod[field] = [_with_image(one, component.images) for one in _maps(pod[field])]
    metadata = {
        key: dict(value)
        for key, value in (
            ("labels", workload.metadata.labels),
            ("annotations", workload.metadata.annotations),
        )
        if value
    }
    spec = {**workload.spec, "template": {**template, "spec": pod}}
    return {"metadata": metadata, "spec": spec}


def selector(workload: InlineWorkload) -> dict[str, str]:
    """Labels by which the workload finds its pods."""
    return {str(k): str(v) for k, v in _labels(workload.spec.get("selector"), "matchLabels")}


def changes(live: Document, declared: Any, component: Component) -> list[str]:
    """Fields that applying the component's document would change or remove."""
    wanted = document(component)
    return [*lost(live, wanted), *removed(declared, wanted)]


def faults(spec: ReleaseSpec) -> list[Fault]:
    """What is wrong with inline workloads that the API server would not say, or only later."""
    own = [(index, one) for index, one in enumerate(spec.components) if one.workload]
    size = sum(_bytes(one.workload.to_wire()) for _, one in own if one.workload)
    if size > INLINE_LIMIT:
        field = f"spec.components[{own[0][0]}].workload"
        text = f"all inline workloads together have {size} bytes, more than {INLINE_LIMIT}"
        remedy = "put long texts into ConfigMaps, or name existing workloads by workloadRef"
        return [Fault(field, text, remedy)]
    return [fault for index, one in own for fault in _faults(f"spec.components[{index}]", one)]


def _faults(path: str, component: Component) -> Iterator[Fault]:
    workload = component.workload
    assert workload is not None  # noqa: S101 - selected above
    yield from _key_faults(f"{path}.workload.metadata", workload)
    spec = f"{path}.workload.spec"
    labels = dict(_labels(_map(workload.spec.get("template")).get("metadata"), "labels"))
    wanted = selector(workload)
    if not wanted:
        yield Fault(
            f"{spec}.selector.matchLabels", "is missing", "add labels that only its pods have"
        )
    elif any(labels.get(key) != value for key, value in wanted.items()):
        yield Fault(
            f"{spec}.template.metadata.labels",
            "do not contain all labels of selector.matchLabels",
            f"add {', '.join(f'{key}: {value}' for key, value in wanted.items())}",
        )
    yield from _image_faults(path, component)
    if component.strategy.type is StrategyType.BLUE_GREEN:
        yield Fault(
            f"{path}.strategy.type",
            "is BlueGreen, which inline workloads do not have yet",
            "use Rolling, or name an existing Deployment by workloadRef",
        )


def _key_faults(path: str, workload: InlineWorkload) -> Iterator[Fault]:
    for field, keys in (
        ("labels", workload.metadata.labels),
        ("annotations", workload.metadata.annotations),
    ):
        for key in keys:
            if key.startswith(OWN_KEYS):
                yield Fault(f"{path}.{field}[{key}]", "is set by the operator", "remove it")


def _image_faults(path: str, component: Component) -> Iterator[Fault]:
    assert component.workload is not None  # noqa: S101 - selected above
    pod = _map(_map(component.workload.spec.get("template")).get("spec"))
    where = f"{path}.workload.spec.template.spec"
    there: set[str] = set()
    for field in _LISTS:
        for index, one in enumerate(_maps(pod.get(field))):
            name, said = str(one.get("name", "")), one.get("image")
            wanted = component.images.get(name)
            there.add(name)
            if wanted is None and not said:
                yield Fault(
                    f"{where}.{field}[{index}].image",
                    "is missing, here and in images of the component",
                    f"add {name or 'the container'} to images",
                )
            elif said and wanted is not None and said != wanted:
                yield Fault(
                    f"{where}.{field}[{index}].image",
                    f"is {said}, but images of the component says {wanted}",
                    "leave it out here",
                )
    for name in sorted(set(component.images) - there):
        yield Fault(
            f"{path}.images[{name}]",
            "is no container of the inline workload",
            f"use one of {', '.join(sorted(there)) or 'its containers, of which it has none'}",
        )


def _with_image(container: Mapping[str, Any], images: Mapping[str, str]) -> dict[str, Any]:
    image = images.get(str(container.get("name", "")))
    return {**container, "image": image} if image else dict(container)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _labels(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    yield from _map(_map(value).get(key)).items()


def _bytes(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())

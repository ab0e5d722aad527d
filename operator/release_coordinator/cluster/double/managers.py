"""Who wrote the images of a workload, as `metadata.managedFields` tells it; pure.

Used by `double.server`. Of all fields only images are kept account of: nobody asks for others.
Every write counts as operation Update; whoever changes an image owns it alone, as by force.
"""

from collections.abc import Iterator, Mapping

from release_coordinator.cluster.port import Body

FIELDS = ("initContainers", "containers")

Written = Mapping[tuple[str, str], tuple[str, str]]
"""List and name of a container -> who wrote its image, and when."""


def written_after(
    known: Written, before: Body | None, now: Body, manager: str, moment: str
) -> Written:
    """Who owns the images once a manager has written the object."""
    old = dict(_images(before or {}))
    return {
        place: known[place] if place in known and old.get(place) == image else (manager, moment)
        for place, image in _images(now)
    }


def managed_fields(written: Written) -> list[Body]:
    """`metadata.managedFields`, as far as it is about images."""
    owners = sorted(set(written.values()))
    return [
        {
            "manager": manager,
            "operation": "Update",
            "time": moment,
            "fieldsType": "FieldsV1",
            "fieldsV1": _fields(p for p, owner in written.items() if owner == (manager, moment)),
        }
        for manager, moment in owners
    ]


def _images(body: Body) -> Iterator[tuple[tuple[str, str], str]]:
    pod = body.get("spec", {}).get("template", {}).get("spec", {})
    for field in FIELDS:
        for container in pod.get(field) or ():
            yield (field, container["name"]), container.get("image", "")


def _fields(places: Iterator[tuple[str, str]]) -> Body:
    pod: Body = {}
    for field, name in places:
        owned = pod.setdefault(f"f:{field}", {})
        owned[f'k:{{"name":"{name}"}}'] = {".": {}, "f:image": {}}
    return {"f:spec": {"f:template": {"f:spec": pod}}}

"""Gate R2.2, in part: every component's image tag says the version that is released.

An image named by digest alone carries no version; it is accepted and named in the evidence.
"""

from release_coordinator.api.attempt import Role
from release_coordinator.engine.context import Context

from .verdict import GateVerdict, failed, passed

NAME = "Images"
OWNER = Role.RELEASE_MANAGER


def tag_of(image: str) -> str | None:
    """Tag of an image reference, None if it has none (digest only, or untagged)."""
    last = image.partition("@")[0].rpartition("/")[2]
    _, colon, tag = last.partition(":")
    return tag if colon else None


def evaluate(ctx: Context) -> GateVerdict:
    """Compare the tags of all components' images with `spec.version`."""
    version = ctx.plan.spec.version
    # A "+" is not allowed in a tag; the convention of Helm and others replaces it.
    accepted = {version.replace("+", "_"), "v" + version.replace("+", "_")}
    wrong, pinned = [], []
    for component in ctx.plan.spec.components:
        for container, image in component.images.items():
            tag = tag_of(image)
            if tag is None and "@" in image:
                pinned.append(f"{component.name}/{container}")
            elif tag not in accepted:
                wrong.append(f"{component.name} says {tag or 'no tag'} ({container}: {image})")
    if wrong:
        return failed(
            NAME,
            OWNER,
            f"spec.version is {version}, but {'; '.join(wrong)}; "
            "make spec.version and the tags in spec.components agree",
        )
    note = f"; by digest only: {', '.join(pinned)}" if pinned else ""
    return passed(NAME, OWNER, f"all image tags say {version}{note}")

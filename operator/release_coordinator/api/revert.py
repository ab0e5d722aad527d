"""What takes a version that was rolled back out of Git: told to programs with the message of it.

Part of `api.notification`; made by `engine.reverts`.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .base import Digest, Model, Name, ShortText

IMAGES_LIMIT = 64
OPERATIONS_LIMIT = IMAGES_LIMIT + 2
DIFFERS_LIMIT = 32

Word = Annotated[str, Field(max_length=128)]
Long = Annotated[str, Field(max_length=512)]


class Operator(StrEnum):
    """Operations of a JSON patch (RFC 6902) that are used."""

    TEST = "test"  # the patch is for this value, else nothing is changed
    REPLACE = "replace"  # this value is put there


class PatchOperation(Model):
    """One operation of a JSON patch."""

    op: Operator = Field(description="What it does.")
    path: Annotated[str, Field(max_length=256)] = Field(
        description="JSON pointer into the Release."
    )
    value: Long = Field(description="Value that is expected, or put there.")


class ImageChange(Model):
    """An image before and after the rollback."""

    component: Name = Field(description="Name of the component.")
    container: Name = Field(description="Name of the container.")
    failed: Long = Field(description="Image of the version that was taken back.")
    restored: Long = Field("", description="Image that runs again; empty if that is not known.")


class GitSource(Model):
    """Where the Release is from, as far as its annotations and labels say."""

    tool: Word = Field("", description="Argo CD or Flux, whichever applies it.")
    application: Word = Field("", description="Application or Kustomization that applies it.")
    repository: Long = Field("", description="URL of the repository.")
    path: Long = Field("", description="File or folder in the repository.")
    revision: Word = Field("", description="Commit that it was applied from.")


class Revert(Model):
    """What a bot needs to propose the way back in Git."""

    failed_version: Word = Field(description="Version that was taken back.")
    restored_version: Word = Field("", description="Version that runs again.")
    digest: Digest = Field(description="Digest of the plan that was taken back.")
    reason: Word = Field("", description="Why it was taken back, in one word.")
    message: Long = Field("", description="What was found.")
    by: ShortText = Field("", description="Who ordered it; empty if nobody did.")
    cause: Word = Field("", description="What kind of trouble that person named.")
    comment: ShortText = Field("", description="Why, as that person wrote.")
    images: list[ImageChange] = Field(
        [], max_length=IMAGES_LIMIT, description="Every image that differs."
    )
    patch: list[PatchOperation] = Field(
        [],
        max_length=OPERATIONS_LIMIT,
        description="JSON patch of the Release: version and images as they were before.",
    )
    whole: bool = Field(
        False,
        description="With the patch the spec is again the one that completed last: no release "
        "begins by it.",
    )
    differs: list[Word] = Field(
        [],
        max_length=DIFFERS_LIMIT,
        description="Fields of the spec that differ besides; only a revert of the commit brings "
        "them back.",
    )
    source: GitSource = Field(default_factory=GitSource)

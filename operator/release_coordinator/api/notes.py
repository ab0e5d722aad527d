"""Release notes as they were published: part of `api.record`."""

from typing import Annotated

from pydantic import Field

from .base import Digest, Key, Model, ObjectName, ShortText

TEXT_LIMIT = 16 * 1024
"""Bytes of the text that a record keeps; whoever lists the release log reads all of them."""


class PublishedNotes(Model):
    """The release notes of a version, as they were when it had completed."""

    config_map: ObjectName = Field(description="ConfigMap they were read from.")
    key: Key = Field(description="Key in its data.")
    text: Annotated[str, Field(max_length=TEXT_LIMIT)] = Field(
        "", description="Markdown; what the document says of this version."
    )
    cut: bool = Field(False, description="The document says more: only the beginning is here.")
    digest: Digest | None = Field(None, description="Digest of the whole text of this version.")
    passed: Digest | None = Field(
        None,
        description="Digest of the text that gate ReleaseNotes let pass; empty if it did not.",
    )
    problem: ShortText = Field(
        "", description="Why there is no text, or that it is another than the gate let pass."
    )

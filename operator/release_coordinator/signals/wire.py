"""The shape of lists that a Prometheus-compatible API answers with, and how far they are read.

Used by `signals.firing` and `signals.rules`. Reading ends at the first fault: of a list with a
million of them, each would take more memory than the list itself.
"""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast, PlainValidator

_Item = TypeVar("_Item")


class Wire(BaseModel):
    """Members that we do not know are left alone: servers add their own."""

    model_config = ConfigDict(strict=True, extra="ignore")


def _labels(value: object) -> dict[str, str]:
    """All at once: pydantic would note each value that is no text."""
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise ValueError
    return value


Labels = Annotated[dict[str, str], PlainValidator(_labels)]
Listed = Annotated[list[_Item], FailFast()]

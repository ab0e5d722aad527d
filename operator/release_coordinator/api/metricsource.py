"""`MetricSource`: a Prometheus-compatible endpoint, written by the platform team.

Releases never carry URLs, so that writing a Release is not a way to make the operator call any
address (server-side request forgery).
"""

from typing import Annotated

from pydantic import Field

from .base import Duration, Model

# Printable ASCII without credentials ('@'), query ('?') and fragment ('#').
URL_PATTERN = r'^https?://[A-Za-z0-9._:\[\]-]+(/[!-"$->@-~]*)?$'


class MetricSourceSpec(Model):
    """Where queries go."""

    url: Annotated[str, Field(min_length=8, max_length=512, pattern=URL_PATTERN)] = Field(
        description="Base URL, without /api/v1/query and without credentials."
    )
    timeout: Duration = Field("5s", description="Time for one answer.")

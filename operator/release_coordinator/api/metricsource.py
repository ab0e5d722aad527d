"""`MetricSource`: a Prometheus-compatible endpoint, written by the platform team.

Releases never carry URLs, so that writing a Release is not a way to make the operator call any
address (server-side request forgery).
"""

from typing import Annotated

from pydantic import Field

from .base import Duration, Model


class MetricSourceSpec(Model):
    """Where queries go."""

    url: Annotated[
        str, Field(min_length=8, max_length=512, pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")
    ] = Field(description="Base URL, without /api/v1/query.")
    timeout: Duration = Field("5s", description="Time for one answer.")

"""The operator's account and the roles of people, with exactly the rights of the chart."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from tools import helm
from tools.bench.ground import RIGHTS, account


def chart_account(
    kubeconfig: Path, namespace: str, folder: Path, values: Mapping[str, str] | None = None
) -> Path:
    """Give a ServiceAccount what the chart gives it; return a kubeconfig with its token."""
    rendered = yaml.safe_load_all(helm.template(values, namespace=namespace))
    rights = [one for one in rendered if one and one["kind"] in RIGHTS]
    assert {one["kind"] for one in rights} == RIGHTS
    return account(kubeconfig, rights, namespace, folder / "account.kubeconfig")

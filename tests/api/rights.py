"""The operator's account and the roles of people, with exactly the rights of the chart."""

from collections.abc import Collection, Mapping
from pathlib import Path

import yaml
from tools import helm
from tools.bench.ground import RIGHTS, account


def chart_account(
    kubeconfig: Path,
    namespace: str,
    folder: Path,
    values: Mapping[str, str] | None = None,
    *,
    without: Collection[str] = (),
) -> Path:
    """Give a ServiceAccount what the chart gives it; return a kubeconfig with its token.

    `without` names resources that it may do nothing with.
    """
    rendered = yaml.safe_load_all(helm.template(values, namespace=namespace))
    rights = [one for one in rendered if one and one["kind"] in RIGHTS]
    assert {one["kind"] for one in rights} == RIGHTS
    for rule in (rule for one in rights for rule in one.get("rules", ())):
        rule["resources"] = [name for name in rule["resources"] if name not in without] or ["none"]
    return account(kubeconfig, rights, namespace, folder / "account.kubeconfig")

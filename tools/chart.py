"""Lints the chart with the values that people really set; `make chart`."""

import sys

import yaml
from tools import helm

# Each switch on and off at least once: a template that is never rendered is never checked.
VARIANTS: tuple[dict[str, str], ...] = (
    {},
    {
        "replicas": "2",
        "namespaces": "{shop,billing}",
        "gates.readResources[0].apiGroups": "{tekton.dev}",
        "gates.readResources[0].resources": "{pipelineruns,taskruns}",
        "networkPolicy.enabled": "true",
        "prometheusRule.enabled": "true",
        "dashboard.enabled": "true",
        "serviceMonitor.enabled": "true",
        "statusPage.enabled": "true",
        "statusPage.public.namespaces": "{shop}",
    },
    {
        "logs.enabled": "false",
        "image.digest": f"sha256:{'0' * 64}",
        "admission.enabled": "false",
        "podDisruptionBudget.enabled": "false",
        "rbac.aggregateToUserRoles": "false",
        "serviceAccount.create": "false",
        "signOffRoles": "{devops}",
        "statusPage.enabled": "true",
        "statusPage.from[0].podSelector.matchLabels.app": "proxy",
    },
)


def main() -> int:
    """Lint, then render every variant."""
    helm.lint()
    for values in VARIANTS:
        objects = [one for one in yaml.safe_load_all(helm.template(values)) if one]
        print(f"{len(objects)} objects with {values or 'the default values'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

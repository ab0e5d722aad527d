"""What a platform team puts into argocd-cm for our kinds: what the repository ships, merged in."""

RELEASE_HEALTH = """
hs = {status = "Progressing", message = ""}
if obj.spec.suspend then
  return {status = "Suspended", message = "suspended"}
end
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "not looked at yet"}
end
for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.type == "Stalled" and condition.status == "True" then
    return {status = "Degraded", message = condition.message}
  end
  if condition.type == "Ready" and condition.status == "True" then
    return {status = "Healthy", message = condition.message}
  end
end
return {status = "Progressing", message = obj.status.message}
"""

APPLICATION_HEALTH = """
hs = {status = "Progressing", message = ""}
if obj.status ~= nil and obj.status.health ~= nil then
  hs.status = obj.status.health.status
  hs.message = obj.status.health.message or ""
end
return hs
"""
"""Argo CD's own documentation has it: without it an app of apps does not wait for its children."""


def settings() -> dict[str, str]:
    """Return keys of argocd-cm."""
    return {
        "resource.customizations.health.release-coordinator.io_Release": RELEASE_HEALTH,
        "resource.customizations.health.argoproj.io_Application": APPLICATION_HEALTH,
    }

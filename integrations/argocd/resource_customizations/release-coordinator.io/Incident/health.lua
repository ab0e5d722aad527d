-- Health of an Incident: Healthy when nothing is left to do, Degraded until it is resolved.
local status = obj.status or {}
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "It is being deleted" }
end
if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not looked at the last edit yet" }
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local resolved, ready = conditions["Resolved"], conditions["Ready"]

if ready ~= nil and ready.status == "True" then
  return { status = "Healthy", message = "Resolved: " .. obj.spec.title }
end
if resolved ~= nil and resolved.status == "True" then
  -- The version that brings the fix may be weeks away.
  return { status = "Suspended", message = "Resolved, and to be followed up: " .. ((ready or {}).message or "") }
end
if resolved ~= nil then
  local severity = (status.severity or "") .. ", " .. obj.spec.state
  return { status = "Degraded", message = obj.spec.title .. " (" .. severity .. "). " .. (resolved.message or "") }
end
return { status = "Progressing", message = "The operator has not reported yet" }

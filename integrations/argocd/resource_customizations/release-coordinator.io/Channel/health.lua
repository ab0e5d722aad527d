-- Health of a Channel: whether messages arrive, and whether its texts can be used.
local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not looked at the last edit yet" }
end

local message = nil
for _, condition in ipairs(status.conditions or {}) do
  if condition.status == "False" then
    return { status = "Degraded", message = condition.message }
  end
  if condition.type == "Ready" then
    message = condition.message -- unknown as long as there was nothing to send: nothing to wait for
  end
end
if message == nil then
  return { status = "Progressing", message = "The operator has not reported yet" }
end
return { status = "Healthy", message = message }

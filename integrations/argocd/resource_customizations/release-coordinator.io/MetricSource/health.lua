-- Health of a MetricSource: whether it answers.
local status = obj.status or {}
if status.observedGeneration == obj.metadata.generation then
  for _, condition in ipairs(status.conditions or {}) do
    if condition.type == "Ready" and condition.status == "True" then
      return { status = "Healthy", message = condition.message }
    end
    if condition.type == "Ready" and condition.status == "False" then
      return { status = "Degraded", message = condition.message }
    end
  end
end
return { status = "Progressing", message = "The operator has not asked it yet" }

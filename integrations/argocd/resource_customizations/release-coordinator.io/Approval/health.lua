-- Health of an Approval: what a person has said. Whether it still counts, only the Release knows.
local spec = obj.spec
local subject = spec.role and ("role " .. spec.role) or ("gate " .. spec.gate)
local said = spec.decision .. " for " .. subject .. " of Release " .. spec.release .. " by " .. spec.by
if spec.comment ~= nil and spec.comment ~= "" then
  said = said .. ": " .. spec.comment
end
if spec.decision == "Rejected" then
  return { status = "Degraded", message = said }
end
return { status = "Healthy", message = said }

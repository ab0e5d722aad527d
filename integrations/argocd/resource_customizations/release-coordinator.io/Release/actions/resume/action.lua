-- End a suspension that was ordered, and a hold.
local annotations = obj.metadata.annotations or {}
local hold = ((obj.status or {}).attempt or {}).hold
local suspended = annotations["release-coordinator.io/suspend"] ~= nil
if not suspended and hold == nil then
  error("it is neither suspended by an order nor held", 0)
end
annotations["release-coordinator.io/suspend"] = nil
if hold ~= nil and hold.reason ~= "IrreversibleMigration" and hold.reason ~= "WorkloadReplaced" then
  annotations["release-coordinator.io/resume"] = hold.id
end
-- Who orders it, the API server knows; the name of who gave the last order would be wrong.
annotations["release-coordinator.io/ordered-by"] = nil
obj.metadata.annotations = annotations
return obj

-- Take the version back, and say why: "Security: leaks tokens".
local attempt = (obj.status or {}).attempt
if attempt == nil then
  error("there is no attempt yet: the operator has not begun one", 0)
end
local hold = attempt.hold or {}
local at_schema = attempt.trigger ~= nil
  and (hold.reason == "SchemaChanged" or hold.reason == "DataLoss" or hold.reason == "MigrationOutcomeUnknown")
local annotations = obj.metadata.annotations or {}
if at_schema then
  -- The hold is named: the order that has turned the attempt may still stand there.
  annotations["release-coordinator.io/rollback"] = hold.id
else
  annotations["release-coordinator.io/rollback"] = tostring(attempt.number)
  -- An Argo CD before 3.1 knows no parameters of an action.
  annotations["release-coordinator.io/rollback-reason"] = (actionParams or {})["reason"]
end
-- Who orders it, the API server knows; the name of who gave the last order would be wrong.
annotations["release-coordinator.io/ordered-by"] = nil
obj.metadata.annotations = annotations
return obj

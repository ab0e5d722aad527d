-- Try the same plan again.
local attempt = (obj.status or {}).attempt
if attempt == nil then
  error("there is no attempt yet: the operator has not begun one", 0)
end
local annotations = obj.metadata.annotations or {}
annotations["release-coordinator.io/retry"] = tostring(attempt.number)
-- Who orders it, the API server knows; the name of who gave the last order would be wrong.
annotations["release-coordinator.io/ordered-by"] = nil
obj.metadata.annotations = annotations
return obj

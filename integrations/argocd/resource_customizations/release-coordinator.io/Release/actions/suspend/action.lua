-- Begin nothing more. An annotation, because spec.suspend may be in Git.
local annotations = obj.metadata.annotations or {}
-- Whoever has suspended the way back too is not weakened by a click.
if annotations["release-coordinator.io/suspend"] ~= "All" then
  annotations["release-coordinator.io/suspend"] = "Forward"
end
-- Who orders it, the API server knows; the name of who gave the last order would be wrong.
annotations["release-coordinator.io/ordered-by"] = nil
obj.metadata.annotations = annotations
return obj

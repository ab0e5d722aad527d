-- Which orders the operator would obey now. A sign-off is none of them: here nobody has a name.
local attempt = (obj.status or {}).attempt or {}
local hold = attempt.hold or {}
local annotations = obj.metadata.annotations or {}
local deleting = obj.metadata.deletionTimestamp ~= nil

local ordered = annotations["release-coordinator.io/suspend"] ~= nil
local in_spec = (obj.spec or {}).suspend ~= nil
local held = hold.id ~= nil and hold.reason ~= "IrreversibleMigration" and hold.reason ~= "WorkloadReplaced"

local outcome = (attempt["end"] or {}).outcome
local begun = attempt.number ~= nil
local running = begun and outcome == nil
local forward = running and attempt.trigger == nil and hold.reason ~= "JournalBehind"

local confirming = false
for _, step in ipairs(attempt.steps or {}) do
  confirming = confirming or (step.id == "prepare/confirm" and step.state == "Running")
end
local unchanged = attempt.frozen ~= true or confirming

-- A rehearsal that went well, and a plan whose place another one took, are followed by themselves.
local followed = outcome == "Superseded"
  or (outcome == "RolledBack" and attempt["end"].reason == "Rehearsed")
local failed = outcome ~= nil and outcome ~= "Completed" and not followed

-- Held on the way back: a rollback leaves the schema, or goes past a migration that stays.
local at_schema = attempt.trigger ~= nil
  and (hold.reason == "SchemaChanged" or hold.reason == "DataLoss" or hold.reason == "MigrationOutcomeUnknown")
  and not ((hold.step or "") >= "migrate/" and (hold.step or "") < "migrate0")

local function action(possible, name, icon, params)
  local disabled = deleting or not possible
  return { disabled = disabled, displayName = name, iconClass = "fa-solid fa-fw " .. icon, params = params }
end

return {
  ["suspend"] = action(not ordered and not in_spec, "Suspend", "fa-pause"),
  ["resume"] = action((ordered or held) and not in_spec, "Resume", "fa-play"),
  ["retry"] = action(failed or (forward and unchanged), "Retry", "fa-rotate-right"),
  ["abort"] = action(forward and hold.reason ~= "MigrationOutcomeUnknown", "Abort", "fa-stop"),
  ["rollback"] = action(
    forward or (running and (at_schema or hold.reason == "IrreversibleMigration")),
    "Roll back",
    "fa-rotate-left",
    { { name = "reason" } }
  ),
}

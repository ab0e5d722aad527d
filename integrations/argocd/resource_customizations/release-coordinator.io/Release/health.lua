-- Health of a Release: what the operator reports in its status, in the words of Argo CD.

-- What it is while gates wait for people or for a time: "Suspended" or "Progressing".
local WAITING = "Suspended"

local function health(status, message)
  return { status = status, message = message }
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "It is being deleted; what becomes of its attempt is settled by spec.deletionPolicy")
end

local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "The operator has not looked at the last edit yet")
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is(kind, value)
  return conditions[kind] ~= nil and conditions[kind].status == value
end

-- A gate is shut, and no Job of a gate is under way that may open it.
local function waits()
  if (status.phase ~= "Gating" and status.phase ~= "Preparing") or not is("GatesPassed", "False") then
    return false
  end
  for _, step in ipairs((status.attempt or {}).steps or {}) do
    if step.state == "Running" and step.id ~= "gates" and step.id ~= "prepare/confirm" then
      return false
    end
  end
  return true
end

if is("Stalled", "True") then
  if status.phase == "Suspended" then
    return health("Suspended", status.message)
  end
  return health("Degraded", status.message)
end
if is("Ready", "True") then
  return health("Healthy", status.message)
end
if waits() then
  local explain = "kubectl release explain " .. obj.metadata.name .. " -n " .. obj.metadata.namespace
  return health(WAITING, (status.message or "") .. ". What each gate needs: " .. explain)
end
return health("Progressing", status.message)

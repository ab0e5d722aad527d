"""The default texts of messages: for each event a title, then sentences.

A sentence that mentions something unknown is left out. Used by `render.message`.
"""

from collections.abc import Mapping

from release_coordinator.api.channel import Event

Texts = Mapping[Event, tuple[str, ...]]

_WHAT = "Release {release} in namespace {namespace}, attempt {attempt}, version {version}."
_FROM = "Running now: {previous_version}."
_NEXT = "What to do: {command}"

ENGINEERING: Texts = {
    Event.WINDOW_ANNOUNCED: (
        "{release} {version}: deployment from {opens_at}",
        _WHAT,
        _FROM,
        "Window: {message}.",
        "What it still waits for: kubectl release explain {release} -n {namespace}",
    ),
    Event.SIGN_OFF_NEEDED: (
        "{release} {version} waits for the sign-off of: {role}",
        _WHAT,
        "{role}: first look at the plan: kubectl release plan {release} -n {namespace}",
        "To sign: {command}",
        "To reject, with the reason: the same with reject, and --comment.",
    ),
    Event.GATE_FAILED: (
        "{release} {version}: gate {gate} does not pass",
        _WHAT,
        "{role} must act: {message}.",
        "Details: {command}",
    ),
    Event.STARTED: (
        "{release} {version}: deployment started",
        _WHAT,
        "Version before: {previous_version}.",
        "To follow it: kubectl release watch {release} -n {namespace}",
    ),
    Event.STEP_FAILED: (
        "{release} {version}: a step failed",
        _WHAT,
        "Failed: {step}.",
        "Found: {message}.",
        "{role} looks at it first: {command}",
    ),
    Event.HELD: (
        "{release} {version} is held: a person must decide",
        _WHAT,
        "Why: {reason}: {message}.",
        _NEXT,
    ),
    Event.ROLLBACK_STARTED: (
        "{release} {version}: rolling back",
        _WHAT,
        "Going back to {previous_version}.",
        "Why: {reason}: {message}.",
        "Ordered by {by}.",
        "To follow it: {command}",
    ),
    Event.ROLLED_BACK: (
        "{release} {version}: rolled back",
        _WHAT,
        "Running again, and verified: {previous_version}.",
        "Why: {reason}: {message}.",
        "The same plan is not tried again until it changes or somebody says so. {command}",
    ),
    Event.ROLLBACK_FAILED: (
        "{release} {version}: THE ROLLBACK FAILED, a person must act now",
        _WHAT,
        "Neither {version} nor the version before is known to be whole.",
        "Found: {reason}: {message}.",
        "Looks at it with you: {role}.",
        "On-call: {command}",
    ),
    Event.REHEARSED: (
        "{release} {version}: the way back is rehearsed",
        _WHAT,
        "{message}.",
        "The next attempt goes forward by itself.",
    ),
    Event.COMPLETED: (
        "{release} {version}: completed",
        _WHAT,
        "Version before: {previous_version}.",
        "{message}.",
    ),
    Event.NOTES_PUBLISHED: (
        "{release} {version}: release notes",
        "{notes}",
        "The whole text: {command}",
    ),
    Event.FAILED: (
        "{release} {version}: ended before anything was changed",
        _WHAT,
        "Still running: {previous_version}.",
        "Why: {reason}: {message}.",
        "{role} looks at it first: {command}",
    ),
    Event.INCIDENT_CHANGED: (
        "{release}: incident {incident} is {state}",
        "{message}.",
        "Severity: {severity}.",
        "Decision: {decision}.",
        "Reason: {reason}.",
        "Impact: {impact}.",
        "Details and what is left to do: {command}",
    ),
}

BUSINESS: Texts = {
    Event.WINDOW_ANNOUNCED: (
        "{release} {version} is planned for {opens_at}",
        "Version {version} of {release} is going to be deployed, not before {opens_at}.",
        "Until then users work with {previous_version}; nothing has changed yet.",
        "You need do nothing, unless you are asked for your sign-off.",
    ),
    Event.SIGN_OFF_NEEDED: (
        "Your decision is needed: may {release} {version} go live?",
        "Version {version} of {release} is ready and waits for the consent of: {role}.",
        "Nothing is changed before you agree. Users work with {previous_version} meanwhile.",
        "If you agree, sign it off, or ask the release manager to show you how: {command}",
        "If you do not agree, tell the release manager why.",
    ),
    Event.GATE_FAILED: (
        "{release} {version} is delayed",
        "One of the checks before the release does not pass yet ({gate}).",
        "Who takes care of it: {role}.",
        "Users work with {previous_version} meanwhile; they notice nothing.",
        "You need do nothing.",
    ),
    Event.STARTED: (
        "{release} {version} is being deployed now",
        "Version {version} of {release} replaces {previous_version}.",
        "You will be told when it is done, or if it is taken back. You need do nothing.",
    ),
    Event.STEP_FAILED: (
        "{release} {version}: there is a problem",
        "Something did not go as planned while {release} was deployed.",
        "Who takes care of it: {role}.",
        "You will be told how it goes on. You need do nothing.",
    ),
    Event.HELD: (
        "{release} {version} has been stopped for a decision",
        "{release} {version} stands still until an engineer decides how it goes on.",
        "If users report problems, tell the release manager. You need do nothing else.",
    ),
    Event.ROLLBACK_STARTED: (
        "{release} {version} is being taken back",
        "Version {version} of {release} is not good enough.",
        "The version before, {previous_version}, is being restored.",
        "You will be told when it is done. You need do nothing.",
    ),
    Event.ROLLED_BACK: (
        "{release} {version} was taken back",
        "Users work with the version before, {previous_version}, again. It was checked and works.",
        "What version {version} was to bring comes later: the engineers correct it first.",
        "If you have announced it, tell those who wait for it. You need do nothing else.",
    ),
    Event.ROLLBACK_FAILED: (
        "{release} does not work as it should",
        "Version {version} of {release} could not be taken back. Users may notice it.",
        "The engineers on call are repairing it.",
        "Tell those who depend on {release}, and stay within reach.",
    ),
    Event.REHEARSED: (
        "{release} {version}: the emergency exit was tried and works",
        "The way back from version {version} of {release} was tried out, as planned.",
        "You need do nothing.",
    ),
    Event.COMPLETED: (
        "{release} {version} is live",
        "Users work with version {version} of {release} now. It was checked and watched.",
        "It replaces {previous_version}.",
        "You need do nothing.",
    ),
    Event.NOTES_PUBLISHED: (
        "What is new in {release} {version}",
        "{notes}",
        "You need do nothing.",
    ),
    Event.FAILED: (
        "{release} {version} was called off",
        "Version {version} of {release} does not come for now.",
        "Users work with {previous_version} as before; nothing was changed.",
        "The engineers look at it. You need do nothing.",
    ),
    Event.INCIDENT_CHANGED: (
        "{release}: problem {state}",
        "{message}.",
        "How bad: {severity}.",
        "Decision: {decision}.",
        "What users notice: {impact}.",
        "Where it is written down: incident {incident}. You need do nothing.",
    ),
}

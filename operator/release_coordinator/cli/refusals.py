"""What the API server refuses a person, in that person's words: what is missing, who grants it.

Pure; used by `cli.commands`. The server's own sentence is kept where it says what to change.
"""

import ast
import re

from release_coordinator.errors import Denied, ReleaseCoordinatorError

_CALL = re.compile(r"^[\w-]+ \S+: [0-9]{3} ")
"""How our own client begins each message: verb, path and code."""
_RBAC = re.compile(
    r'User "(?P<user>[^"]+)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" '
    r'in API group "(?P<group>[^"]*)"'
)
_POLICY = re.compile(r"denied request: (?P<said>.+)$", re.DOTALL)


def said(error: ReleaseCoordinatorError) -> str:
    """What the API server says, without the technical beginning."""
    text = _unquoted(_CALL.sub("", str(error)))
    policy = _POLICY.search(text)
    return policy["said"] if policy else text


def in_words(error: ReleaseCoordinatorError, namespace: str, cluster_role: str) -> str:
    """A refusal as one message; a missing right with the command that grants it.

    Args:
        error: of the call.
        namespace: in which the right is missing.
        cluster_role: grants it when it is bound there.
    """
    missing = _RBAC.search(str(error)) if isinstance(error, Denied) else None
    if missing is None:
        return said(error)
    user, resource = missing["user"], missing["resource"]
    full = f"{resource}.{missing['group']}" if missing["group"] else resource
    return (
        f"{user} may not {missing['verb']} {resource} in namespace {namespace!r}: the verb "
        f"{missing['verb']} on {full} is missing.\n"
        f"ClusterRole {cluster_role} grants it. Whoever gives rights in this namespace runs:\n"
        f"  kubectl -n {namespace} create rolebinding {cluster_role}-{_label(user)} "
        f"--clusterrole={cluster_role} --user={user}"
    )


def _unquoted(text: str) -> str:
    """Our client quotes what a server says, because it may be anything."""
    try:
        value = ast.literal_eval(text) if text[:1] in {"'", '"'} else text
    except (SyntaxError, ValueError):
        return text
    return value if isinstance(value, str) else text


def _label(user: str) -> str:
    """A user name as part of an object's name."""
    return re.sub(r"[^a-z0-9]+", "-", user.lower()).strip("-") or "user"

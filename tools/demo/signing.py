"""The sign-offs of a release in the demo: who must act, a forgery that is refused, two signatures.

Called by `demo.acts` after a Release was applied. Every person uses credentials of their own.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

from tools.cluster.shell import CommandError
from tools.demo.narrator import Narrator
from tools.lab.following import Change
from tools.lab.kubectl import Body
from tools.lab.lab import Lab, WaitedTooLongError
from tools.lab.people import Person

from release_coordinator.api.codec import ReleaseObject, parse_release

SIGNERS = {"qa": "quinn", "security": "sasha"}
"""Role -> who has it by the RoleBindings of the bookshop."""
COMMENTS = {"qa": "regression tests passed", "security": "the scan is clean"}
SIGN_OFF = "SignOff/"
_PATIENCE = 300.0
_EXPLAIN_LINES = 24


def people(lab: Lab) -> Mapping[str, Person]:
    """Return who signs, by role; each gets a new client certificate."""
    return {role: lab.person(name) for role, name in SIGNERS.items()}


class Ceremony:
    """Brings one release through its sign-offs."""

    def __init__(
        self, lab: Lab, namespace: str, signers: Mapping[str, Person], narrator: Narrator
    ) -> None:
        self._lab = lab
        self._namespace = namespace
        self._signers = signers
        self._narrator = narrator

    def sign(self, *, slowly: bool) -> None:
        """Sign as soon as nothing else is missing; slowly: show who must act, and a forgery."""
        changes = self._lab.changes(self._namespace, _PATIENCE)
        words = self._lab.words(self._namespace, _PATIENCE)
        with closing(changes), closing(words):
            release = self._until(changes, _only_signatures_miss)
            if release is None:
                return
            if slowly:
                self._show(release)
                self._forge(release)
            signed = 0.0
            for role, signer in self._signers.items():
                self._narrator.say(
                    f"{signer.name}: kubectl release approve bookshop -n {self._namespace} "
                    f'--role {role} --comment "{COMMENTS[role]}"'
                )
                signer.signs(release, role, COMMENTS[role])
                signed = _stored(words, release, signer)
            went_on = self._first(changes, _begun)
            took = (went_on.at - signed) * 1000
            self._narrator.say(f"the next step began {took:.0f} ms after the last signature")

    def _until(
        self, changes: Iterator[Change], condition: Callable[[ReleaseObject], bool]
    ) -> Body | None:
        """The first state for which it holds; None if the attempt ended before."""
        change = self._first(changes, lambda one: condition(one) or _ended(one))
        return change.body if condition(parse_release(change.body)) else None

    def _first(
        self, changes: Iterator[Change], condition: Callable[[ReleaseObject], bool]
    ) -> Change:
        for change in changes:
            release = parse_release(change.body)
            self._narrator.tell(release)
            if release.status.observed_generation == release.generation and condition(release):
                return change
        raise WaitedTooLongError(f"bookshop was not ready to be signed after {_PATIENCE:g} s")

    def _show(self, release: Body) -> None:
        digest = release["status"]["digest"]
        self._narrator.say(f"nothing else is missing; the plan to be signed is {digest[:19]}…")
        self._narrator.say(f"kubectl release explain bookshop -n {self._namespace}")
        for line in self._lab.explain(self._namespace).splitlines()[:_EXPLAIN_LINES]:
            self._narrator.say(f"  | {line}")

    def _forge(self, release: Body) -> None:
        """Let one signer write the other's signature."""
        (role, victim), (_, forger) = self._signers.items()
        self._narrator.say(f"{forger.name} writes an Approval for {role} in {victim.name}'s name:")
        try:
            forger.says(release, role, by=victim.name)
        except CommandError as refusal:
            words = str(refusal).splitlines()[-1]
            self._narrator.say(f"  refused: {words.partition('denied request: ')[2] or words}")
        else:
            raise ValueError("a forged signature was stored")


def _shut(release: ReleaseObject) -> set[str]:
    attempt = release.status.attempt
    return {gate.name for gate in attempt.gates if not gate.opens} if attempt else set()


def _only_signatures_miss(release: ReleaseObject) -> bool:
    attempt = release.status.attempt
    shut = _shut(release)
    return (
        attempt is not None
        and attempt.end is None
        and bool(shut)
        and all(name.startswith(SIGN_OFF) for name in shut)
    )


def _begun(release: ReleaseObject) -> bool:
    """Whether all gates have passed and something came after them."""
    attempt = release.status.attempt
    return attempt is not None and any(s.id.startswith("prepare/") for s in attempt.steps)


def _ended(release: ReleaseObject) -> bool:
    attempt = release.status.attempt
    return attempt is not None and attempt.end is not None


def _stored(words: Iterator[Change], release: Body, signer: Person) -> float:
    """When somebody's signature of this plan was seen in the API server."""
    wanted = (release["status"]["digest"], signer.name)
    for change in words:
        said = change.body["spec"]
        if (said["digest"], said["by"]) == wanted:
            return change.at
    raise WaitedTooLongError(f"the signature of {signer.name} was not seen")

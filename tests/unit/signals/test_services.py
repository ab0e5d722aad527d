"""Slack, Teams and mail, as docs/messages.md writes their URLs: the requests that apprise makes.

The services are not asked. Requests to their hosts end at a server of this host, behind a proxy, so
that what is sent, and where, is what they would get; certificates are not checked (`verify=no`).
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.receiver import Receiver, listening
from tests.fakes.services import Mailbox, Tunnel, certificate, served

from release_coordinator.signals.addresses import APIServer
from release_coordinator.signals.post import Post, Receipt

TITLE, BODY = "bookshop 1.3.0: completed", "It runs & stayed good.\n\nMessage bookshop-3-0123456789"
PATIENCE = 120.0
"""Seconds for one message, on a machine that has other things to do."""
SLOWLY = "cto=60&rto=60"
"""apprise gives up after 4 s else."""
HERE = f"?verify=no&{SLOWLY}"
SLACK = f"slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#releases{HERE}"
BOT = f"slack://xoxb-1234-1234-abc124/#releases{HERE}"
TEAMS = f"workflows://prod-01.westeurope.logic.azure.com:443/643e69f83c/a-signature_1/{HERE}"
MATTERMOST = f"mmosts://mattermost.example.com/3ccdd113474722377935511fc85d3dd4{HERE}"
MAIL = f"from=releases@example.com&to=bo@example.com&mode=insecure&{SLOWLY}"


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    made = Post(APIServer(), allow_loopback=True)
    yield made
    await made.close()


@pytest.fixture
async def internet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Receiver, Tunnel]]:
    """Every host there is, and the proxy that leads to it."""
    async with listening(Receiver(answer="ok"), certificate(tmp_path)) as receiver:
        tunnel = Tunnel(receiver.port)
        async with served(tunnel):
            for name in ("HTTPS_PROXY", "https_proxy"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{tunnel.port}")
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.delenv(name, raising=False)
            yield receiver, tunnel


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    made = Mailbox()
    async with served(made):
        yield made


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        (SLACK, "hooks.slack.com", "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"),
        (
            TEAMS,
            "prod-01.westeurope.logic.azure.com",
            "/workflows/643e69f83c/triggers/manual/paths/invoke",
        ),
        (MATTERMOST, "mattermost.example.com", "/hooks/3ccdd113474722377935511fc85d3dd4"),
    ],
    ids=["slack", "teams", "mattermost"],
)
async def test_a_chat_gets_the_message_at_its_own_address(
    post: Post, internet: tuple[Receiver, Tunnel], url: str, host: str, path: str
) -> None:
    receiver, tunnel = internet

    receipt = await post.apprise(url, TITLE, BODY, PATIENCE)

    assert receipt == Receipt()
    assert tunnel.asked == [f"{host}:443"]
    (request,) = receiver.got
    assert request.path == path
    assert request.headers["content-type"].startswith("application/json")
    text = json.dumps(request.json).replace("\\\\", "")  # Teams reads Markdown, so it is escaped
    assert TITLE in text
    assert "It runs &" in text.replace("&amp;", "&")
    assert "Message bookshop-3-0123456789" in text


async def test_slack_is_told_the_channel_and_teams_gets_a_card(
    post: Post, internet: tuple[Receiver, Tunnel]
) -> None:
    receiver, _ = internet

    await post.apprise(SLACK, TITLE, BODY, PATIENCE)
    await post.apprise(TEAMS, TITLE, BODY, PATIENCE)

    slack, teams = (one.json for one in receiver.got)
    assert slack["channel"] == "#releases"
    (card,) = teams["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"


@pytest.mark.parametrize("url", [SLACK, BOT, TEAMS], ids=["slack", "slack bot", "teams"])
async def test_a_chat_that_refuses_is_told_without_the_token(
    post: Post, internet: tuple[Receiver, Tunnel], url: str
) -> None:
    internet[0].status = 403

    receipt = await post.apprise(url, TITLE, BODY, PATIENCE)

    assert receipt == Receipt("answered with HTTP 403")


async def test_slack_that_says_no_with_a_yes_of_http_is_told(
    post: Post, internet: tuple[Receiver, Tunnel]
) -> None:
    internet[0].answer = '{"ok": false, "error": "invalid_auth"}'

    receipt = await post.apprise(BOT, TITLE, BODY, PATIENCE)

    assert receipt.problem.startswith("answered with HTTP 200, but did not take the message")


async def test_a_certificate_that_nobody_trusts_is_told(
    post: Post, internet: tuple[Receiver, Tunnel]
) -> None:
    receipt = await post.apprise(TEAMS.replace("verify=no&", ""), TITLE, BODY, PATIENCE)

    assert internet[0].got == []
    assert receipt == Receipt("has a certificate that nobody here trusts")


async def test_mail_is_given_to_the_server_with_sender_recipient_and_subject(
    post: Post, mailbox: Mailbox
) -> None:
    url = f"mailto://ada:hunter2@127.0.0.1:{mailbox.port}?{MAIL}"

    receipt = await post.apprise(url, TITLE, BODY, PATIENCE)

    assert receipt == Receipt()
    assert mailbox.logins == [("ada", "hunter2")]
    ((sender, recipients, mail),) = mailbox.mail
    assert (sender, recipients) == ("releases@example.com", ["bo@example.com"])
    assert mail["subject"] == TITLE
    assert "Message bookshop-3-0123456789" in mail.as_string()


async def test_words_of_the_message_are_not_taken_for_the_trouble(
    post: Post, internet: tuple[Receiver, Tunnel]
) -> None:
    receiver, tunnel = internet
    tunnel.leads_to = 1  # nobody listens there

    receipt = await post.apprise(TEAMS, "the request timed out", "authentication failed", PATIENCE)

    assert receiver.got == []
    assert receipt == Receipt("cannot be reached")


async def test_a_mail_server_that_does_not_know_us_is_told(post: Post, mailbox: Mailbox) -> None:
    mailbox.accepts = False

    receipt = await post.apprise(
        f"mailto://ada:hunter2@127.0.0.1:{mailbox.port}?{MAIL}", TITLE, BODY, PATIENCE
    )

    assert receipt == Receipt("does not accept the credentials")

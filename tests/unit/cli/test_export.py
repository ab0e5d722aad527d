"""`kubectl release export` and `verify`: files, keys, what people read, and exit codes."""

import json
from pathlib import Path

import pytest
import yaml
from tests import goldens
from tests.exports import KEY, OTHER, ed25519_key, made, private_pem, public_pem, sealed, trusted
from tests.records import broken, completed, rehearsed
from tests.unit.cli.pages import text_of

from release_coordinator.api.export import PAYLOAD_LIMIT, PAYLOAD_TYPE
from release_coordinator.api.release import WorkloadRef
from release_coordinator.cli import exporting
from release_coordinator.cli import main as cli
from release_coordinator.cli.commands.export import EXPORT_EXAMPLES
from release_coordinator.cli.exportpage import page
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.engine.exporting import workload_of
from release_coordinator.render.export import config_map
from release_coordinator.signed import dsse
from release_coordinator.signed.exports import proved

GOLDEN = Path(__file__).parent / "golden"
EXPORT = made(rehearsed(3), completed(4))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """An export as the plugin writes it, and the public key."""
    body = config_map("bookshop", sealed(EXPORT))
    (tmp_path / "export.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
    (tmp_path / "staging.pub").write_text(public_pem(KEY), encoding="utf-8")
    (tmp_path / "other.pub").write_text(public_pem(OTHER), encoding="utf-8")
    return tmp_path


def verify(files: Path, name: str = "export.yaml", *options: str, key: str = "staging.pub") -> int:
    return cli.run(["verify", str(files / name), "--key", str(files / key), *options])


def test_a_good_export_is_told_with_what_it_proves(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(files) == 0
    said = capsys.readouterr().out
    assert "nothing was changed" in said
    assert "shop-staging/bookshop" in said


def test_the_page_reads_as_in_its_golden_file() -> None:
    told = [workload_of("backend", WorkloadRef(name="b"), {"env/A": "1", "env/TOKEN": "x"}, "s")]
    full = EXPORT.model_copy(update={"configuration": told})
    now = EXPORT.exported_at.replace(hour=23)

    pages = [text_of(page(one, "staging.pub", now)) for one in (full, EXPORT)]

    goldens.check(GOLDEN / "verify.txt", "\n".join(pages))


def test_an_export_is_verified_for_programs_too(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(files, "export.yaml", "-o", "json") == 0
    good = json.loads(capsys.readouterr().out)
    assert verify(files, "export.yaml", "-o", "json", key="other.pub") == 1
    bad = json.loads(capsys.readouterr().out)

    assert (good["verified"], good["export"]["version"]) == (True, "1.3.0")
    assert bad == {
        "verified": False,
        "problem": f"bears no signature of {files / 'other.pub'}",
    }


def test_a_changed_or_foreign_export_is_refused_with_exit_code_1(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (files / "export.yaml").read_text(encoding="utf-8")
    (files / "cut.yaml").write_text(text[: len(text) // 2] + "'\n", encoding="utf-8")

    assert verify(files, key="other.pub") == 1
    assert "Not to be believed: it bears no signature" in capsys.readouterr().out
    assert verify(files, "cut.yaml") == 1
    assert "was cut off" in capsys.readouterr().out


def test_the_bare_envelope_is_verified_as_well(files: Path) -> None:
    (files / "export.json").write_text(sealed(EXPORT), encoding="utf-8")

    assert verify(files, "export.json") == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "neither YAML nor JSON"),
        ("kind: ConfigMap\ndata: {other: x}\n", "has no key staging.dsse.json"),
        ("kind: ConfigMap\ndata: []\n", "has no key staging.dsse.json"),
    ],
)
def test_a_file_without_an_export_is_no_answer(
    files: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (files / "wrong.yaml").write_text(text, encoding="utf-8")

    assert verify(files, "wrong.yaml") == 3
    assert words in capsys.readouterr().err


def test_files_that_cannot_be_used_are_named(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "binary").write_bytes(b"\xff\xfe")
    (files / "no.pub").write_text("no key", encoding="utf-8")

    assert verify(files, "missing.yaml") == 3
    assert "missing.yaml cannot be read: No such file" in capsys.readouterr().err
    assert verify(files, "binary") == 3
    assert "is no text" in capsys.readouterr().err
    assert verify(files, key="no.pub") == 3
    assert "no.pub cannot be used: it is no public key in PEM" in capsys.readouterr().err


# Signing.


def signed(tmp_path: Path, pem: bytes) -> str:
    file = tmp_path / "key.pem"
    file.write_bytes(pem)
    return exporting.envelope(exporting.statement(EXPORT), file)


def test_what_is_signed_is_what_production_believes(tmp_path: Path) -> None:
    assert proved(signed(tmp_path, private_pem(KEY)), (trusted(),)).export == EXPORT


def test_the_password_of_a_key_is_taken_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = private_pem(ed25519_key(), b"correct horse")

    with pytest.raises(UnansweredError, match="put it into RELEASE_KEY_PASSWORD"):
        signed(tmp_path, pem)
    monkeypatch.setenv("RELEASE_KEY_PASSWORD", "correct horse")
    assert dsse.read(signed(tmp_path, pem)).payload_type == PAYLOAD_TYPE


def test_how_to_make_a_key_is_told_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(UnansweredError, match="openssl genpkey -algorithm ed25519 -out"):
        signed(tmp_path, public_pem(KEY).encode())
    with pytest.raises(UnansweredError, match=r"missing\.pem cannot be read"):
        exporting.envelope(b"x", tmp_path / "missing.pem")


def test_no_command_is_told_that_would_overwrite_a_key_of_another_use(tmp_path: Path) -> None:
    with pytest.raises(UnansweredError) as refused:
        signed(tmp_path, b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")

    assert f"-out {tmp_path}" not in str(refused.value)


def test_old_records_are_left_out_of_what_would_be_too_large() -> None:
    text = "x" * 1024
    step = completed(1).timeline[0].model_copy(update={"message": text[:256]})
    long = [
        broken(number, message=text, timeline=[step] * 150, rollback=None) for number in range(1, 9)
    ]
    full = made(*long)

    payload = exporting.statement(full)

    said = json.loads(payload)["predicate"]["records"]
    assert len(payload) <= PAYLOAD_LIMIT
    assert 0 < len(said) < 8
    assert said[-1]["spec"]["attempt"] == 8, "the newest ones are kept"


def test_one_that_is_too_large_whatever_is_left_out_says_what_to_do() -> None:
    entries = {f"env/{number:04}": "x" * 250 for number in range(1000)}
    told = [workload_of("backend", WorkloadRef(name="b"), entries, "salt")]
    large = EXPORT.model_copy(update={"configuration": told})

    with pytest.raises(UnansweredError, match="--no-configuration"):
        exporting.statement(large)


def test_a_record_that_is_too_large_by_itself_is_not_told_to_leave_out_what_is_not_there() -> None:
    step = completed(1).timeline[0].model_copy(update={"message": "€" * 256})

    with pytest.raises(UnansweredError, match=r"ReleaseRecord bookshop-1-.* alone is too large"):
        exporting.statement(made(completed(1, timeline=[step] * 160)))


def test_help_and_notes_name_the_same_variable() -> None:
    assert exporting.PASSWORD in EXPORT_EXAMPLES

"""What arrives as an export: believed whole, or not at all, and never an exception."""

import base64
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exports import (
    KEY,
    OTHER,
    carried,
    ed25519_key,
    enveloped,
    made,
    p256_key,
    payload,
    sealed,
    trusted,
)
from tests.records import completed, rehearsed

from release_coordinator.api.export import ENVELOPE_LIMIT, PAYLOAD_TYPE, StagingExport
from release_coordinator.engine.exportfacts import ExportFact, ExportFault, TrustedKey
from release_coordinator.engine.exporting import statement_of
from release_coordinator.signed import dsse
from release_coordinator.signed.exports import proved
from release_coordinator.signed.keys import PrivateKey

TRUSTED = (trusted(),)


@cache
def export() -> StagingExport:
    return made(rehearsed(3), completed(4))


@cache
def good() -> str:
    return sealed(export())


def believed(text: str, *keys: TrustedKey) -> ExportFact:
    return proved.__wrapped__(text, keys or TRUSTED)


def statement(**changes: Any) -> bytes:
    return json.dumps(statement_of(export()) | changes).encode()


def predicate(**changes: Any) -> bytes:
    return statement(predicate=export().to_wire() | changes)


def dated(moment: str) -> bytes:
    """With another time in a record."""
    said = export().to_wire()
    said["records"][1]["spec"]["startedAt"] = moment
    return predicate(records=said["records"])


@pytest.mark.parametrize("key", [ed25519_key(), p256_key()])
def test_what_was_exported_comes_back_as_it_was(key: PrivateKey) -> None:
    fact = believed(sealed(export(), key), trusted(key))

    assert fact == ExportFact(export(), "ci")


def test_each_of_several_keys_may_have_signed_alone_while_one_replaces_another() -> None:
    old, new = trusted(OTHER, "2025"), trusted(KEY, "2026")

    assert believed(good(), old, new).key == "2026"
    assert believed(sealed(export(), OTHER), old, new).key == "2025"


def test_a_key_that_the_policy_does_not_name_vouches_for_nothing() -> None:
    fact = believed(good(), trusted(OTHER, "ci-2025"))

    assert (fact.export, fact.fault) == (None, ExportFault.UNTRUSTED)
    assert fact.problem == "bears no signature of ci-2025"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_change_of_one_character_makes_another_export(data: st.DataObject) -> None:
    """Signature and payload admit none at all; a key id or a space proves nothing either way."""
    at = data.draw(st.integers(0, len(good()) - 1))
    other = data.draw(st.characters(codec="utf-8"))
    changed = good()[:at] + other + good()[at + 1 :]

    found = believed(changed).export

    assert found is None or found == export()


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(["payload", "sig"]))
def test_no_other_character_in_payload_or_signature_is_taken(
    data: st.DataObject, where: str
) -> None:
    start = good().index(f'"{where}":"') + len(where) + 4
    at = data.draw(st.integers(start, good().index('"', start) - 1))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_"
    other = data.draw(st.sampled_from(alphabet))
    if other == good()[at]:
        return

    assert believed(good()[:at] + other + good()[at + 1 :]).export is None


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_changed_byte_is_covered_by_the_signature(data: st.DataObject) -> None:
    content = payload(export())
    at, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(content)
    changed[at] ^= 1 << bit
    said = json.loads(good())
    said["payload"] = base64.b64encode(changed).decode()

    assert believed(json.dumps(said)).fault is ExportFault.UNTRUSTED


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_was_cut_off_is_refused(data: st.DataObject) -> None:
    fact = believed(good()[: data.draw(st.integers(0, len(good()) - 1))])

    assert fact.fault is ExportFault.UNUSABLE
    assert fact.problem


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["payload", "payloadType", "signatures", "sig", "keyid"]), inner
                )
            ),
            max_leaves=8,
        ).map(json.dumps),
    )
)
def test_whatever_is_there_instead_is_told_in_words(text: str) -> None:
    fact = believed(text)

    assert fact.fault is ExportFault.UNUSABLE
    assert fact.problem


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([*export().to_wire(), "records"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
)
def test_whatever_a_trusted_key_has_signed_is_told_in_words(field: str, value: Any) -> None:
    fact = believed(enveloped(predicate(**{field: value})))

    assert fact.export is not None or fact.problem


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 30_000, "1" * 100_000, '{"payloadType": "\udc80"}', ""]
)
def test_what_is_made_to_hurt_a_parser_does_not(text: str) -> None:
    assert believed(text).fault is ExportFault.UNUSABLE


def test_a_text_that_is_too_large_is_not_parsed() -> None:
    fact = believed(good() + " " * ENVELOPE_LIMIT)

    assert fact.problem == "it is larger than 224 KiB"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (statement(predicateType="https://slsa.dev/provenance/v1"), "no export that this operator"),
        (statement(_type="https://in-toto.io/Statement/v0.1"), "no export that this operator"),
        (statement(predicate=None), "predicate must be an object"),
        (predicate(version="newest"), "predicate.version"),
        (predicate(exportedAt="yesterday"), "predicate.exportedAt"),
        (dated("0001-01-01T00:00:00+23:59"), "predicate.records[1].spec.startedAt"),
        (predicate(releaseUid="another"), "is a record of another Release"),
        (predicate(version="1.3.1"), "is about version 1.3.0, not 1.3.1"),
        (b"[]", "no JSON object"),
        (b"\xff", "not UTF-8"),
        (b'{"predicate": NaN}', "no JSON"),
    ],
)
def test_what_the_key_has_signed_for_another_purpose_proves_nothing(
    content: bytes, words: str
) -> None:
    fact = believed(enveloped(content))

    assert fact.fault is ExportFault.UNUSABLE
    assert words in fact.problem


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}, "deep"])
def test_what_no_api_server_would_have_stored_in_an_inline_workload_is_told(value: Any) -> None:
    """Its content is free, so that no type refuses it; a digest of it cannot be computed."""
    if value == "deep":
        value = json.loads('{"a":' * 400 + "1" + "}" * 400)
    said = export().to_wire()
    component = said["records"][1]["spec"]["plan"]["components"][0]
    del component["workloadRef"]
    component["workload"] = {"name": "api", "spec": {"template": value}}

    fact = believed(enveloped(predicate(records=said["records"])))

    assert fact.fault is ExportFault.UNUSABLE
    assert "can have written" in fact.problem


def test_the_time_of_an_export_is_as_exact_as_the_journal_that_remembers_it() -> None:
    """One that is finer would be news in every pass."""
    fact = believed(enveloped(predicate(exportedAt="2026-11-26T10:00:00.123456+02:00")))

    assert fact.export is not None
    assert fact.export.exported_at.isoformat() == "2026-11-26T08:00:00.123000+00:00"


def test_a_statement_is_not_taken_under_another_payload_type() -> None:
    fact = believed(enveloped(payload(export()), kind="application/json"))

    assert "no in-toto Statement (application/json)" in fact.problem


def test_a_signature_over_another_type_does_not_count() -> None:
    said = json.loads(enveloped(payload(export()), kind="application/json"))
    said["payloadType"] = PAYLOAD_TYPE

    assert believed(json.dumps(said)).fault is ExportFault.UNTRUSTED


def test_a_key_that_cannot_be_used_is_named_and_the_others_count() -> None:
    broken = TrustedKey("old", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")

    assert believed(good(), broken, trusted()).key == "ci"
    alone = believed(good(), broken)
    assert alone.fault is ExportFault.NO_KEY
    assert alone.problem.startswith("old cannot be used: it is no public key in PEM")
    assert "(old cannot be used" in believed(good(), broken, trusted(OTHER)).problem


def test_too_many_signatures_are_not_tried() -> None:
    said = json.loads(good())
    said["signatures"] *= dsse.SIGNATURES_LIMIT + 1

    assert "one to 4 signatures" in believed(json.dumps(said)).problem


def test_a_signature_beside_one_of_somebody_else_counts() -> None:
    said = json.loads(good())
    said["signatures"] = json.loads(sealed(export(), OTHER))["signatures"] + said["signatures"]

    assert believed(json.dumps(said)).key == "ci"


def test_the_signature_is_over_type_and_payload_as_the_specification_says() -> None:
    signed = dsse.signed_bytes("http://example.com/HelloWorld", b"hello world")

    assert signed == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_the_object_that_carries_it_fits_beside_its_copy_in_an_annotation() -> None:
    """`kubectl apply` stores the object once more; all annotations together have 256 KiB."""
    body = carried(dsse.write(PAYLOAD_TYPE, b"x" * 160 * 1024, b"s" * 80, "k" * 64))

    assert len(body["data"]["staging.dsse.json"]) <= ENVELOPE_LIMIT
    assert len(json.dumps(body)) < 256 * 1024 * 0.9

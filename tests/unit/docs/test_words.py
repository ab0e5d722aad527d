"""What the docs call by a name of ours exists: reasons, alerts, metrics, fields, files."""

import re

import pytest
from tests.unit.docs import words
from tools.markdown import pages

PAGES = pages()
SPANS = [span for page in PAGES for span in page.spans]
TEXTS = [*SPANS, *(block for page in PAGES for block in page.blocks)]

FOREIGN = {
    *("ControllerRevision", "OnDelete"),  # Kubernetes
    *("CrashLoopBackOff", "CreateContainerConfigError", "ImagePullBackOff"),  # kubelet
    "Date",  # HTTP
    "HealthCheckFailed",  # Flux
    "ResourceActionRan",  # Argo CD
    *("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"),  # Keep a Changelog
}
"""Names in CamelCase that others have given. Lengthen this only for words that are not ours."""
MADE_UP = {
    "spec.allow",  # a decision that tells of what was not built
}
_NAME = re.compile(r"[A-Z][a-z]+(?:[A-Z][A-Za-z]*)*")
_PATH = re.compile(r"([a-z]\w*(?:\[\])?(?:\.[a-z]\w*(?:\[\])?)+)(?:=.*|: .*)?")
_SET = re.compile(r"--set(?:-string|-json)?[ =]['\"]?([\w.-]+)=")
_FILE = re.compile(r"(?:[\w.-]+/)*[\w-]+\.(?:json|md|py|sh|toml|txt|yaml)")
_ELSEWHERE = re.compile(r"(?:env\.py|manifest\.json|.*-<.*|release\.yaml)")
"""Files of others: Alembic's, an image's, the reader's."""


def test_every_name_is_one_of_ours_or_known_as_foreign() -> None:
    said = [span for span in SPANS if _NAME.fullmatch(span.text)]

    assert len(said) > 300
    assert [str(one) for one in said if one.text not in words.names() | FOREIGN] == []


def test_every_metric_is_exported() -> None:
    assert [f"{one}: {wrong}" for one in TEXTS for wrong in words.unknown_metrics(one.text)] == []


def test_every_path_of_fields_leads_to_one() -> None:
    found = [(span, path[1]) for span in SPANS if (path := _PATH.fullmatch(span.text))]
    ours = [one for one in found if words.begins_like_a_field(one[1]) and not _is_code(one[1])]

    assert len(ours) > 60
    assert [f"{s}: {p}" for s, p in ours if not words.is_field(p) and p not in MADE_UP] == []


def test_every_value_of_the_chart_that_is_set_exists() -> None:
    found = [(one, path) for one in TEXTS for path in _SET.findall(one.text)]

    assert len(found) >= 4
    assert [f"{one}: {path}" for one, path in found if not words.is_value(path)] == []


def test_every_file_that_is_named_is_there() -> None:
    named = [span for span in SPANS if _FILE.fullmatch(span.text)]
    ours = [one for one in named if not _ELSEWHERE.fullmatch(one.text)]

    assert len(ours) > 200
    assert [str(one) for one in ours if not words.is_file(one.text, one.page)] == []


def _is_code(path: str) -> bool:
    return bool(_FILE.fullmatch(path))


@pytest.mark.parametrize("path", ["spec.watch.pods", "watch.pods", "components[].workload"])
def test_a_field_is_found_from_wherever_its_path_begins(path: str) -> None:
    assert words.begins_like_a_field(path)
    assert words.is_field(path)


@pytest.mark.parametrize("path", ["spec.wach.pods", "watch.pots", "rollback.keepSecret"])
def test_a_field_that_is_not_there_is_told(path: str) -> None:
    assert not words.is_field(path)


def test_a_metric_that_is_not_exported_is_told() -> None:
    text = "rate(release_coordinator_rollback_total[5m]) / release_coordinator_step_seconds_bucket"

    assert words.unknown_metrics(text) == [
        "release_coordinator_rollback_total",
        "release_coordinator_step_seconds_bucket",
    ]

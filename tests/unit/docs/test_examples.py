"""Every block of YAML in the docs is whole, or says where it belongs; none is passed over.

That an API server takes them is the business of tests/api/test_examples.py.
"""

from collections import Counter

import pytest
import yaml
from tests.examples import OURS, SMALLEST, example, examples, filled, kinds
from tools.markdown import Piece

from release_coordinator.api.codec import parse_release
from release_coordinator.cli.lint.findings import Level
from release_coordinator.cli.lint.offline import check


def block(info: str, text: str) -> Piece:
    return Piece("docs/x.md", 7, text, info)


def test_every_block_is_whole_or_says_where_it_belongs() -> None:
    found = examples()
    told = Counter(kinds(found))

    assert told["Release"] >= 11
    assert told["ReleasePolicy"] >= 4
    assert told["Approval"] >= 2
    assert told["MetricSource"] >= 2
    foreign = [one for one in found if not one.objects]
    elsewhere = [one for one in foreign if not one.block.page.startswith("docs/gitops/")]
    assert len(elsewhere) <= 1  # foreign ones are the exception, but for what other tools are told


def test_every_release_of_the_docs_is_one_that_the_operator_can_read() -> None:
    bodies = [body for one in examples() for body in one.objects if body["kind"] == "Release"]

    assert [f for body in bodies for f in parse_release({"status": {}, **body}).faults] == []


def test_lint_finds_nothing_in_the_docs_that_it_would_refuse_or_that_is_watched_unwisely() -> None:
    known = {"digest": f"sha256:{'0' * 64}", "releaseUid": "3c5f"}
    bodies = [filled(body, known) for one in examples() for body in one.objects]
    found = [one for body in bodies for one in check(yaml.safe_dump(body), "docs")[1]]

    told = [one for one in found if one.level is Level.ERROR or "watch" in one.path]
    assert [str(one) for one in told] == []


def test_a_part_is_put_where_it_belongs() -> None:
    (whole,) = example(block("yaml Release.spec", "watch: {pods: {}}")).objects

    assert whole["apiVersion"] == OURS
    assert whole["spec"]["watch"] == {"pods": {}}
    assert whole["spec"]["version"] == "1.4.0"


def test_a_part_at_the_top_keeps_what_it_does_not_name() -> None:
    (whole,) = example(block("yaml Release", "spec: {backup: {maxAge: 2h}}")).objects

    assert set(whole["spec"]) == {"version", "components", "backup"}


@pytest.mark.parametrize("info", ["yaml", "yaml Relase.spec"])
def test_a_block_that_nobody_could_apply_is_told_with_what_to_write(info: str) -> None:
    with pytest.raises(ValueError, match=r"docs/x\.md:7: watch: .*(yaml foreign|smallest object)"):
        example(block(info, "watch: {pods: {}}"))


def test_what_only_a_cluster_knows_is_put_in() -> None:
    body = {"kind": "Approval", "spec": {"digest": "sha256:5a1e...", "role": "qa"}}

    assert filled(body, {"digest": "sha256:00"})["spec"] == {"digest": "sha256:00", "role": "qa"}


def test_the_smallest_objects_are_of_their_kinds() -> None:
    assert {kind for kind in SMALLEST if f"kind: {kind}\n" not in SMALLEST[kind]} == set()

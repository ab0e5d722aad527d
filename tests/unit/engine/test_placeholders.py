"""Placeholders: which there are, and that no value changes a query."""

from string import ascii_lowercase

import promql_parser
import pytest
import re2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.api.release import WorkloadKind, WorkloadRef
from release_coordinator.engine import placeholders, presets, promlex, promql

HOSTILE = st.text(st.sampled_from(list("a1.+-\"'`{}()[]|\\$,=~#\n\r\t*?^ é\x00")), max_size=12)
QUERY = (
    "sum(rate(http_requests_total{namespace=\"$(namespace)\", release='$(release)', "
    'component=`$(component)`, version=~"$(version)|v$(version)", old!~"$(previousVersion)", '
    'pod=~"$(pods)", job="a-$(workload)"}[$(window)])) / on (a) '
    'label_replace(b, "c", "$1", "d", "(.*)$(version)")'
)
PLAIN = dict.fromkeys(placeholders.ALL, "a") | {placeholders.WINDOW: "1m"}


def shape(query: str) -> list[tuple[object, ...]]:
    """Return the syntax tree of a query without the texts in it."""
    found: list[tuple[object, ...]] = []

    def visit(node: promql_parser.Expr) -> bool:
        matchers = (
            [(one.name, str(one.op)) for one in node.matchers.matchers]
            if isinstance(node, promql_parser.VectorSelector)
            else []
        )
        found.append((type(node).__name__, getattr(node, "name", ""), matchers))
        return True

    promql_parser.walk(promql_parser.parse(query), visit)
    return found


@given(st.fixed_dictionaries(dict.fromkeys(placeholders.OF_LABELS, HOSTILE)))
def test_whatever_the_values_the_query_stays_the_same(values: dict[str, str]) -> None:
    filled = placeholders.filled(QUERY, PLAIN | values)
    assert shape(filled) == shape(placeholders.filled(QUERY, PLAIN))
    assert promql.checked(filled) == ""


@given(HOSTILE)
def test_a_value_in_quotes_is_found_as_it_is(value: str) -> None:
    for quote in "\"'`":
        filled = placeholders.filled(f"up{{a={quote}x-$(version)-y{quote}}}", {"version": value})
        selector = promql_parser.parse(filled)
        assert isinstance(selector, promql_parser.VectorSelector)
        assert [one.value for one in selector.matchers.matchers] == [f"x-{value}-y"]


@given(HOSTILE, HOSTILE)
def test_a_value_in_a_regular_expression_matches_itself_alone(value: str, other: str) -> None:
    filled = placeholders.filled('up{a=~"$(version)"}', {"version": value})
    pattern = next(one.text for one in promlex.tokens(filled) if one.sort is promlex.Sort.STRING)
    assert re2.fullmatch(pattern, value)
    assert bool(re2.fullmatch(pattern, other)) == (value == other)


def test_the_build_metadata_of_a_version_is_no_operator() -> None:
    query = 'up{a="$(version)", b=~"$(version)"}'
    filled = placeholders.filled(query, {"version": "1.4.0+b.5"})
    assert filled == r'up{a="1.4.0+b.5", b=~"1\\.4\\.0\\+b\\.5"}'


def test_the_pattern_of_label_replace_is_a_regular_expression_and_its_replacement_is_not() -> None:
    query = 'label_replace(up, "a", "$(version)", "b", "$(version)")'
    filled = placeholders.filled(query, {"version": "1.4.0"})
    assert filled == r'label_replace(up, "a", "1.4.0", "b", "1\\.4\\.0")'


def test_a_value_is_not_read_for_placeholders() -> None:
    assert placeholders.filled('up{a="$(x)"}', {"x": "$(y)", "y": "z"}) == 'up{a="$(y)"}'


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        (QUERY, []),
        ('up{a="$(image)"}', ["has $(image), which stands for nothing here"]),
        ('up{a="$(namespace"}', ["has a $( that is not closed"]),
        ("rate(up[$(window])", ["has a placeholder that is not closed: $(window])"]),
        ("rate(up[$(window)])", []),
        ("rate(up[$(range)])", ["has $(range), which stands for nothing here"]),
        ("up{a=$(version)}", ["has $(version) outside of a string"]),
        ("$(workload)_up", ["has $(workload) outside of a string"]),
        ('up{pod="$(pods)"}', ["compares with $(pods), which is a regular expression"]),
        ('up{pod!~"$(pods)"}', []),
        ('up # $(image)\n+ a{b="$1"}', []),
    ],
)
def test_a_wrong_placeholder_is_told(query: str, problems: list[str]) -> None:
    assert [problem for problem, _ in placeholders.faults(query)] == problems


def test_nothing_but_a_window_is_filled_in_outside_of_a_string() -> None:
    with pytest.raises(LookupError):
        placeholders.filled("up{a=$(version)}", PLAIN)


def test_the_remedy_names_what_is_allowed() -> None:
    (_, remedy), *_ = placeholders.faults('up{a="$(x)"}')
    assert remedy == (
        "use one of $(namespace), $(release), $(component), $(version), $(previousVersion), "
        "$(workload), $(pods), $(window)"
    )


def test_what_only_presets_use_is_no_placeholder_for_people() -> None:
    assert presets.SERVICE not in placeholders.ALL
    assert list(placeholders.faults('up{a="$(service)"}'))


KINDS = st.sampled_from(list(WorkloadKind))
SAFE = "bcdfghjklmnpqrstvwxz2456789"
HASHES = st.text(SAFE, min_size=5, max_size=10)
SUFFIXES = st.text(SAFE, min_size=5, max_size=5)
WORKLOADS = st.one_of(
    st.text("ab.-9", max_size=70).map(lambda text: f"a{text}9"),
    st.text(ascii_lowercase, min_size=40, max_size=60),
)


def pod(kind: WorkloadKind, name: str, hashed: str, suffix: str, number: int) -> str:
    """Return the name that Kubernetes gives to a pod."""
    if kind is WorkloadKind.STATEFUL_SET:
        return f"{name}-{number}"
    base = f"{name}-" if kind is WorkloadKind.DAEMON_SET else f"{name}-{hashed}-"
    return base[:58] + suffix


@given(KINDS, WORKLOADS, HASHES, SUFFIXES, st.integers(0, 999))
def test_the_pods_of_a_workload_are_found_by_their_names(
    kind: WorkloadKind, name: str, hashed: str, suffix: str, number: int
) -> None:
    pattern = placeholders.pods_of(WorkloadRef(kind=kind, name=name))
    assert re2.fullmatch(pattern, pod(kind, name, hashed, suffix, number))
    assert promql.checked(f"up{{pod=~{promlex.quoted(pattern)}}}") == ""


@pytest.mark.parametrize("kind", list(WorkloadKind))
@pytest.mark.parametrize(
    ("other", "name"),
    [
        (WorkloadKind.DEPLOYMENT, "shop-api"),
        (WorkloadKind.DEPLOYMENT, "shop-db"),
        (WorkloadKind.DEPLOYMENT, "shopping"),
        (WorkloadKind.DEPLOYMENT, "myshop"),
        (WorkloadKind.STATEFUL_SET, "shop-db"),
        (WorkloadKind.DAEMON_SET, "shop-db"),
        (WorkloadKind.DAEMON_SET, "shop-agent"),
    ],
)
def test_a_workload_whose_name_begins_alike_is_another(
    kind: WorkloadKind, other: WorkloadKind, name: str
) -> None:
    pattern = placeholders.pods_of(WorkloadRef(kind=kind, name="shop"))
    assert not re2.fullmatch(pattern, pod(other, name, "7d4b9c6f5", "x2x4z", 0))


def test_a_dot_in_the_name_of_a_workload_is_a_dot() -> None:
    pattern = placeholders.pods_of(WorkloadRef(kind=WorkloadKind.STATEFUL_SET, name="a.b"))
    assert re2.fullmatch(pattern, "a.b-0")
    assert not re2.fullmatch(pattern, "axb-0")

"""PromQL: which queries are refused, and that nothing escapes from a narrowed one."""

import re

import promql_parser
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tests.unit.engine.queries import QUERIES, TEXTS

from release_coordinator.engine import promlex, promql, promtree

SHOP = {"namespace": "shop"}


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("up", 'up{namespace="shop"}'),
        ("up{}", 'up{namespace="shop"}'),
        ('up{job="a"}', 'up{job="a", namespace="shop"}'),
        ('up{namespace="other"}', 'up{namespace="shop"}'),
        ('up{namespace=~".*",job="a",}', 'up{job="a", namespace="shop"}'),
        ('up{"namespace"!="shop"}', 'up{namespace="shop"}'),
        ('{__name__=~"up|down"}', '{__name__=~"up|down", namespace="shop"}'),
        ('{"up"}', '{"up", namespace="shop"}'),
        ("rate(up[5m] offset 1h)", 'rate(up{namespace="shop"}[5m] offset 1h)'),
        ("up @ end()", 'up{namespace="shop"} @ end()'),
        (
            "max_over_time(rate(up[1m])[5m:30s])",
            'max_over_time(rate(up{namespace="shop"}[1m])[5m:30s])',
        ),
        (
            "sum by (namespace) (a) / on (job) group_left b",
            'sum by (namespace) (a{namespace="shop"}) / on (job) group_left b{namespace="shop"}',
        ),
        ("a # b\n+ c", 'a{namespace="shop"} + c{namespace="shop"}'),
        ("vector(1) + time()", "vector(1) + time()"),
        ("absent(up)", 'absent(up{namespace="shop"})'),
        ("a:b:c and :d", 'a:b:c{namespace="shop"} and :d{namespace="shop"}'),
        ("by{}", 'by{namespace="shop"}'),
    ],
)
def test_every_selector_of_a_query_is_forced(query: str, written: str) -> None:
    assert promql.narrowed(query, SHOP) == written


def test_without_matchers_a_query_stays_as_it_is() -> None:
    assert promql.narrowed("a # b\n+ c", {}) == "a # b\n+ c"


@pytest.mark.parametrize(
    ("query", "matchers", "problem"),
    [
        ('up{a="b" or c="d"}', SHOP, "has alternatives in a selector"),
        ("info(up)", SHOP, "uses info()"),
        ("up", {"__name__": "down"}, "cannot be forced to one __name__"),
        ("by", SHOP, "cannot be narrowed; write braces"),
        ("sum(", SHOP, "is no PromQL"),
        ('up{a="', SHOP, "has a string that is not closed"),
        ("up{namespace=}", SHOP, "is no PromQL"),
    ],
)
def test_a_query_that_cannot_be_narrowed_is_not_asked(
    query: str, matchers: dict[str, str], problem: str
) -> None:
    with pytest.raises(ValueError, match="^" + problem.replace("(", r"\(").replace(")", r"\)")):
        promql.narrowed(query, matchers)


@pytest.mark.parametrize("wrong", ['down{namespace="shop"}', 'up{job="b", namespace="shop"}', "1"])
def test_a_rewriting_that_goes_wrong_is_noticed(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setattr(promql, "_forced", lambda *_: promlex.tokens(wrong))
    with pytest.raises(ValueError, match=r"^cannot be narrowed"):
        promql.narrowed('up{job="a"} + 0', SHOP)


def selectors_of(query: str) -> list[promql_parser.VectorSelector]:
    """Return every vector selector of a query, by the parser's own walk."""
    found: list[promql_parser.VectorSelector] = []

    def visit(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        return True

    promql_parser.walk(promql_parser.parse(query), visit)
    return found


@given(QUERIES, TEXTS)
@example('up{namespace="shop"} or {__name__="up",namespace!="shop"}', "shop")
@example("a#\n and:b", 'x"} or up{a="b')
def test_whatever_the_query_no_selector_of_it_finds_anything_else(query: str, value: str) -> None:
    forced = {"namespace": value, "team": "a"}
    assume(not promql.checked(query))
    before = selectors_of(promlex.written(promlex.tokens(query)))
    after = selectors_of(promql.narrowed(query, forced))
    assert len(after) == len(before) > 0
    for old, new in zip(before, after, strict=True):
        own = {(m.name, str(m.op), m.value) for m in new.matchers.matchers if m.name not in forced}
        assert own == {
            (m.name, str(m.op), m.value) for m in old.matchers.matchers if m.name not in forced
        }
        assert [(m.name, m.op, m.value) for m in new.matchers.matchers if m.name in forced] == [
            (name, promql_parser.MatchOp.Equal, value) for name, value in forced.items()
        ]
        assert (new.name, new.offset, str(new.at)) == (old.name, old.offset, str(old.at))


@given(QUERIES)
def test_a_query_is_written_anew_without_changing_its_meaning(query: str) -> None:
    found = promlex.tokens(query)
    assert promlex.tokens(promlex.written(found)) == found


@given(st.text(st.sampled_from(list("ab1.{}()[]#,=~\"'`\\\n$: é@+-")), max_size=30))
def test_no_text_is_more_than_a_fault(text: str) -> None:
    problem = promql.checked(text)
    assert "\n" not in problem
    if problem.startswith(("is no PromQL", "has")) and "~" not in text:
        with pytest.raises(ValueError, match=r"."):
            promql.narrowed(text, SHOP)


@pytest.mark.parametrize(
    "query",
    [
        f"{'(' * 124}up{')' * 124}",
        f"{'-' * 249}up",
        "+".join(["up"] * 125),
        f"{'sum(' * 83}up{')' * 83}",
    ],
    ids=["brackets", "signs", "operators", "calls"],
)
def test_a_query_of_the_greatest_length_is_checked_and_narrowed(query: str) -> None:
    assert promlex.LIMIT - 2 <= len(promlex.tokens(query)) <= promlex.LIMIT
    assert promql.checked(query) == ""
    assert promql.narrowed(query, SHOP).count('up{namespace="shop"}') == query.count("up")


@pytest.mark.parametrize("query", ["-" * 250 + "up", "-a" * 2000, "(" * 4096])
def test_a_longer_query_is_refused_with_the_limit(query: str) -> None:
    problem = r"^has more than 250 words, numbers, texts and signs; ask for less"
    assert re.match(problem, promql.checked(query))
    with pytest.raises(ValueError, match=problem):
        promql.narrowed(query, SHOP)


def test_the_matchers_that_are_forced_do_not_count() -> None:
    many = {f"label_{number}": "x" for number in range(8)}
    assert promql.narrowed("+".join(["up"] * 125), many).count("{") == 125


def test_no_regular_expression_of_a_query_reaches_the_parser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []
    parse = promql_parser.parse

    def reading(text: str) -> promql_parser.Expr:
        read.append(text)
        return parse(text)

    monkeypatch.setattr(promql_parser, "parse", reading)
    query = 'a{b=~"costly|", c!~`costly.`} + d{e="costly"}'
    assert promql.checked.__wrapped__(query) == ""
    assert promql.narrowed(query, {"f": "g"}) == (
        'a{b=~"costly|", c!~"costly.", f="g"} + d{e="costly", f="g"}'
    )
    assert read == [
        'a{b="", c=""} + d{e="costly"}',
        'a{b="0", c="1"} + d{e="2"}',
        'a{b="0", c="1", f="2"} + d{e="3", f="4"}',
    ]


@pytest.mark.parametrize(
    ("regexes", "problem"),
    [
        (["\\pL+"] * 9, "has 9 classes like \\pL in its regular expressions; use 8 or fewer"),
        (["x"] * 21, "has 21 regular expressions; use 20 or fewer"),
        (["[a-z]{2}" * 33], "has 66 sets [] and repetitions {} in its regular expressions; use 64"),
        (["\\pL{200}"], "has a regular expression that RE2 does not take: it is too large"),
        ([".{400}", ".{401}"], "has a regular expression that RE2 does not take: it is too large"),
        (["ok", "("], "has a regular expression that RE2 does not take: missing ): ("),
        (["(?=x)"], "has a regular expression that RE2 does not take: invalid perl operator: (?="),
        (["|".join(["shop-backend"] * 300)], ""),
        (["\\p{Greek}+", "[a-z]{1,63}", "(?i)error|fatal", ".*"], ""),
    ],
)
def test_regular_expressions_are_read_within_bounds(regexes: list[str], problem: str) -> None:
    matchers = ",".join(f"a=~{promlex.quoted(one)}" for one in regexes)
    found = promql.checked(f"up{{{matchers}}}")
    assert found.startswith(problem)
    assert bool(found) == bool(problem)


@pytest.mark.parametrize(
    ("selector", "finds_all"),
    [
        ('{a=~".*"}', True),
        ('{a=~"x|"}', True),
        ('{a!~"x"}', True),
        ('{a=~".*",b=~".+"}', False),
        ('{a!~"x?"}', False),
        ('{a=""}', True),
        ('{a!="x"}', True),
        ('{a!=""}', False),
        ('{""}', True),
        ('{"0"}', False),
    ],
)
def test_a_selector_of_everything_is_none(selector: str, finds_all: bool) -> None:  # noqa: FBT001
    found = promql.checked(selector)
    assert found.startswith("is no PromQL: vector selector must contain") == finds_all
    assert bool(found) == finds_all


def test_a_regular_expression_that_is_lost_by_the_rewriting_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = 'up{a=~"c", namespace="shop"}'
    monkeypatch.setattr(promql, "_forced", lambda *_: promlex.tokens(written))
    for other in ('up{a=~"b"}', 'up{a="c"}', 'up{a!~"c"}', 'up{"a"!="c"}', '{"c"}'):
        with pytest.raises(ValueError, match=r"^cannot be narrowed"):
            promql.narrowed(other, SHOP)
    assert promql.narrowed('up{a=~"c"}', SHOP) == written


def test_half_of_a_character_is_a_fault() -> None:
    assert promql.checked('up{a=~"\ud800"}').startswith("has half of a character")


@pytest.mark.parametrize("form", ["up offset {}", "max_over_time(up[5m:1m] offset {})"])
@pytest.mark.parametrize(
    "time",
    ["nan", "-NaN", "- inf", "+Inf", "1e300", "-0x7fffffffffffffff", "1e18", "9" * 400],
)
def test_an_endless_offset_is_refused(form: str, time: str) -> None:
    number = promlex.tokens(time)[-1].text[:19]
    problem = f"is no PromQL: {number}"
    assert promql.checked(form.format(time)).startswith(problem)
    with pytest.raises(ValueError, match=f"^{problem}"):
        promql.narrowed(form.format(time), SHOP)


@pytest.mark.parametrize("query", ["rate(up[1e300])", "max_over_time(up[5m:0x7fffffffffffffff])"])
def test_an_endless_range_is_refused(query: str) -> None:
    assert "is no length of time" in promql.checked(query)


@pytest.mark.parametrize("query", ["up offset 1e5", "offset{} offset -1h", "up * inf", "nan + up"])
def test_what_only_looks_like_an_endless_time_is_not_refused(query: str) -> None:
    assert promql.checked(query) == ""
    assert promql.narrowed(query, SHOP)


@pytest.mark.parametrize(
    "query", ["up offset nan", "up offset 1e300", "up offset 0x7fffffffffffffff"]
)
def test_what_the_parser_dies_of_is_a_fault_of_the_query(
    monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(promtree, "_see_times", lambda _: None)
    assert promql.checked.__wrapped__(query).startswith("is no PromQL: ")
    with pytest.raises(ValueError, match=r"^is no PromQL: "):
        promql.narrowed(query, {"namespace": "unheard-of"})


def test_what_ends_the_process_is_no_fault_of_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: str) -> promql_parser.Expr:
        raise KeyboardInterrupt

    monkeypatch.setattr(promql_parser, "parse", interrupted)
    with pytest.raises(KeyboardInterrupt):
        promql.checked("unheard_of")


@pytest.mark.parametrize(
    ("string", "text"),
    [
        (r'"a\"b\\n"', r'a"b\n'),
        (r"'a\'b\n'", "a'b\n"),
        (r"`a\nb`", r"a\nb"),
        (r'"\x41\102\u00e9\U0001f600"', "ABé😀"),
    ],
)
def test_strings_are_read_as_prometheus_reads_them(string: str, text: str) -> None:
    (token,) = promlex.tokens(string)
    assert token.text == text
    assert promlex.tokens(promlex.quoted(text)) == (token,)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("up", ""),
        ("(sum(rate(up[1m])))", ""),
        ("1", ""),
        ("rate(up)", "is no PromQL: expected a range of values, like up[5m], in call"),
        ("up[5m]", "answers with a range of values"),
        ("(up[5m:1m])", "answers with a range of values"),
        ('"up"', "is a text"),
        ("", "is no PromQL: no expression found in input"),
        ('up{a="', 'has a string that is not closed: "'),
        (r'up{a="\xff"}', "has an escape that is no character"),
        (r'up{a="\d"}', "has an escape that PromQL does not know"),
        ("up{a=$x}", "has '$' where PromQL has no such character"),
    ],
)
def test_a_query_whose_answer_is_no_number_is_refused(query: str, problem: str) -> None:
    found = promql.checked(query)
    assert found.startswith(problem)
    assert bool(found) == bool(problem)

"""Queries that Hypothesis writes: any PromQL that people could, in any of its spellings."""

from hypothesis import strategies as st

NAMES = st.sampled_from(["up", "http_requests_total", "job:rate5m:sum", "sum", "Über", "x"]).filter(
    str.isascii
)
LABELS = st.sampled_from(["namespace", "job", "pod", "by", "on", "offset", "le"])
DURATIONS = st.sampled_from(["5m", "1h30m", "90s", "1d"])
FUNCTIONS = st.sampled_from(["rate", "increase", "avg_over_time", "max_over_time"])
AGGREGATIONS = st.sampled_from(["sum", "max", "count"])
EQUALITY = st.sampled_from(["=", "!="])
REGEXES = st.sampled_from(["=~", "!~"])
PATTERNS = st.sampled_from(['"a|b"', "'.*'"])
SPACES = st.sampled_from(["", " ", "\n", " # a {comment}\n", "\t"])


def quoted(text: str, quote: str) -> str:
    """Return a text as a string of PromQL with one of its three quotes."""
    if quote == "`":
        return f"`{text.replace('`', '')}`"
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}").replace("\n", "\\n")
    return f"{quote}{escaped}{quote}"


TEXTS = st.text(st.sampled_from(list("ab.{}()[]#,=~\"'`\\\n$ é")), max_size=8)
STRINGS = st.builds(quoted, TEXTS, st.sampled_from("\"'`"))


MATCHERS = st.one_of(
    st.builds(lambda n, s, o, t: f"{n}{s}{o}{s}{t}", LABELS, SPACES, EQUALITY, STRINGS),
    st.builds(lambda n, s, o, t: f"{n}{s}{o}{s}{t}", LABELS, SPACES, REGEXES, PATTERNS),
)


@st.composite
def matchers(draw: st.DrawFn) -> str:
    """Matchers between braces, some of them for a label that is forced."""
    parts = draw(st.lists(MATCHERS, max_size=3))
    closed = draw(st.booleans())
    last = "," if parts and closed else ""
    return f"{{{draw(SPACES)}{','.join(parts)}{last}}}"


@st.composite
def selectors(draw: st.DrawFn) -> str:
    """A vector selector, with or without a name before its braces."""
    kind = draw(st.integers(0, 3))
    name = draw(NAMES)
    if kind == 0:
        return name
    if kind == 1:
        return f'{{__name__="{name}",{draw(LABELS)}="a"}}'
    if kind == 2:
        return f'{{"{name}"}}'
    return f"{name}{draw(SPACES)}{draw(matchers())}"


def _modified(inner: str) -> st.SearchStrategy[str]:
    when = st.sampled_from([" offset 5m", " offset -1h", " @ 1700000000", " @ end()", ""])
    return when.map(lambda text: f"{inner}{text}")


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    labels = st.lists(LABELS, max_size=2).map(",".join)
    return st.one_of(
        st.builds(
            lambda f, x, r, s: f"{f}({s}{x}[{r}])", FUNCTIONS, selectors(), DURATIONS, SPACES
        ),
        st.builds(lambda f, x, r: f"{f}({x}[{r}:30s] offset 1m)", FUNCTIONS, inner, DURATIONS),
        st.builds(lambda a, x, g: f"{a} by ({g}) ({x})", AGGREGATIONS, inner, labels),
        st.builds(lambda a, x, g: f"{a}({x}) without ({g})", AGGREGATIONS, inner, labels),
        st.builds(lambda x, y, g: f"({x}) / on ({g}) group_left () ({y})", inner, inner, labels),
        st.builds(lambda x, y, o: f"({x}) {o} ({y})", inner, inner, st.sampled_from(["or", "+"])),
        st.builds(lambda x: f"-({x})", inner),
        st.builds(lambda x: f"topk(3, {x}) > bool 0x1f", inner),
        st.builds(lambda x, t: f"label_replace({x}, 'a', '$1', \"b\", {t})", inner, STRINGS),
        st.builds(lambda x: f"absent({x}) * 1e-3 + Inf", inner),
    )


QUERIES = st.recursive(selectors().flatmap(_modified), _larger, max_leaves=6)
"""Queries with vectors as answers; most of them are valid."""

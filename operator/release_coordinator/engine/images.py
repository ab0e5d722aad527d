"""What an image reference says of the version in it."""


def tag_of(image: str) -> str | None:
    """Tag of an image reference, None if it has none (digest only, or untagged)."""
    last = image.partition("@")[0].rpartition("/")[2]
    _, colon, tag = last.partition(":")
    return tag if colon else None


def spellings(version: str) -> set[str]:
    """How tags and labels write a version.

    A "+" is not allowed in either; the convention of Helm and others replaces it.
    """
    plain = version.replace("+", "_")
    return {plain, f"v{plain}"}

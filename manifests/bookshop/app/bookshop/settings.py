"""What the programs are told from outside: environment variables, with the Services as defaults."""

import os
from pathlib import Path

PORT = 8080


def version() -> str:
    """Return the version that this image was built as."""
    return os.environ["VERSION"]


def database_url() -> str:
    """Return where PostgreSQL is, with the credentials."""
    return os.environ["DATABASE_URL"]


def redis_url() -> str:
    """Return where Redis is."""
    return os.environ.get("REDIS_URL", "redis://bookshop-redis:6379/0")


def backend_url() -> str:
    """Return the address of the backend's Service."""
    return os.environ.get("BACKEND_URL", "http://bookshop-backend")


def frontend_url() -> str:
    """Return the address of the frontend's Service."""
    return os.environ.get("FRONTEND_URL", "http://bookshop-frontend")


def port() -> int:
    """Return the port that a server listens on."""
    return int(os.environ.get("PORT", str(PORT)))


def leave_message(text: str) -> None:
    """Write a Job's one-line result to where Kubernetes shows it: the pod's termination message."""
    target = Path(os.environ.get("TERMINATION_LOG", "/dev/termination-log"))
    if target.exists():
        target.write_text(text)

"""Start one of the programs: `python -m bookshop PROGRAM [ARGUMENTS]`.

An image made for a single program names it in BOOKSHOP_PROGRAM; all arguments are then its own.
"""

import importlib
import logging
import os
import sys
from collections.abc import Callable

PROGRAMS = ("backend", "frontend", "loadgen", "migrate", "smoke", "warmup")


def main() -> int:
    """Run the named program; its result is the exit code."""
    arguments = sys.argv[1:]
    program = os.environ.get("BOOKSHOP_PROGRAM") or (arguments.pop(0) if arguments else "")
    if program not in PROGRAMS:
        print(f"bookshop: name a program, one of {', '.join(PROGRAMS)}", file=sys.stderr)
        return 2
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stdout,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # lists them at import
    run: Callable[[list[str]], int] = importlib.import_module(f"bookshop.{program}").main
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())

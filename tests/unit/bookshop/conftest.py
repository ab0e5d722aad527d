"""Makes the example application importable: it is no part of the operator's environment."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "manifests" / "bookshop" / "app"))

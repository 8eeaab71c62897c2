# SPDX-License-Identifier: MIT
"""Makes the folder benchmarks importable, after all that is installed."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

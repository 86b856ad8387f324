"""Keep numpy's linear algebra to one thread; imported before anything that imports numpy.

With two, training spins on both cores of a small machine while it holds the lock of Python, and
answers waited up to 200 ms for their turn; with one they wait 10 ms and training is as fast.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

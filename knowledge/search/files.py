"""Keep arrays in compressed files, without pickles, and survive files that cannot be read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812  an exception, named like one

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]


def write_arrays(path: Path, **arrays: npt.NDArray[Any]) -> None:
    """Write arrays; a half-written file never takes the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(partial, allow_pickle=False, **arrays)
    partial.replace(path)


def read_arrays(path: Path) -> Arrays:
    """Read arrays back; nothing where there is no such file, or a spoilt one."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, ZlibError):
        return {}

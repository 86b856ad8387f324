"""Write the weights of the shipped knowledge: python -m knowledge.train (make weights)."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from knowledge.load import load_knowledge
from knowledge.search.engine import build_search, index_name, weights_key, weights_name
from knowledge.search.gather import SHIPPED_WEIGHTS, search_material

SHIPPED_KNOWLEDGE = Path(__file__).parent / "data"


def write_weights(knowledge: Path, folder: Path) -> tuple[Path, ...]:
    """Train on a knowledge folder, write the files into a folder, and remove older ones there.

    It trains even where files of that name are there: they may be of another method.
    """
    base, problems = load_knowledge(knowledge)
    if base is None:
        raise SystemExit("知识库有误：" + "；".join(map(str, problems[:3])))
    material = search_material(base)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as fresh:
        build_search(material, cache_dir=Path(fresh)).train()
        for old in folder.glob("search-*.npz"):
            old.unlink()
        key = weights_key(material)
        return tuple(
            (Path(fresh) / name).replace(folder / name)
            for name in (weights_name(key), index_name(key))
        )


def main() -> None:
    """Write the shipped weights and say how large they are."""
    for path in write_weights(SHIPPED_KNOWLEDGE, SHIPPED_WEIGHTS):
        sys.stdout.write(f"{path.name}  {path.stat().st_size / 2**20:.2f} MB\n")


if __name__ == "__main__":
    main()

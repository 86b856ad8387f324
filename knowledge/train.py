"""Write the weights of the shipped knowledge: python -m knowledge.train (make weights)."""

from __future__ import annotations

import sys
from pathlib import Path

from knowledge.load import load_knowledge
from knowledge.search.engine import build_search, index_name, weights_key, weights_name
from knowledge.search.gather import SHIPPED_WEIGHTS, search_material

SHIPPED_KNOWLEDGE = Path(__file__).parent / "data"


def write_weights(knowledge: Path, folder: Path) -> tuple[Path, ...]:
    """Train on a knowledge folder, write the files into a folder, and remove older ones there."""
    base, problems = load_knowledge(knowledge)
    if base is None:
        raise SystemExit("知识库有误：" + "；".join(map(str, problems[:3])))
    material = search_material(base)
    search = build_search(material, cache_dir=folder)
    search.train()
    key = weights_key(material)
    written = (folder / weights_name(key), folder / index_name(key))
    for path in folder.glob("search-*.npz"):
        if path not in written:
            path.unlink()
    return written


def main() -> None:
    """Write the shipped weights and say how large they are."""
    for path in write_weights(SHIPPED_KNOWLEDGE, SHIPPED_WEIGHTS):
        sys.stdout.write(f"{path.name}  {path.stat().st_size / 2**20:.2f} MB\n")


if __name__ == "__main__":
    main()

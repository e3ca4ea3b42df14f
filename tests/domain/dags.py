"""Small graphs without circles, by hypothesis, and all their chains."""

from typing import NamedTuple

from hypothesis import strategies as st


class Dag(NamedTuple):
    """Tasks with their efforts, and what each needs."""

    efforts: dict[str, int]
    needs: dict[str, tuple[str, ...]]

    def chains(self) -> list[list[str]]:
        """Return every chain that ends somewhere, found by brute force."""
        found: list[list[str]] = []

        def follow(chain: list[str]) -> None:
            found.append(chain)
            for name in self.needs:
                if chain[-1] in self.needs[name]:
                    follow([*chain, name])

        for name in self.efforts:
            follow([name])
        return found

    def length(self, chain: list[str]) -> int:
        return sum(self.efforts[name] for name in chain)


@st.composite
def dags(draw: st.DrawFn, most: int = 7) -> Dag:
    """Return a graph whose names are given in any order, not only in that of the work."""
    names = draw(st.permutations([f"T{at:03d}" for at in range(1, draw(st.integers(1, most)) + 1)]))
    needs = {
        name: tuple(draw(st.lists(st.sampled_from(names[:at]), unique=True, max_size=3))) if at else ()
        for at, name in enumerate(names)
    }
    order = draw(st.permutations(names))
    efforts = {name: draw(st.integers(0, 5)) for name in order}
    return Dag(efforts, {name: needs[name] for name in order})

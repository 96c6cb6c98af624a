"""Monomials of several symbols up to a total degree, and how their products are collected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np

__all__ = ["Monomials"]


@dataclass(frozen=True)
class Monomials:
    """The monomials in ``symbols`` variables of total degree at most ``degree``, 1 first.

    They are ordered by degree; those of degree 1 are the symbols in their order.
    """

    symbols: int
    degree: int

    @cached_property
    def exponents(self) -> np.ndarray:
        """Exponents, an integer array of shape (monomials, symbols)."""
        rows = [
            np.bincount(np.array(chosen, int), minlength=self.symbols)
            for degree in range(self.degree + 1)
            for chosen in combinations_with_replacement(range(self.symbols), degree)
        ]
        return np.array(rows, int).reshape(len(rows), self.symbols)

    @property
    def count(self) -> int:
        """How many monomials there are."""
        return len(self.exponents)

    @cached_property
    def degrees(self) -> np.ndarray:
        """The total degree of each monomial."""
        return self.exponents.sum(axis=1)

    @cached_property
    def even(self) -> np.ndarray:
        """Which monomials other than 1 are squares: between 0 and 1 for symbols in [-1, 1]."""
        return (self.exponents % 2 == 0).all(axis=1) & (self.degrees > 0)

    @cached_property
    def pairs(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Rounds ``(i, j, used)`` that make a product, cut off above the degree.

        In each round the monomial k gets the coefficient of i[k] times that of j[k], if used[k]:
        the rounds together go through all pairs of monomials whose product is k.
        """
        place = {tuple(e): k for k, e in enumerate(self.exponents)}
        found: list[list[tuple[int, int]]] = [[] for _ in place]
        for i, a in enumerate(self.exponents):
            for j, b in enumerate(self.exponents):
                if self.degrees[i] + self.degrees[j] <= self.degree:
                    found[place[tuple(a + b)]].append((i, j))
        rounds = []
        for turn in range(max(map(len, found))):
            used = np.array([turn < len(f) for f in found])
            i, j = np.array([f[turn] if turn < len(f) else (0, 0) for f in found]).T
            rounds.append((i, j, used))
        return rounds

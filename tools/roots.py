"""Generate interval_jax/elementary/_roots_tables.py: the first approximation of cube roots.

Run `python -m tools.roots` from the repository root; it needs mpmath. The residual of the
approximation is bounded over the whole interval, not sampled.
"""

import mpmath as mp

from tools.writing import literal, target, write

TARGET = target("_roots_tables")
DEGREE = 5

TEMPLATE = '''"""Constants of cube roots. From tools/roots.py: do not edit."""

_hex = float.fromhex

INVERSE_CUBE_ROOT = {coefficients}
"""A polynomial p(m), constant term first, next to m**(-1/3) on [1, 2]."""

RESIDUAL = {residual}
"""A bound of |1 - m p(m)**3| there."""

INVERSE_ROOTS_OF_TWO = {roots}
"""2**(-j/3) for j = 0, 1, 2."""
'''


def coefficients() -> list[float]:
    """The polynomial through the function at the zeros of a Chebyshev polynomial, as floats."""
    nodes = [(3 + mp.cos((2 * k + 1) * mp.pi / (2 * DEGREE + 2))) / 2 for k in range(DEGREE + 1)]
    matrix = mp.matrix([[node**k for k in range(DEGREE + 1)] for node in nodes])
    values = mp.matrix([node ** (-mp.mpf(1) / 3) for node in nodes])
    return [float(c) for c in mp.lu_solve(matrix, values)]


def residual(p: list[float]) -> mp.mpf:
    """A bound of |1 - m p(m)**3| on [1, 2] by interval arithmetic.

    It is evaluated as a polynomial of the distance to the middle of each of 2000 pieces.
    """
    exact = [mp.mpf(c) for c in p]
    cube = [mp.mpf(0)] * (3 * DEGREE + 2)
    for i, a in enumerate(exact):
        for j, b in enumerate(exact):
            for k, c in enumerate(exact):
                cube[i + j + k + 1] -= a * b * c
    cube[0] += 1
    pieces, worst = 2000, mp.mpf(0)
    radius = mp.mpf(1) / (2 * pieces)
    for piece in range(pieces):
        middle = 1 + (2 * piece + 1) * radius
        # Taylor coefficients by repeated division by (m - middle).
        taylor, rest = [], list(cube)
        while rest:
            for i in range(len(rest) - 2, -1, -1):
                rest[i] += middle * rest[i + 1]
            taylor.append(rest.pop(0))
        worst = max(worst, sum(abs(c) * radius**i for i, c in enumerate(taylor)))
    return worst


@mp.workprec(300)
def source() -> str:
    """The text of the module."""
    p = coefficients()
    roots = [float(mp.mpf(2) ** (-mp.mpf(j) / 3)) for j in range(3)]
    return TEMPLATE.format(
        coefficients=literal(tuple(p)),
        residual=literal(1.01 * float(residual(p))),
        roots=literal(tuple(roots)),
    )


if __name__ == "__main__":
    write(TARGET, source())

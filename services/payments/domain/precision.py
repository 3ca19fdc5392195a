"""How sure a share is that was counted in a few cases."""

from math import isqrt

MILLION = 1_000_000
# Of the normal distribution for 95 %, squared, in millionths.
_Z2 = 3_841_459


def wilson(right: int, of: int) -> tuple[int, int]:
    """The 95 % interval of a proportion, in millionths (Wilson 1927, Journal of the American Statistical Association 22, 209-212).

    Nothing counted: anything is possible.
    """
    if not of:
        return 0, MILLION
    centre = MILLION * right + _Z2 // 2
    # z * sqrt(right * wrong / n + z^2 / 4), in millionths
    half = isqrt(_Z2 * (MILLION * right * (of - right) // of + _Z2 // 4))
    whole = of * MILLION + _Z2
    return max(0, (centre - half) * MILLION // whole), min(MILLION, -(-(centre + half) * MILLION // whole))

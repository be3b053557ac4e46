"""Ed25519 signatures straight from RFC 8032, section 5.1, with big integers: slow, and only to hold others against."""

from __future__ import annotations

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def recovered(y: int, odd: int) -> Point:
    """The point with this y, on the side that the last bit of its x says."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - square) % P == 0
    return (P - x if x % 2 != odd else x), y


BASE = recovered(4 * pow(5, -1, P) % P, 0)


def added(p: Point, q: Point) -> Point:
    k = D * p[0] * q[0] * p[1] * q[1]
    return (p[0] * q[1] + p[1] * q[0]) * pow(1 + k, -1, P) % P, (p[1] * q[1] + p[0] * q[0]) * pow(1 - k, -1, P) % P


def multiplied(n: int, p: Point) -> Point:
    total = (0, 1)
    while n:
        if n % 2:
            total = added(total, p)
        p, n = added(p, p), n // 2
    return total


def packed(p: Point) -> bytes:
    return (p[1] | (p[0] % 2) << 255).to_bytes(32, "little")


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def halves(seed: bytes) -> tuple[int, bytes]:
    """The secret scalar, and the prefix that makes the nonce."""
    digest = hashlib.sha512(seed).digest()
    scalar = number(digest[:32]) & (1 << 254) - 8 | 1 << 254
    return scalar, digest[32:]


def public_key(seed: bytes) -> bytes:
    return packed(multiplied(halves(seed)[0], BASE))


def signature(seed: bytes, text: bytes) -> bytes:
    scalar, prefix = halves(seed)
    nonce = number(hashlib.sha512(prefix + text).digest()) % ORDER
    point = packed(multiplied(nonce, BASE))
    challenge = number(hashlib.sha512(point + public_key(seed) + text).digest()) % ORDER
    return point + ((nonce + challenge * scalar) % ORDER).to_bytes(32, "little")

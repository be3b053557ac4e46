"""Values of each kind, made by their rules, and near-misses: values that look so and are none."""

from __future__ import annotations

import base64
import hashlib
import random
import string
from collections.abc import Callable

Dice = random.Random
DIGITS = string.digits
ALNUM = string.ascii_letters + string.digits

CARDS = (("4", 16), ("4", 16), ("4", 13), ("51", 16), ("55", 16), ("2221", 16), ("2700", 16), ("34", 15), ("37", 15), ("6011", 16))
CARDS += (("65", 16), ("3530", 16), ("3589", 16), ("36", 14), ("305", 14), ("62", 16), ("2200", 16), ("5018", 16), ("6304", 16), ("81", 16))
IBANS = {
    "DE": "n18", "FR": "n10 a11 n2", "GB": "A4 n14", "ES": "n20", "IT": "A1 n10 a12", "NL": "A4 n10", "CH": "n5 a12", "AT": "n16", "BE": "n12",
    "PL": "n24", "SE": "n20", "NO": "n11", "DK": "n14", "FI": "n14", "PT": "n21", "IE": "A4 n14", "CZ": "n20", "HU": "n24", "GR": "n7 a16",
    "RO": "A4 a16", "LU": "n3 a13", "AE": "n19", "SA": "n2 a18", "TR": "n6 a16", "BR": "n23 A1 a1", "MT": "A4 n5 a18", "LC": "A4 a24",
}  # fmt: skip
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def some(dice: Dice, letters: str, count: int) -> str:
    return "".join(dice.choices(letters, k=count))


def luhn_digit(body: str) -> str:
    total = 0
    for index, digit in enumerate(reversed(body)):
        value = int(digit) * (1 if index % 2 else 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card_number(dice: Dice) -> str:
    prefix, length = dice.choice(CARDS)
    body = prefix + some(dice, DIGITS, length - len(prefix) - 1)
    return body + luhn_digit(body)


def grouped(dice: Dice, number: str) -> str:
    gap = dice.choice(["", " ", "-"])
    widths = {15: (4, 6, 5), 14: (4, 6, 4), 16: (4, 4, 4, 4)}.get(len(number))
    if not gap or widths is None:
        return number
    parts, at = [], 0
    for width in widths:
        parts.append(number[at : at + width])
        at += width
    return gap.join(parts)


def iban_number(dice: Dice) -> str:
    country = dice.choice(list(IBANS))
    body = ""
    for part in IBANS[country].split():
        letters = {"n": DIGITS, "a": string.ascii_uppercase + DIGITS, "A": string.ascii_uppercase}[part[0]]
        body += some(dice, letters, int(part[1:]))
    turned = "".join(str(int(c, 36)) for c in body + country + "00")
    return f"{country}{98 - int(turned) % 97:02}{body}"


def iban_written(dice: Dice, number: str) -> str:
    return dice.choice([number, number, " ".join(number[i : i + 4] for i in range(0, len(number), 4)), number.lower()])


def ssn_number(dice: Dice) -> tuple[str, str, str]:
    area = dice.choice([n for n in range(1, 900) if n != 666])
    return f"{area:03}", f"{dice.randint(1, 99):02}", f"{dice.randint(1, 9999):04}"


def ip_number(dice: Dice) -> str:
    if dice.random() < 0.5:
        return ".".join(str(dice.randint(0, 255)) for _ in range(4))
    groups = [f"{dice.randint(0, 0xFFFF):x}" for _ in range(8)]
    form = dice.random()
    if form < 0.3:
        return ":".join(groups)
    if form < 0.6:
        return f"2001:db8:{groups[0]}::{groups[1]}"
    if form < 0.8:
        return f"fe80::{groups[0]}:{groups[1]}:{groups[2]}:{groups[3]}"
    return ":".join(groups[:4]).upper() + "::" + groups[5].upper()


def email_address(dice: Dice) -> str:
    first = dice.choice(
        [
            "anna",
            "john.smith",
            "m_weber",
            "j-p.dupont",
            "olu+news",
            "o'brien",
            "x99",
            "info",
            "josé",
            "müller",
            "李雷",
            "ivan.petrov",
            "a.b.c",
            "support",
        ]
    )
    host = dice.choice(["example", "mail", "gmx", "uni-bonn", "company-name", "bücher", "sub.domain", "q1", "post.office", "163"])
    top = dice.choice(
        ["com", "org", "de", "co.uk", "fr", "net", "io", "com.br", "museum", "info", "рф", "xn--p1ai", "in", "jp", "it", "es", "ch"]
    )
    return f"{first}{dice.choice(['', str(dice.randint(1, 99))])}@{host}.{top}"


PHONES = [
    "+1 {A}{D2}-{B}{D2}-{D4}", "({A}{D2}) {B}{D2}-{D4}", "{A}{D2}-{B}{D2}-{D4}", "{A}{D2}.{B}{D2}.{D4}", "1-{A}{D2}-{B}{D2}-{D4}", "{A}{D2} {B}{D2} {D4}",
    "+1{A}{D2}{B}{D6}", "{A}{D2}-{B}{D2}-{D4} ext. {D3}", "{A}{D2}-{B}{D2}-{D4}x{D3}",
    "+49 30 {B}{D6}", "+49 (0)30 {B}{D6}", "030 {B}{D6}", "0171 {B}{D6}", "0171/{B}{D6}", "(030) {B}{D6}", "030 / {B}{D5}", "+49 171 {B}{D2} {D2} {D2}", "0049 89 {B}{D6}",
    "+33 6 {D2} {D2} {D2} {D2}", "06 {D2} {D2} {D2} {D2}", "01.{D2}.{D2}.{D2}.{D2}", "+33 (0)1 {D2} {D2} {D2} {D2}",
    "+44 20 7{D3} {D4}", "020 7{D3} {D4}", "07{B}{D2} {D6}", "+44 7{B}{D2} {D3} {D3}", "(0161) {D3} {D4}", "+44 (0)20 7{D3} {D4}",
    "+91 9{D4} {D5}", "+91-9{D9}", "+81 3-{D4}-{D4}", "03-{D4}-{D4}", "090-{D4}-{D4}", "+55 11 9{D4}-{D4}", "(11) 9{D4}-{D4}", "(21) {D4}-{D4}",
    "+61 4{D2} {D3} {D3}", "04{D2} {D3} {D3}", "(02) 9{D3} {D4}", "+34 6{D2} {D2} {D2} {D2}", "6{D2} {D2} {D2} {D2}", "91 {D3} {D2} {D2}", "+34 91 {D3} {D2} {D2}",
    "+39 02 {D4} {D4}", "+39 3{D2} {D3} {D4}", "02 {D4} {D4}", "+41 44 {D3} {D2} {D2}", "044 {D3} {D2} {D2}", "+41 (0)79 {D3} {D2} {D2}", "+43 1 {B}{D6}",
    "+31 6 {D8}", "06-{D8}", "+32 470 {D2} {D2} {D2}", "+46 8 {D3} {D3} {D2}", "08-{D3} {D3} {D2}", "+47 {B}{D2} {D2} {D3}", "+45 {B}{D1} {D2} {D2} {D2}", "+48 {B}{D2} {D3} {D3}",
    "+420 {B}{D2} {D3} {D3}", "+351 91 {D3} {D4}", "+353 1 {D3} {D4}", "+7 495 {D3}-{D2}-{D2}", "8 (495) {D3}-{D2}-{D2}", "+86 138 {D4} {D4}", "+82 10-{D4}-{D4}", "010-{D4}-{D4}",
    "+65 9{D3} {D4}", "+27 82 {D3} {D4}", "+52 55 {D4} {D4}", "+972 3-{D3}-{D4}", "+971 50 {D3} {D4}", "+966 5{D8}",
]  # fmt: skip


def phone_number(dice: Dice) -> str:
    shown = dice.choice(PHONES)
    for digits in range(9, 0, -1):
        while f"{{D{digits}}}" in shown:
            shown = shown.replace(f"{{D{digits}}}", some(dice, DIGITS, digits), 1)
    while "{A}" in shown:
        shown = shown.replace("{A}", dice.choice("23456789"), 1)
    while "{B}" in shown:
        shown = shown.replace("{B}", dice.choice("23456789"), 1)
    return shown


def url_with_password(dice: Dice) -> str:
    scheme = dice.choice(
        ["https", "http", "ftp", "postgres", "postgresql", "mysql", "redis", "mongodb", "amqp", "ssh", "smb", "mongodb+srv"]
    )
    password = some(dice, ALNUM + "!$*-_.", dice.randint(6, 20)).strip(".$*-_!") + "q7"
    host = dice.choice(["db.example.com", "10.0.0.7", "localhost", "cache-01.internal"]) + dice.choice(["", ":5432", ":6379"])
    return (
        f"{scheme}://{dice.choice(['admin', 'svc_user', 'root', 'a.b'])}:{password}@{host}{dice.choice(['', '/', '/main', '/0?ssl=true'])}"
    )


def routing_number(dice: Dice) -> str:
    body = f"{dice.choice([*range(1, 13), *range(21, 33)]):02}" + some(dice, DIGITS, 6)
    total = sum(int(digit) * weight for digit, weight in zip(body, (3, 7, 1, 3, 7, 1, 3, 7), strict=True))
    return body + str(-total % 10)


def secret_key(dice: Dice) -> str:
    def jwt() -> str:
        head, body = ('{"alg":"HS256"}', f'{{"sub":"{dice.randint(1, 9**9)}"}}')
        parts = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (head, body)]
        return ".".join([*parts, some(dice, ALNUM + "-_", 42) + "a"])

    makers: list[Callable[[], str]] = [
        lambda: "AKIA" + some(dice, string.ascii_uppercase + "234567", 16),
        lambda: dice.choice(["ghp_", "gho_", "ghs_"]) + some(dice, ALNUM, 36),
        lambda: "github_pat_" + some(dice, ALNUM, 22) + "_" + some(dice, ALNUM, 59),
        lambda: "glpat-" + some(dice, ALNUM, 20),
        lambda: dice.choice(["sk-", "sk-proj-", "sk-ant-api03-"]) + some(dice, ALNUM, 48) + "7",
        lambda: dice.choice(["sk_live_", "rk_live_", "sk_test_"]) + some(dice, ALNUM, 24),
        lambda: dice.choice(["xoxb-", "xoxp-"]) + some(dice, DIGITS, 12) + "-" + some(dice, ALNUM, 24),
        lambda: "AIza" + some(dice, ALNUM + "-_", 34) + "a",
        jwt,
        lambda: "npm_" + some(dice, ALNUM, 36),
        lambda: "hf_" + some(dice, ALNUM, 34),
        lambda: "SG." + some(dice, ALNUM, 22) + "." + some(dice, ALNUM, 43),
        lambda: (
            f"-----BEGIN RSA PRIVATE KEY-----\n{some(dice, ALNUM + '+/', 64)}\n{some(dice, ALNUM + '+/', 64)}==\n-----END RSA PRIVATE KEY-----"
        ),
    ]
    return dice.choice(makers)()


def bitcoin(dice: Dice) -> str:
    if dice.random() < 0.5:
        payload = bytes([dice.choice([0, 5])]) + dice.randbytes(20)
        raw = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
        number, shown = int.from_bytes(raw), ""
        while number:
            number, rest = divmod(number, 58)
            shown = BASE58[rest] + shown
        return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + shown
    return (
        segwit([0, *(dice.randint(0, 31) for _ in range(32))]) if dice.random() < 0.6 else "0x" + some(dice, "0123456789abcdefABCDEF", 40)
    )


def segwit(values: list[int]) -> str:
    def polymod(given: list[int]) -> int:
        generator, check = [0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3], 1
        for value in given:
            top = check >> 25
            check = (check & 0x1FFFFFF) << 5 ^ value
            for index in range(5):
                check ^= generator[index] if top >> index & 1 else 0
        return check

    head = [3, 3, 0, 2, 3]
    check = polymod([*head, *values, 0, 0, 0, 0, 0, 0]) ^ 1
    return "bc1" + "".join(BECH32[value] for value in [*values, *(check >> 5 * (5 - index) & 31 for index in range(6))])


def birth_date(dice: Dice) -> str:
    day, month, year = dice.randint(1, 28), dice.randint(1, 12), dice.randint(1930, 2015)
    name = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"][
        month - 1
    ]
    german = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"][
        month - 1
    ]
    forms = [
        f"{month}/{day}/{year}",
        f"{day:02}.{month:02}.{year}",
        f"{year}-{month:02}-{day:02}",
        f"{day} {name} {year}",
        f"{name} {day}, {year}",
    ]
    forms += [f"{day}. {german} {year}", f"{day:02}-{month:02}-{year}", f"{name[:3]} {day}, {year}", f"{day}th of {name} {year}"]
    return dice.choice(forms)

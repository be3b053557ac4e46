"""At least 1,000 texts with a value and 1,000 with a near-miss, for each kind: varied sentences, brackets, line ends, JSON, markdown, languages."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import made_values as made

Dice = random.Random


class Case(NamedTuple):
    """A text, and where the value is; a near-miss has none."""

    text: str
    start: int
    end: int


PLAIN = [
    "{}",
    "It is {}.",
    "Please note {} and confirm",
    "see {}, thanks",
    "({})",
    "[{}]",
    '"{}"',
    "'{}'",
    "- {}\n- done",
    "| name | {} |",
    "> {}\n",
    "**{}**",
]
PLAIN += [
    "`{}`",
    "<b>{}</b>",
    "{}\n",
    "\t{}\t",
    "Yes: {}!",
    "Is it {}?",
    "Hallo,\nes ist {}.\nGruß",
    "C'est {} je crois",
    "Es {} ¿verdad?",
    "これは {} です",
    "это {} да",
    '{{"v": "{}"}}',
    "v={};",
    "a,{},b",
]

LABELS: dict[str, list[str]] = {
    "EMAIL_ADDRESS": [*PLAIN, "mail me at {} please", "mailto:{}", "<{}>", "From: {}", "E-Mail:{}", "schreib an {}, danke", "contact={}&x=1", "[write](mailto:{})"],
    "CREDIT_CARD": [*PLAIN, "my card is {}", "Visa {} exp 12/27", "Karte: {}", "carte bancaire {}.", "pay with {} today", "card number {} is lost", "cc {}", "Kreditkarte {} sperren"],
    "IBAN_CODE": [*PLAIN, "IBAN: {}", "transfer to {} today", "überweise auf {}", "mon IBAN est {}.", "IBAN {}\nBIC X"],
    "IP_ADDRESS": [*PLAIN, "ping {}", "http://{}/x", "from {} to", "host {} is down", "server={}", "blocked: {}"],
    "US_SSN": ["my SSN is {}", "SSN: {}", "social security number {}.", "(ssn {})", "{{\"ssn\": \"{}\"}}", "{}", "It is {}, right?", "| SSN | {} |", "- {}\n"],
    "PHONE_NUMBER": ["call me at {}", "Phone: {}", "Tel.: {}", "Telefon {}", "mon téléphone est le {}", "Mobile: {}\nBye", "reach me on {}, thanks", "teléfono: {}.", "Fax {}", "({})", "{}", "It's {}.",
        "my number is {}", "Ruf mich an: {}", "電話: {}", "{{\"phone\": \"{}\"}}", "| Phone | {} |", "[{}]", "cellulare {}", "ring {} after six", "{} is my mobile", "**Phone**: {}", "text {} now"],
    "URL_CREDENTIALS": [*PLAIN, "connect to {}", "DATABASE_URL={}", "url: \"{}\"", "git clone {} here"],
    "US_BANK_ROUTING": ["routing number {}", "ABA: {}", "my bank's routing no. is {}.", "routing: {}\naccount: x", "(RTN {})", "ACH routing {}", "{{\"routing\": \"{}\"}}", "| Routing | {} |"],
    "US_PASSPORT": ["passport number {}", "my passport is {}.", "Passport No: {}", "(passport {})", "US passport # {}", "{{\"passport\": \"{}\"}}", "passport no. {} expires soon"],
    "US_DRIVER_LICENSE": ["driver's license {}", "my driver license number is {}.", "Driver License No: {}", "DL: {}", "(drivers license {})", "driving licence number {}", "DL# {}"],
    "SECRET": [*PLAIN, "export KEY={}", "api_key: {}", "token = \"{}\"", "Authorization: Bearer {}", "use {} please", "key={}\n"],
    "CRYPTO": [*PLAIN, "send to {}", "wallet: {}", "bitcoin:{}", "BTC {} thanks"],
    "DATE_OF_BIRTH": ["born on {}", "DOB: {}", "date of birth: {}.", "geboren am {}", "né le {}", "birthday {}", "Geburtsdatum: {}", "(born {})", "{{\"dob\": \"{}\"}}", "nacida el {}", "My date of birth is {}, ok?"],
}  # fmt: skip

ORDERS = [
    "order {}",
    "Order number {}",
    "order no. {}",
    "invoice {}",
    "Bestellnummer {}",
    "tracking number: {}",
    "ticket #{}",
    "ref {}",
    "SKU {}",
    "serial number {}",
    "batch {} passed",
    "commande {}",
    "part no {}",
    "case {} is open",
    "article {}",
]
NUMBERS = ["{}", "id {}", "n={}", "value {}.", "({})", "[{}, 1]", '{{"n": {}}}', "total: {}", "| {} |"]


def positive(kind: str) -> Callable[[Dice], str]:
    """A maker of values."""
    return {
        "EMAIL_ADDRESS": made.email_address,
        "CREDIT_CARD": lambda dice: made.grouped(dice, made.card_number(dice)),
        "IBAN_CODE": lambda dice: made.iban_written(dice, made.iban_number(dice)),
        "IP_ADDRESS": made.ip_number,
        "US_SSN": lambda dice: "-".join(made.ssn_number(dice)),
        "PHONE_NUMBER": made.phone_number,
        "URL_CREDENTIALS": made.url_with_password,
        "US_BANK_ROUTING": made.routing_number,
        "US_PASSPORT": lambda dice: dice.choice(["", "A", "C", "P"]) + str(dice.randint(10_000_000, 99_999_999)) + dice.choice([""]),
        "US_DRIVER_LICENSE": lambda dice: dice.choice(["", "A", "F", "D", "NV"]) + str(dice.randint(10_000_00, 99_999_999_999)),
        "SECRET": made.secret_key,
        "CRYPTO": made.bitcoin,
        "DATE_OF_BIRTH": made.birth_date,
    }[kind]


def wrong_digit(dice: Dice, value: str) -> str:
    """One digit of the value is another one: its sum is wrong."""
    places = [index for index, c in enumerate(value) if c.isdigit()]
    place = dice.choice(places[4:] or places)
    return value[:place] + str((int(value[place]) + dice.randint(1, 9)) % 10) + value[place + 1 :]


def version(dice: Dice) -> str:
    shown = ".".join(str(dice.randint(0, 40)) for _ in range(dice.choice([2, 3, 3, 4])))
    return dice.choice(
        ["v{}", "version {}", "release {}-rc1", "node/{}", "python=={}", "pkg@{}", "{}-beta", "lib-{}.tar.gz", "upgrade to {}"]
    ).format(shown)


def digits(dice: Dice, low: int, high: int) -> str:
    return str(dice.randint(1, 9)) + made.some(dice, made.DIGITS, dice.randint(low, high) - 1)


def moment(dice: Dice) -> str:
    day = f"{dice.randint(1990, 2030)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    time = f"{dice.randint(0, 23):02}:{dice.randint(0, 59):02}:{dice.randint(0, 59):02}"
    return dice.choice(
        [
            f"{day} {time}",
            f"{day}T{time}Z",
            day,
            time,
            f"[{day} {time},{dice.randint(100, 999)}]",
            str(dice.randint(10**9, 2 * 10**9)),
            f"{dice.randint(10**12, 2 * 10**12)}",
        ]
    )


def uuid(dice: Dice) -> str:
    return "-".join(made.some(dice, "0123456789abcdef", count) for count in (8, 4, 4, 4, 12))


def misses(kind: str) -> list[Callable[[Dice], str]]:
    """Makers of texts with near-misses of a kind."""

    def order(dice: Dice) -> str:
        return dice.choice(ORDERS).format(digits(dice, 5, 14))

    def grouped_order(dice: Dice) -> str:
        parts = [made.some(dice, made.DIGITS, dice.choice([3, 4])) for _ in range(dice.choice([2, 3]))]
        return dice.choice(ORDERS).format("-".join(parts))

    def amount(dice: Dice) -> str:
        return dice.choice(["$ {:,}", "{:,} EUR", "€{:,}.00", "USD {:,}", "{:,} people"]).format(dice.randint(1_000, 10**10))

    common: list[Callable[[Dice], str]] = [order, version, moment, uuid, amount]
    if kind in ("PHONE_NUMBER", "US_SSN"):
        common.append(grouped_order)
    return common + OWN.get(kind, [])


def _in(frames: list[str], value: Callable[[Dice], str]) -> Callable[[Dice], str]:
    return lambda dice: dice.choice(frames).format(value(dice))


OWN: dict[str, list[Callable[[Dice], str]]] = {
    "EMAIL_ADDRESS": [
        _in(PLAIN, lambda dice: dice.choice(["@handle", "user@", "foo@bar", "icon@2x.png", "lodash@4.17.21", "a@1.2.3", "git@github.com:org/repo.git", "@media print", "x @ y", "@app.route", "price @ 3.50", "root@localhost"])),
    ],
    "CREDIT_CARD": [
        _in(LABELS["CREDIT_CARD"], lambda dice: wrong_digit(dice, made.grouped(dice, made.card_number(dice)))),
        _in(PLAIN, lambda dice: digits(dice, 1, 4) + made.card_number(dice) + digits(dice, 1, 4)),
        _in(PLAIN, lambda dice: "A" + made.card_number(dice)),
        _in(PLAIN, lambda dice: made.card_number(dice)[:-3]),
    ],
    "IBAN_CODE": [
        _in(LABELS["IBAN_CODE"], lambda dice: wrong_digit(dice, made.iban_written(dice, made.iban_number(dice)))),
        _in(PLAIN, lambda dice: made.iban_number(dice) + digits(dice, 1, 3)),
        _in(PLAIN, lambda dice: "X" + made.iban_number(dice)),
        _in(PLAIN, lambda dice: "ZZ" + made.iban_number(dice)[2:]),
    ],
    "IP_ADDRESS": [
        _in(PLAIN, lambda dice: ".".join(str(dice.randint(256, 999)) for _ in range(4))),
        _in(PLAIN, lambda dice: ".".join(str(dice.randint(0, 255)) for _ in range(dice.choice([3, 5, 6])))),
        _in(PLAIN, lambda dice: ":".join(made.some(dice, "0123456789ABCDEF", 2) for _ in range(6))),
        _in(PLAIN, lambda dice: f"{dice.randint(0, 23):02}:{dice.randint(0, 59):02}:{dice.randint(0, 59):02}"),
        _in(PLAIN, lambda dice: dice.choice(["std::vector", "a::b", "Foo::Bar2", "items[1::2]", "x[::2]", "::", "crate::mod1::f"])),
        _in(["version {}", "v{}", "release {}", "build {}", "section {}", "firmware {}", "Chrome/{}", "upgraded to {}"], lambda dice: ".".join(str(dice.randint(0, 200)) for _ in range(4))),
    ],
    "US_SSN": [
        _in(LABELS["US_SSN"], lambda dice: f"{dice.choice(['000', '666', str(dice.randint(900, 999))])}-{dice.randint(1, 99):02}-{dice.randint(1, 9999):04}"),
        _in(LABELS["US_SSN"], lambda dice: f"{dice.randint(100, 600)}-00-{dice.randint(1, 9999):04}"),
        _in(LABELS["US_SSN"], lambda dice: f"{dice.randint(100, 600)}-{dice.randint(1, 99):02}-0000"),
        _in(PLAIN, lambda dice: f"{dice.randint(0, 9)}-" + "-".join(made.ssn_number(dice)) + f"-{dice.randint(0, 9)}"),
        _in(PLAIN, lambda dice: digits(dice, 1, 2) + "-".join(made.ssn_number(dice)) + digits(dice, 1, 2)),
        _in(NUMBERS, lambda dice: digits(dice, 9, 9)),
    ],
    "PHONE_NUMBER": [
        _in(NUMBERS, lambda dice: digits(dice, 5, 15)),
        _in(PLAIN, lambda dice: f"{dice.randint(1, 31):02}.{dice.randint(1, 12):02}.{dice.randint(1950, 2030)}"),
        _in(PLAIN, lambda dice: f"{dice.randint(1950, 2030)}-{dice.randint(1950, 2030)}"),
        _in(PLAIN, made.ip_number),
        _in(["width {}", "lat {}", "pi is {}", "{} km", "{}%", "score {}"], lambda dice: f"{dice.randint(0, 90)}.{made.some(dice, made.DIGITS, 8)}"),
        _in(["zip {}", "ZIP: {}", "Berlin {}", "ISBN {}"], lambda dice: f"{dice.randint(10_000, 99_999)}-{made.some(dice, made.DIGITS, 4)}"),
        _in(["ISBN {}", "isbn: {}"], lambda dice: f"978-{dice.randint(0, 9)}-{made.some(dice, made.DIGITS, 4)}-{made.some(dice, made.DIGITS, 4)}-{dice.randint(0, 9)}"),
    ],
    "URL_CREDENTIALS": [
        _in(PLAIN, lambda dice: dice.choice(["https://example.com/a:b@c", "https://user@example.com/x", "postgres://$USER:$PASS@host/db", "http://host:8080/path", "ssh://git@github.com/a/b", "https://x.com/@name", "redis://localhost:6379/0"])),
    ],
    "US_BANK_ROUTING": [
        _in(LABELS["US_BANK_ROUTING"], lambda dice: wrong_digit(dice, made.routing_number(dice))),
        _in(LABELS["US_BANK_ROUTING"], lambda dice: made.routing_number(dice) + digits(dice, 1, 3)),
        _in([*NUMBERS, *ORDERS], made.routing_number),
    ],
    "US_PASSPORT": [_in([*NUMBERS, *ORDERS], lambda dice: digits(dice, 9, 9)), _in(["passport {}"], lambda dice: digits(dice, 12, 20))],
    "US_DRIVER_LICENSE": [_in([*NUMBERS, *ORDERS, "license key {}", "software license {}"], lambda dice: dice.choice(["", "A", "F"]) + digits(dice, 7, 12))],
    "SECRET": [
        _in(PLAIN, lambda dice: dice.choice(["sk-learn", "password: required", "token: string", "api_key = os.environ['KEY']", "password: ********", "token = get_token()", "eyJ", "ghp_short", "secret: <your-secret>"])),
        _in(["sha256 {}", "commit {}", "{}", "digest: {}"], lambda dice: made.some(dice, "0123456789abcdef", dice.choice([32, 40, 64]))),
        _in(PLAIN, lambda dice: dice.choice(["task-", "desk-", "risk-", "npm_config_", "xox-", "AIza", "AKIA"]) + made.some(dice, "abcdefgh", 8)),
    ],
    "CRYPTO": [
        _in(LABELS["CRYPTO"], lambda dice: dice.choice("13") + made.some(dice, made.BASE58, 33)),
        _in(PLAIN, lambda dice: "0x" + made.some(dice, "0123456789abcdef", dice.choice([8, 32, 39, 41, 64]))),
        _in(PLAIN, lambda dice: "bc1q" + made.some(dice, made.BECH32, 38)),
    ],
    "DATE_OF_BIRTH": [
        _in(["on {}", "due {}", "{}", "meeting at {}", "released {}", "since {} we", "Datum: {}", "invoice of {}", "(updated {})"], made.birth_date),
        _in(["born in Berlin, order {}", "birth rate {}"], lambda dice: digits(dice, 5, 9)),
    ],
}  # fmt: skip

KINDS = tuple(LABELS)


def positives(kind: str, count: int, seed: int = 1) -> Iterator[Case]:
    """Texts with a value."""
    dice = Dice(f"{kind} {seed}")
    make = positive(kind)
    for _ in range(count):
        value = make(dice)
        frame = dice.choice(LABELS[kind]).replace("{{", "\x01").replace("}}", "\x02")
        head, tail = (part.replace("\x01", "{").replace("\x02", "}") for part in frame.split("{}"))
        yield Case(head + value + tail, len(head), len(head) + len(value))


def near_misses(kind: str, count: int, seed: int = 1) -> Iterator[str]:
    """Texts with none."""
    dice = Dice(f"no {kind} {seed}")
    makers = misses(kind)
    own = OWN.get(kind, [])
    for index in range(count):
        yield dice.choice(own if own and index % 3 else makers)(dice)

"""What texts of a blind tester showed: values in places that no maker of ours had thought of, and what only looked like values there."""

from __future__ import annotations

import interlock as il
import pytest


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in il.privacy.scan(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("agent: a callback number?\ncustomer: 1-201-555-0243", "PHONE_NUMBER", "1-201-555-0243"),
        ("id,phone,ip\n7,+94 112 343 081,222", "PHONE_NUMBER", "+94 112 343 081"),
        ("id,phone,n\n7,0039 312 345 6789,18,x", "PHONE_NUMBER", "0039 312 345 6789"),
        ("Τηλέφωνο: 21 2345 6808", "PHONE_NUMBER", "21 2345 6808"),
        ("ТЕЛЕФОН 1234567", "PHONE_NUMBER", "1234567"),
        ("Meine Mobilfunknummer: 1512 3456789", "PHONE_NUMBER", "1512 3456789"),
        ("whatsapp +359 2 124 020 thx", "PHONE_NUMBER", "+359 2 124 020"),
        ("geboren op 24 maart 1984.", "DATE_OF_BIRTH", "24 maart 1984"),
        ("urodzony 7 września 1961", "DATE_OF_BIRTH", "7 września 1961"),
        ("född 3 maj 1990", "DATE_OF_BIRTH", "3 maj 1990"),
        ("My passport no. is JX7FT4XCG", "PASSPORT", "JX7FT4XCG"),
        ("Driver's license: M613-056-73-746-7, state FL", "US_DRIVER_LICENSE", "M613-056-73-746-7"),
        ("He showed DL# Q125-4131-6937 at the desk", "US_DRIVER_LICENSE", "Q125-4131-6937"),
        ("DL: L0306 58841 50480", "US_DRIVER_LICENSE", "L0306 58841 50480"),
        ("from ::ffff:167.85.65.153 port 22", "IP_ADDRESS", "::ffff:167.85.65.153"),
        ("use ldap://reader:y!CABY@[2001:db8::5]", "URL_CREDENTIALS", "ldap://reader:y!CABY@[2001:db8::5]"),
        ("The wifi password is T0#rcBK*0G and", "SECRET", "T0#rcBK*0G"),
        ("das Passwort lautet Winter2026x", "SECRET", "Winter2026x"),
        ("curl -u admin:S6-VONy^3n7dT_g https://x.example", "SECRET", "S6-VONy^3n7dT_g"),
        ("POSTGRES_PASSWORD: T2&cIN^ek9mZD\nPGUSER: app", "SECRET", "T2&cIN^ek9mZD"),
        ("?user=jo&password=hunter22&next=home", "SECRET", "hunter22"),
        ("password: O4f5Cr_GJ(9\n", "SECRET", "O4f5Cr_GJ(9"),
        ("password: MyDogSecret", "SECRET", "MyDogSecret"),
        ("db_password=ProductionPassword", "SECRET", "ProductionPassword"),
        ("acct: 4111111111111111", "CREDIT_CARD", "4111111111111111"),
        ("please charge the fee to 378282246310005", "CREDIT_CARD", "378282246310005"),
        ("for the costs +1 415 555 2671", "PHONE_NUMBER", "+1 415 555 2671"),
        ("password: $ca9UhWNQPx^X", "SECRET", "$ca9UhWNQPx^X"),
        (
            "/box/a.csv?sv=2024-11-04&sig=kX3mT9vQz2LrB7nD5wYc8HsJ4fGaUe6P1oRiVbNq0tM%3D",
            "SECRET",
            "kX3mT9vQz2LrB7nD5wYc8HsJ4fGaUe6P1oRiVbNq0tM%3D",
        ),
        ('{"Authorization": "Bearer 7fb3c1a9e2d84f60b5aa"}', "SECRET", "7fb3c1a9e2d84f60b5aa"),
    ],
)
def test_a_value_is_found_as_a_whole(text: str, kind: str, value: str) -> None:
    assert found(text) == [(kind, value)]


HEX = "4309b7b552e1c549c056de14c3c5a487"


@pytest.mark.parametrize(
    "key",
    [
        "dapi" + HEX,
        "SK" + HEX,
        "key-" + HEX,
        "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",
        "xai-" + HEX * 2,
        "dp.pt.80vvdsfrioMQfUjsiZgdUiixwCsNi7M3NKgkXnOOkoN",
        "figd_-31yPFs0oiDJFeZdqAoqf1WrFNVX0bVBDSHhkmn9",
        "sq0atp-4uR_QX0OBJt_j2ff0bRe0G",
        "pat921TJ1qRGdaaEp." + HEX * 2,
        "1KbdEM9R5qjsCi.atlasv1." + HEX * 2,
        "ATATT3xFfGF0yDVLvW5n7UFb2Dee4G_OMrEwNMryL1VuAl-" + HEX,
        "AGE-SECRET-KEY-1QG7LFWGFS68WPXYYTX0DCR8JACLWEJCTYXN7EZJCSUPKGN4V3AW074ATRR",
    ],
)
def test_a_key_of_a_known_maker_needs_no_name_beside_it(key: str) -> None:
    assert found(f"see {key} in the log") == [("SECRET", key)]


@pytest.mark.parametrize(
    "text",
    [
        "docker pull registry.example.com/app:1.22.11.8",
        "image: postgres:11.26.12.115",
        "https://user@example.com/x",
        "if password == confirm_password:",
        "password = self.get_password(user_id=42)",
        "The password is required and case-sensitive",
        "tel. 7, Zamówienie 2022-1232-1461",
        "write or call. Ordernummer: 7281995373",
        "call me, Mitgliedsnummer 4400438581",
        "ring me re: acct 155726491322",
        "SSN: see file\nInsurance group: #779807137",
        "routing number unknown, account #005998447",
        "Renewal of your driver's license costs 1.779.544,02 €",
        "driver's license fee paid since 5/12/2026",
        "Driver's license on file. Vehicle VIN 1HGCM82633A004352",
        "Driver License No. ....\nCase no. .... 5551237",
        "Birthday voucher, valid until 31.12.2026",
        "DOB on file, admitted 03/04/2024",
        "Geboortedatum bekend. Factuur van 24-10-2026",
        "Amazon order 355-8290364-5899052",
        "what is a::b at this address",
        "call about contract 017-8782272-9191515",
        "call about account PL85 0810 8756 6488 2035 0157 5495",
        '{"agent": "x", "sig": "436e53d5e493cafe124f1ac08097a5de"}',
        '{"key": "x", "sig": "sha256:d34f26d6d08bda4438b0c25a64c2e73f12f87434d2fa8ebe39ded608d91c48f8"}',
    ],
)
def test_what_only_looks_like_a_value_is_left_alone(text: str) -> None:
    assert found(text) == []

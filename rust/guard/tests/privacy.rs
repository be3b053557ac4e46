//! Privacy through its public door: spans, placeholders, JSON, and any text at all.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use interlock_guard::privacy::{Deny, Pattern, Privacy, Spec, placeholders, replace};
use proptest::prelude::*;

fn found(privacy: &Privacy, text: &str) -> Vec<(String, String)> {
    privacy.scan(text).iter().map(|span| (privacy.name(span.kind).to_owned(), text[span.start..span.end].to_owned())).collect()
}

/// Mask with numbers, and keep the values.
fn masked(privacy: &Privacy, text: &str) -> (Option<String>, Vec<String>) {
    let mut values = Vec::new();
    let masked = privacy.mask(text, &mut |_, value| {
        values.push(value.to_owned());
        values.len().to_string()
    });
    (masked, values)
}

fn put_back(text: &str, values: &[String]) -> String {
    let value = |token: &str| token.parse::<usize>().ok().and_then(|number| values.get(number - 1).cloned());
    replace(text, |found| value(found.token)).unwrap_or_else(|| text.to_owned())
}

#[test]
fn each_kind_is_found_by_its_structure() {
    let cases = [
        ("EMAIL_ADDRESS", "ada@example.com"),
        ("PHONE_NUMBER", "+49 30 2345678"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
        ("IBAN_CODE", "DE89 3704 0044 0532 0130 00"),
        ("US_SSN", "123-45-6789"),
        ("IP_ADDRESS", "2001:db8::8a2e:370:7334"),
        ("URL_CREDENTIALS", "postgres://admin:hunter22@db.example.com/main"),
        ("SECRET", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
        ("CRYPTO", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        ("CRYPTO", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    ];
    for (kind, value) in cases {
        let text = format!("It is {value}, they say.");
        assert_eq!(found(&Privacy::default(), &text), [(kind.to_owned(), value.to_owned())], "{text}");
    }
}

#[test]
fn words_decide_where_digits_alone_say_too_little() {
    let cases = [
        ("Routing number 021000021", "US_BANK_ROUTING"),
        ("my SSN is 123456789", "US_SSN"),
        ("Passport No: C12345678", "US_PASSPORT"),
        ("driver's license number is F162823540116", "US_DRIVER_LICENSE"),
        ("geboren am 12. März 1985", "DATE_OF_BIRTH"),
        ("Phone:\n467 3395", "PHONE_NUMBER"),
    ];
    for (text, kind) in cases {
        let kinds: Vec<String> = found(&Privacy::default(), text).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [kind], "{text}");
    }
    for text in ["order 021000021", "batch 123456789", "ref C12345678", "order 467 3395", "due 12. März 1985"] {
        assert_eq!(found(&Privacy::default(), text), [], "{text}");
    }
}

#[test]
fn a_text_without_findings_is_no_new_text() {
    assert_eq!(masked(&Privacy::default(), "nothing here, order 1234-567").0, None);
}

#[test]
fn malformed_placeholders_are_seen_and_said_to_be() {
    let all: Vec<(bool, &str)> = placeholders("⟦A:1⟧ ⟦a:1⟧ ⟦A:abcdefghijklmno2⟧ ⟦A:⟧ ⟦").map(|one| (one.well_formed, one.token)).collect();
    assert_eq!(all, [(true, "1"), (false, ""), (true, "abcdefghijklmno2"), (false, ""), (false, "")]);
}

#[test]
fn half_a_pair_of_surrogates_in_json_stays_as_it_was_written() {
    let json = br#"{"a": "\ud800 ada@example.com \u00e9"}"#;
    let masked = Privacy::default().mask_json(json, &mut |_, _| "1".to_owned()).map(|out| String::from_utf8_lossy(&out).into_owned());
    assert_eq!(masked.as_deref(), Some("{\"a\": \"\\ud800 ⟦EMAIL_ADDRESS:1⟧ \\u00e9\"}"));
}

#[test]
fn own_kinds_have_their_own_names_and_need_their_words() {
    let spec = Spec {
        patterns: vec![Pattern { name: "ORDER_NO".into(), pattern: r"ORD-\d{4}".into(), context: vec!["Order".into()] }],
        deny: vec![Deny { name: "PROJECT".into(), words: vec!["Bluebird".into()] }],
        ..Spec::default()
    };
    let privacy = Privacy::compile(&spec).unwrap();
    let kinds: Vec<String> = found(&privacy, "order ORD-1234, blueBIRD").into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["ORDER_NO", "PROJECT"]);
    assert_eq!(found(&privacy, "ORD-1234 bluebirds"), []);
}

/// Pieces that findings are made of, glued at random.
fn pieces() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "ada@example.com",
        "4111111111111111",
        "4111 1111 1111 1111",
        "+49 30 2345678",
        "555-123-4567",
        "123-45-6789",
        "DE89370400440532013000",
        "10.0.0.1",
        "fe80::1:2",
        "phone ",
        "order ",
        "card ",
        "SSN ",
        "born ",
        "passport ",
        " ",
        " ",
        " ",
        ", ",
        "\n",
        ": ",
        "-",
        ".",
        "(",
        ")",
        "@",
        "⟦",
        "⟧",
        "⟦A:1⟧",
        "⟦PHONE_NUMBER:2⟧",
        "１",
        "\u{200b}",
        "–",
        "é",
        "電話",
        "7",
        "42",
        "x",
        "password=",
        "hunter22",
        "https://",
        "a:b@",
        "eyJ",
        "\"",
        "[at]",
        " dot com",
        "%40",
    ]);
    prop::collection::vec(parts, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn findings_are_sorted_apart_and_on_characters(text in prop_oneof![pieces(), any::<String>()]) {
        let mut last = 0;
        for span in Privacy::default().scan(&text) {
            prop_assert!(last <= span.start && span.start < span.end);
            prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
            last = span.end;
        }
    }

    #[test]
    fn values_put_back_give_the_text(text in pieces()) {
        let text = text.replace('⟦', "");
        let (masked, values) = masked(&Privacy::default(), &text);
        prop_assert_eq!(put_back(&masked.unwrap_or_else(|| text.clone()), &values), text);
    }

    #[test]
    fn masking_twice_changes_nothing(text in pieces()) {
        let (once, _) = masked(&Privacy::default(), &text);
        let once = once.unwrap_or(text);
        prop_assert_eq!(masked(&Privacy::default(), &once).0, None, "{}", once);
    }

    #[test]
    fn masked_json_is_json_again(text in pieces(), number in any::<u64>()) {
        let json = serde_json::json!({"key": text, "phone": number, (text.clone()): [text]}).to_string();
        if let Some(masked) = Privacy::default().mask_json(json.as_bytes(), &mut |_, _| "1".to_owned()) {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&masked).is_ok());
        }
    }
}

//! What words near a number say about it, in several languages. Lower case; letters outside ASCII as they are usually written.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

pub(super) const PHONE: u32 = 1;
pub(super) const SSN: u32 = 1 << 1;
pub(super) const ROUTING: u32 = 1 << 2;
pub(super) const PASSPORT: u32 = 1 << 3;
pub(super) const LICENSE: u32 = 1 << 4;
pub(super) const BIRTH: u32 = 1 << 5;
pub(super) const CARD: u32 = 1 << 6;
pub(super) const VERSION: u32 = 1 << 7;
/// Says nothing itself and leads from a label to its value.
pub(super) const LINK: u32 = 1 << 8;
/// Another kind of number: orders, prices, parts.
pub(super) const NOT: u32 = 1 << 9;
pub(super) const ADDRESS: u32 = 1 << 10;
pub(super) const NUMBER: u32 = 1 << 11;
pub(super) const DRIVER: u32 = 1 << 12;
pub(super) const BANK: u32 = 1 << 13;
/// Somebody, or something, whose number it is only if "number", "id" or the like follows: a customer may also say a number.
pub(super) const PARTY: u32 = 1 << 14;
/// What makes a number of a `PARTY`.
pub(super) const IDENT: u32 = 1 << 15;
/// What happened, or will, on a day that is nobody's birthday.
pub(super) const DAY: u32 = 1 << 16;
/// What has a number of its own, and is also charged to a card or asked for by telephone: it tells against what is uncertain.
pub(super) const COST: u32 = 1 << 17;

const TABLE: &[(u32, &str)] = &[
    (
        PHONE,
        "phone phones telephone tel telefon telefonnummer telefono telefoon telefoonnummer telefone telefonu telefonní téléphone teléfono \
         telephonenumber phonenumber fon tlf tfn tél téléfono mobile mobil mobilnummer mobiel móvil movil celular cell cellphone cellular \
         cellulare portable handy handynummer rufnummer fax call calls called calling caller callback dial dialed dialing ring sms text \
         texted texting whatsapp signal telegram viber desk hotline landline voicemail reach reached reachable answering answer contact \
         message messages registered receiving erreichbar erreichen anrufen ruf rufen anruf appeler appelez appelle joindre joignable \
         llame llamar llama llámame ligar ligue chiama chiamare chiamami contattare contacter contactar bel bellen numero-verde phoned \
         ph mob telefonnr telnr pager helpline switchboard durchwahl dialling телефон телефона тел телефону номер звоните позвоните \
         whats zap puhelin puhelinnumero telefonszám telefonon kontakt kontaktnummer hívjon टेलीफोन फोन फ़ोन मोबाइल هاتف جوال \
         τηλέφωνο טלפון 電話 携帯 電話番号 电话 手机 전화 전화번호 연락처",
    ),
    (SSN, "ssn ssns social socialsecurity socsec ssnumber ss# taxpayer tin sosec"),
    (ROUTING, "routing aba rtn transit routingnumber fedwire wire ach"),
    (BANK, "bank checking savings account deposit"),
    (
        PASSPORT,
        "passport passports passeport pasaporte passaporte passaporto reisepass reisepassnummer pass-nr passnummer passnr paspoort \
         paspoortnummer passportnumber travel-document паспорт パスポート 护照 여권",
    ),
    (
        LICENSE,
        "license licence licenses licences lic licenseno licencia permis führerschein führerscheinnummer fuehrerschein licensenumber",
    ),
    (
        DRIVER,
        "driver drivers driver's driver’s driving dl dmv dln conducir conduire führerschein führerscheinnummer fuehrerschein patente rijbewijs \
         driverslicense driverlicense license-number",
    ),
    (
        BIRTH,
        "born birth birthday birthdate birthdays dob d.o.b b-day bday geboren geb geburtsdatum geburtstag geburtstags né née naissance \
         nacido nacida nacimiento nació nato nata nascita nascido nascida nascimento geboortedatum urodzony urodzona urodzenia född \
         fødselsdato født syntynyt рождения родился родилась dateofbirth birth-date 生年月日 出生 誕生日 생년월일 जन्म cumpleaños compleanno",
    ),
    (
        CARD,
        "card cards cc creditcard credit debit visa mastercard amex maestro discover diners jcb unionpay karte kartennummer kreditkarte \
         kreditkartennummer carte tarjeta carta cartão pan mir rupay cardnumber cardnum cvv cvc expires kaart kort карта карты カード 卡号 卡",
    ),
    (
        VERSION,
        "version versions ver release released build firmware upgrade upgraded upgrading section chapter clause oid revision rev sdk semver \
         kernel paragraph § versión versione versão versie changelog image docker tag patch hotfix package packages plugin module \
         chart helm nuget dotnet runtime framework assembly fileversion productversion updater provider library",
    ),
    (
        LINK,
        "number numbers num no nr n number's is was are be the a an my your his her our their of for to at on code id ids value its nummer \
         numéro número numero nº n° № num. ist war es est le la el il o der die das meine mein ma mon mi su seu sua and by s here below \
         following new old current called: named given as reads says номер lautet から は です 番号 under with in i it this that:",
    ),
    (NUMBER, "number numbers num no nr nummer numéro número numero nº n° № номер 番号"),
    (IDENT, "number numbers num no nr nummer numéro número numero nº n° № номер id ids code"),
    (PARTY, "customer client claim account users people employees job request requests group member device"),
    (
        DAY,
        "admitted admission admit until till valid due expires expiry expire expiring expiration issued issue died dead death deceased \
         signed created updated ordered delivered visit visited appointment discharge discharged hired joined since invoice invoiced \
         released paid shipped booked starts started ends ended effective renewal renewed moved married wedding arrival arrived departure \
         gültig bis gestorben verstorben ausgestellt seit fällig ab valable jusqu'au décédé décédée mort délivré expire depuis válido \
         válida hasta fallecido expedido caduca desde valido fino morto scade dal geldig tot overleden ważny zmarł giltig dog sedan \
         válido até emitido",
    ),
    (COST, "cost costs fee fees acct vehicle"),
    (
        NOT,
        "order orders ordernumber orderno ord po invoice invoices inv bill ticket tickets case incident reference ref reference-number \
         refno tracking shipment parcel waybill sku part parts serial serialnumber sn s/n model version versions release build isbn issn \
         ean upc gtin barcode doi batch lot transaction txn receipt article item items product products catalog catalogue zip zipcode \
         postcode postal plz population price prices total amount subtotal sum usd eur gbp chf dollars euros pounds rows records \
         bestellung bestellnummer auftrag auftragsnummer rechnung rechnungsnummer vorgang vorgangsnummer artikel artikelnummer \
         seriennummer kundennummer sendungsnummer aktenzeichen commande facture suivi dossier pedido factura albarán fattura ordine \
         fatura bestelling factuur bestelnummer ordernr ordrenr ordre order-nr zamówienie zamówienia zamówień faktura faktury beställning objednávka \
         objednávky rendelés számla sipariş fatura tilaus tilausnumero lasku παραγγελία αριθμός encomenda nota conto заказ заказа счёт \
         заказы заявка policy quote quotation job-id task issue bug pr commit \
         hash checksum uuid guid timestamp epoch unix session trace width height lat lon latitude longitude coordinates \
         pixels bytes kb mb gb ms seconds sec km kg miles meters metres units pieces pcs people votes steps views visitors inhabitants \
         years copies count page pages volume vol room sample test-id build-id imei imsi vin eori vat ust uid \
         license-key activation booking reservation confirmation pnr flight 注文 注文番号 订单 订单号 주문 ऑर्डर طلب",
    ),
    (ADDRESS, "ip ipv4 ipv6 address addresses host server gateway dns subnet adresse dirección indirizzo ping"),
];

/// Scripts without spaces: a run of letters is searched for these.
const INSIDE: &[(u32, &str)] = &[
    (PHONE, "電話"),
    (PHONE, "携帯"),
    (PHONE, "电话"),
    (PHONE, "手机"),
    (PHONE, "전화"),
    (BIRTH, "生年月日"),
    (BIRTH, "出生"),
    (BIRTH, "誕生"),
    (BIRTH, "생년월일"),
    (PASSPORT, "パスポート"),
    (PASSPORT, "护照"),
    (CARD, "カード"),
    (CARD, "卡"),
    (NOT, "注文"),
    (NOT, "订单"),
    (NOT, "주문"),
];

/// The words, and in front of them one bit for each beginning and length: most words of a text are none and end there.
struct Words {
    bits: Box<[u64; 1024]>,
    meanings: FxHashMap<Vec<u8>, u32>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words { bits: Box::new([0; 1024]), meanings: FxHashMap::default() };
    for (meaning, list) in TABLE {
        for word in list.split_ascii_whitespace() {
            for word in cases(word) {
                let bit = bit(&word);
                words.bits[bit / 64] |= 1 << (bit % 64);
                *words.meanings.entry(word).or_insert(0) |= meaning;
            }
        }
    }
    words
});

/// A word as it is, and with other letters than ASCII's in capitals, at its start or throughout: ASCII's are made small before they are compared.
fn cases(word: &str) -> Vec<Vec<u8>> {
    let mut all = vec![word.as_bytes().to_vec()];
    if !word.is_ascii() {
        let rest = word.char_indices().nth(1).map_or("", |(at, _)| &word[at..]);
        let first: String = word.chars().take(1).flat_map(char::to_uppercase).chain(rest.chars()).collect();
        all.extend([first, word.to_uppercase()].map(|word| word.to_ascii_lowercase().into_bytes()));
    }
    all
}

/// First, middle and last letter and the length, as a number below 65,536.
fn bit(word: &[u8]) -> usize {
    let letter = |at: usize| word.get(at).map_or(0, |&byte| usize::from(byte | 0x20));
    let last = word.len().wrapping_sub(1);
    (letter(0) * 0x1003 + letter(word.len() / 2) * 0x175 + letter(last) * 0x2f + word.len() * 0x3d1) & 0xffff
}

/// What a word says; 0 for most.
pub(super) fn meaning(word: &[u8]) -> u32 {
    let words = &*WORDS;
    let bit = bit(word);
    let known = words.bits[bit / 64] >> (bit % 64) & 1 == 1;
    if !known && word.first().is_none_or(|&byte| byte < 0xe3) {
        return if word.len() > ENDING.len() && word.last().is_some_and(|byte| byte | 0x20 == b'r') { compound(word) } else { 0 };
    }
    let mut lower = [0_u8; 32];
    let Some(lower) = lower.get_mut(..word.len()) else { return 0 };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    let found = words.meanings.get(&*lower).copied().unwrap_or_else(|| compound(lower));
    if found != 0 || lower.first().is_none_or(|&byte| byte < 0xe3) {
        return found;
    }
    INSIDE.iter().filter(|(_, part)| memchr::memmem::find(lower, part.as_bytes()).is_some()).fold(0, |all, (meaning, _)| all | meaning)
}

/// What Germanic languages put behind whatever has a number: `Mitgliedsnummer`, `ordernummer`.
const ENDING: &[u8] = b"nummer";
/// Parts of such words that say more than that it is a number of something.
const PARTS: &[(u32, &[&str])] = &[
    (LICENSE | DRIVER, &["hrerschein", "rijbewijs", "rkort"]),
    (CARD, &["kart", "kort", "kaart"]),
    (PASSPORT, &["pass", "paspoort"]),
    (PHONE, &["ruf", "tel", "fon", "handy", "mobil", "mobiel", "fax", "netz", "hotline", "durchwahl", "kontakt", "gsm"]),
];

/// The meaning of a long word that ends in `nummer`: another kind of number, unless a part of it says which.
fn compound(word: &[u8]) -> u32 {
    let Some(head) = word.len().checked_sub(ENDING.len()).filter(|&at| at > 0 && word[at..].eq_ignore_ascii_case(ENDING)) else { return 0 };
    let mut lower = [0_u8; 32];
    let Some(lower) = lower.get_mut(..head) else { return NOT };
    lower.copy_from_slice(&word[..head]);
    lower.make_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| memchr::memmem::find(lower, part.as_bytes()).is_some());
    PARTS.iter().find(|(_, parts)| says(parts)).map_or(NOT, |&(meaning, _)| meaning)
}

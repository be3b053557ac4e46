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
         kernel paragraph § versión versione versão versie changelog",
    ),
    (
        LINK,
        "number numbers num no nr n number's is was are be the a an my your his her our their of for to at on code id ids value its nummer \
         numéro número numero nº n° № num. ist war es est le la el il o der die das meine mein ma mon mi su seu sua and by s here below \
         following new old current called: named given as reads says номер lautet から は です 番号 under with in i it this that:",
    ),
    (NUMBER, "number numbers num no nr nummer numéro número numero nº n° № номер 番号"),
    (
        NOT,
        "order orders ordernumber orderno ord po invoice invoices inv bill ticket tickets case incident reference ref reference-number \
         refno tracking shipment parcel waybill sku part parts serial serialnumber sn s/n model version versions release build isbn issn \
         ean upc gtin barcode doi batch lot transaction txn receipt article item items product products catalog catalogue zip zipcode \
         postcode postal plz population price prices total amount subtotal sum usd eur gbp chf dollars euros pounds rows records \
         bestellung bestellnummer auftrag auftragsnummer rechnung rechnungsnummer vorgang vorgangsnummer artikel artikelnummer \
         seriennummer kundennummer sendungsnummer aktenzeichen commande facture suivi dossier pedido factura albarán fattura ordine \
         fatura bestelling factuur заказ заказа счёт customer client policy claim quote quotation job job-id task issue bug pr commit \
         hash checksum uuid guid timestamp epoch unix session request requests trace width height lat lon latitude longitude coordinates \
         pixels bytes kb mb gb ms seconds sec km kg miles meters metres units pieces pcs people votes steps views visitors inhabitants \
         years users employees copies count page pages volume vol room sample test-id build-id device imei imsi vin eori vat ust uid \
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
    meanings: FxHashMap<&'static [u8], u32>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words { bits: Box::new([0; 1024]), meanings: FxHashMap::default() };
    for (meaning, list) in TABLE {
        for word in list.split_ascii_whitespace() {
            *words.meanings.entry(word.as_bytes()).or_insert(0) |= meaning;
            let bit = bit(word.as_bytes());
            words.bits[bit / 64] |= 1 << (bit % 64);
        }
    }
    words
});

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
        return 0;
    }
    let mut lower = [0_u8; 32];
    let Some(lower) = lower.get_mut(..word.len()) else { return 0 };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    let found = words.meanings.get(&*lower).copied().unwrap_or(0);
    if found != 0 || lower.first().is_none_or(|&byte| byte < 0xe3) {
        return found;
    }
    INSIDE.iter().filter(|(_, part)| memchr::memmem::find(lower, part.as_bytes()).is_some()).fold(0, |all, (meaning, _)| all | meaning)
}

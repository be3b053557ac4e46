//! One look at a text: the anchors are found once, whichever screens ask for them, and only what they point to is read closely.

use std::cell::OnceCell;

use super::anchors::{ANCHORS, Hit, Kind, rotate};
use super::fold::Folded;
use super::injection::{self, DEPTH, Signal, boundary, decode, spaced, windows};
use super::secrets::KEYS;
use super::{Finding, Place, Safety, Screen, Screened, Verdict, length, links, normalise, secrets};

/// Screens say no more than this about one text.
const MOST: usize = 64;

/// What a text has for the screens that share a pass, in its own bytes.
#[derive(Default)]
struct Sights {
    signals: Vec<Signal>,
    secrets: Vec<(usize, usize, &'static str)>,
    links: Vec<(usize, usize)>,
    controls: Vec<(usize, usize)>,
}

pub(crate) struct Look<'a> {
    safety: &'a Safety,
    place: Place,
    text: &'a str,
    /// Where the look begins; what lies before is context for patterns.
    from: usize,
    sights: OnceCell<Sights>,
}

impl<'a> Look<'a> {
    pub(crate) fn new(safety: &'a Safety, place: Place, text: &'a str, from: usize) -> Self {
        Self { safety, place, text, from, sights: OnceCell::new() }
    }

    /// Every screen in its order, up to the first that blocks. A text that is blocked for its length is not read, whatever the order says.
    pub(crate) fn all(&self) -> Screened {
        let mut findings = Vec::new();
        if self.safety.screens(self.place).contains(&(Screen::Length, Verdict::Block)) && self.too_long(Verdict::Block, &mut findings) {
            return Screened::new(findings);
        }
        for (screen, verdict) in self.safety.screens(self.place) {
            self.one(*screen, *verdict, &mut findings);
            if findings.iter().any(|finding: &Finding| finding.verdict == Verdict::Block) {
                break;
            }
        }
        Screened::new(findings)
    }

    fn one(&self, screen: Screen, verdict: Verdict, findings: &mut Vec<Finding>) {
        let rest = &self.text[self.from..];
        let mut add = |verdict: Verdict, start: usize, end: usize, why: std::borrow::Cow<'static, str>| {
            findings.push(Finding { screen: screen.name(), verdict, start: self.from + start, end: self.from + end, why });
        };
        match screen {
            Screen::Normalise => {
                for (start, end, why) in normalise::look(rest) {
                    add(verdict, start, end, why.into());
                }
                let controls = self.sights().controls.iter().take(MOST);
                controls.for_each(|(start, end)| add(verdict, *start, *end, "a control character that terminals obey".into()));
            }
            Screen::Length => {
                if self.too_long(verdict, findings) {
                    return;
                }
                if let Some((start, end)) = length::repeats(rest) {
                    let why = "the same over and over".into();
                    let (start, end) = (self.from + start, self.from + end);
                    findings.push(Finding { screen: screen.name(), verdict: Verdict::Flag, start, end, why });
                }
            }
            Screen::Secrets => {
                let found = self.sights().secrets.iter().take(MOST);
                found.for_each(|(start, end, what)| add(verdict, *start, *end, (*what).into()));
            }
            Screen::Links => {
                let found = self.sights().links.iter().take(MOST);
                found.for_each(|(start, end)| add(verdict, *start, *end, "an address that carries data away".into()));
            }
            Screen::Injection => {
                let found = injection::findings(self.sights().signals.clone(), self.place as usize);
                for (start, end, why) in found {
                    add(verdict, start, end, why.into());
                }
            }
            Screen::Topics => self.topics(verdict, findings),
        }
    }

    fn too_long(&self, verdict: Verdict, findings: &mut Vec<Finding>) -> bool {
        let limit = self.safety.max_chars;
        let Some(characters) = length::too_long(self.text, limit) else { return false };
        let why = format!("{characters} characters, and {limit} are allowed").into();
        findings.push(Finding { screen: Screen::Length.name(), verdict, start: 0, end: self.text.len(), why });
        true
    }

    /// By pattern, in the text as it is, and as it is read where that differs.
    fn topics(&self, verdict: Verdict, findings: &mut Vec<Finding>) {
        let rest = &self.text[self.from..];
        let folded = (!self.safety.topics.is_empty() && !rest.is_ascii()).then(|| Folded::new(rest));
        for topic in &self.safety.topics {
            let found = topic.find(self.text, self.from).or_else(|| {
                let folded = folded.as_ref()?;
                let (start, end) = topic.find(&folded.text, 0)?;
                let (start, end) = folded.original(start, end);
                Some((self.from + start, self.from + end))
            });
            if let Some((start, end)) = found {
                findings.push(Finding {
                    screen: Screen::Topics.name(),
                    verdict,
                    start,
                    end,
                    why: format!("the topic {:?}", topic.name).into(),
                });
            }
        }
    }

    fn sights(&self) -> &Sights {
        self.sights.get_or_init(|| {
            let wants = |screen| self.safety.screens(self.place).iter().any(|(wanted, _)| *wanted == screen);
            let mut sights = Sights::default();
            read(&self.text[self.from..], 0, wants(Screen::Injection), None, &mut sights);
            sights
        })
    }
}

/// Where a decoded text lies in the one that is screened, and how it was disguised.
type Outer = Option<(usize, usize, &'static str)>;

/// Everything in a text, and in what it says in another way.
fn read(text: &str, depth: usize, injections: bool, outer: Outer, sights: &mut Sights) {
    let Some(anchors) = &*ANCHORS else { return };
    let folded = Folded::new(text);
    let bytes = folded.text.as_bytes();
    let hits = anchors.find(bytes, folded.text.is_ascii());
    let place = |start: usize, end: usize| match outer {
        None => folded.original(start, end),
        Some((start, end, _)) => (start, end),
    };
    for hit in &hits {
        exact(bytes, *hit, outer.is_none(), &place, sights);
    }
    let how = outer.map(|(_, _, how)| how);
    if injections {
        for found in injection::signals(bytes, &hits) {
            let (start, end) = place(found.start, found.end);
            sights.signals.push(Signal { rule: found.rule, why: found.why, how, weight: found.weight, start, end });
        }
        for (from, to, letters) in spaced(bytes) {
            let (start, end) = place(from, to);
            let found = injection::squeezed(&letters).into_iter();
            sights.signals.extend(found.map(|found| Signal {
                rule: found.rule,
                why: found.why,
                how: Some("in spaced-out letters"),
                weight: found.weight,
                start,
                end,
            }));
        }
    }
    if depth == DEPTH {
        return;
    }
    for decoded in decode(text) {
        let inner = outer.unwrap_or((decoded.start, decoded.end, decoded.how));
        read(&decoded.text, depth + 1, injections, Some(inner), sights);
    }
    if injections {
        for (kind, how) in [(Kind::Rotated, "rotated by 13"), (Kind::Reversed, "reversed")] {
            for (from, to) in windows(bytes, &hits, kind) {
                let (from, to) = (boundary(&folded.text, from), boundary(&folded.text, to));
                let piece = &folded.text[from..to];
                let turned = if kind == Kind::Rotated { rotate(piece) } else { piece.chars().rev().collect() };
                let (start, end) = place(from, to);
                read(&turned, DEPTH, true, Some(outer.unwrap_or((start, end, how))), sights);
            }
        }
    }
}

/// What needs no words around it. Terminals obey control characters only where they stand themselves.
fn exact(bytes: &[u8], hit: Hit, itself: bool, place: &dyn Fn(usize, usize) -> (usize, usize), sights: &mut Sights) {
    match hit.kind {
        Kind::Key(at) => {
            if let Some((start, end)) = secrets::verify(bytes, hit.start, &KEYS[at]) {
                let (start, end) = place(start, end);
                sights.secrets.push((start, end, KEYS[at].what));
            }
        }
        Kind::Link => {
            if let Some((start, end)) = links::verify(bytes, hit.start) {
                let (start, end) = place(start, end);
                sights.links.push((start, end));
                let weight = [60, 100, 100];
                sights.signals.push(Signal { rule: usize::MAX, why: "an address that carries data away", how: None, weight, start, end });
            }
        }
        Kind::Control if itself => {
            let (start, end) = place(hit.start, hit.end);
            sights.controls.push((start, end));
        }
        Kind::Control | Kind::Word | Kind::Rotated | Kind::Reversed | Kind::Mark(_) | Kind::Role(_) => {}
    }
}

//! Characters that hide text or turn it round: bidirectional overrides, tags, zero widths inside words, piles of marks, mixed scripts.

use unicode_normalization::char::is_combining_mark;

use super::fold::is_invisible;
use super::lookalikes;

/// From this many marks on one letter on nobody writes them: Vietnamese and Hebrew need three.
const MARKS: usize = 5;
/// So many characters of private use in a row are a text; one may be a logo.
const PRIVATE: usize = 4;
/// So many invisible characters in a row are a message in zeros and ones.
const INVISIBLE: usize = 8;
/// A word of so many letters may not have two scripts that look alike.
const WORD: usize = 3;

/// What was found, in bytes of the text.
pub(crate) type Sight = (usize, usize, &'static str);

/// What the text hides; the first of each kind. ASCII hides nothing here: its control characters are anchors.
pub(crate) fn look(text: &str) -> Vec<Sight> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut eye = Eye { right_to_left: text.chars().any(is_right_to_left), ..Eye::default() };
    for (at, character) in text.char_indices() {
        eye.see(at, character);
    }
    eye.see(text.len(), ' ');
    eye.seen
}

#[derive(Default)]
struct Eye {
    seen: Vec<Sight>,
    right_to_left: bool,
    /// The character just before, and the last one that can be seen.
    before: Option<char>,
    visible: Option<char>,
    marks: Run,
    private: Run,
    invisible: Run,
    variations: Run,
    tags: Run,
    flag: bool,
    word: Word,
}

/// A run of characters of one sort: where it began, and how many there are.
#[derive(Default, Clone, Copy)]
struct Run {
    start: usize,
    count: usize,
}

impl Run {
    /// The run that ended before this character, if it was long enough.
    fn step(&mut self, at: usize, more: bool, enough: usize) -> Option<Self> {
        if more {
            self.start = if self.count == 0 { at } else { self.start };
            self.count += 1;
            return None;
        }
        let ended = std::mem::take(self);
        (ended.count >= enough).then_some(ended)
    }
}

#[derive(Default)]
struct Word {
    start: usize,
    letters: usize,
    latin: bool,
    alike: bool,
    /// A letter of another script that looks like no Latin one: then the word is simply of that script.
    other: bool,
}

impl Eye {
    fn found(&mut self, start: usize, end: usize, why: &'static str) {
        if !self.seen.iter().any(|(_, _, known)| *known == why) {
            self.seen.push((start, end, why));
        }
    }

    fn see(&mut self, at: usize, character: char) {
        let end = at + character.len_utf8();
        match character {
            '\u{202D}' | '\u{202E}' => self.found(at, end, "an override of the direction of writing"),
            '\u{202A}' | '\u{202B}' | '\u{2066}'..='\u{2068}' if !self.right_to_left => {
                self.found(at, end, "a direction of writing that nothing here has");
            }
            _ => {}
        }
        self.runs(at, character);
        self.tags(at, character);
        if !is_invisible(character) {
            self.words(at, character);
            self.visible = Some(character);
        }
        self.before = Some(character);
    }

    fn runs(&mut self, at: usize, character: char) {
        let mark = is_combining_mark(character) && !is_invisible(character);
        if let Some(run) = self.marks.step(at, mark, MARKS) {
            self.found(run.start, at, "a pile of combining marks");
        }
        if let Some(run) = self.private.step(at, is_private(character), PRIVATE) {
            self.found(run.start, at, "characters of private use");
        }
        if let Some(run) = self.variations.step(at, is_variation(character), 2) {
            self.found(run.start, at, "variation selectors in a row");
        }
        if let Some(run) = self.invisible.step(at, is_zero_width(character), 1) {
            if run.count >= INVISIBLE {
                self.found(run.start, at, "invisible characters in a row");
            }
            // Between two Latin letters nothing joins or parts.
            if character.is_ascii_alphanumeric() && self.visible.is_some_and(|seen| seen.is_ascii_alphanumeric()) {
                self.found(run.start, at, "an invisible character inside a word");
            }
        }
    }

    /// Tags are for the flags of England, Scotland and Wales, which begin with a black flag and end with a tag for the end.
    fn tags(&mut self, at: usize, character: char) {
        let tagged = matches!(character, '\u{E0000}'..='\u{E007F}');
        if tagged && self.tags.count == 0 {
            self.flag = self.before == Some('\u{1F3F4}');
        }
        if let Some(run) = self.tags.step(at, tagged, 1) {
            let region = self.flag && run.count <= 7 && self.before == Some('\u{E007F}');
            if !region {
                self.found(run.start, at, "tag characters, which hide text");
            }
        }
    }

    fn words(&mut self, at: usize, character: char) {
        if character.is_alphabetic() {
            if self.word.letters == 0 {
                self.word = Word { start: at, ..Word::default() };
            }
            self.word.letters += 1;
            match (character.is_ascii_alphabetic(), is_foreign_twin(character)) {
                (true, _) => self.word.latin = true,
                (false, true) => self.word.alike = true,
                (false, false) => self.word.other = true,
            }
        } else if !is_combining_mark(character) && !character.is_ascii_digit() {
            let word = std::mem::take(&mut self.word);
            if word.letters >= WORD && word.latin && word.alike && !word.other {
                self.found(word.start, at, "a word of two scripts that look alike");
            }
        }
    }
}

/// A letter of Greek, Cyrillic, Armenian or Cherokee that looks like a Latin one.
fn is_foreign_twin(character: char) -> bool {
    matches!(character, '\u{370}'..='\u{58F}' | '\u{13A0}'..='\u{13FF}' | '\u{AB70}'..='\u{ABBF}') && lookalikes::ascii(character).is_some()
}

fn is_right_to_left(character: char) -> bool {
    matches!(character, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

fn is_variation(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Invisible, and neither a tag, a variation, a direction nor a soft hyphen, which is the printer's.
fn is_zero_width(character: char) -> bool {
    matches!(character, '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}')
}

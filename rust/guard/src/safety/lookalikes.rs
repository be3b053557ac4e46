//! Characters of other scripts and styles that a reader takes for ASCII. Chosen by hand from letters of Cyrillic, Greek, Armenian, Cherokee and
//! phonetic alphabets that fonts draw alike; widths, circles and mathematical alphabets need no table, for compatibility decomposition has them.

/// The ASCII character that this one looks like.
pub(crate) fn ascii(character: char) -> Option<char> {
    if let Some(letter) = boxed(character) {
        return Some(letter);
    }
    Some(match character {
        '\u{201C}' | '\u{201D}' => '"',
        '\u{2BC}' | '\u{2018}' | '\u{2019}' => '\'',
        '\u{2010}' | '\u{2011}' | '\u{2013}' | '\u{2014}' | '\u{2212}' => '-',
        '\u{2044}' | '\u{2215}' => '/',
        '\u{2236}' | '\u{A789}' => ':',
        '\u{2039}' | '\u{3008}' => '<',
        '\u{203A}' | '\u{3009}' => '>',
        '\u{3010}' => '[',
        '\u{3011}' => ']',
        '\u{E6}' | '\u{251}' | '\u{3B1}' | '\u{430}' | '\u{15C5}' | '\u{1D00}' | '\u{237A}' | '\u{AB7A}' => 'a',
        '\u{299}' | '\u{3B2}' | '\u{412}' | '\u{42C}' | '\u{432}' | '\u{13CF}' | '\u{13F4}' | '\u{1D03}' => 'b',
        '\u{3F2}' | '\u{421}' | '\u{441}' | '\u{1D04}' | '\u{217D}' | '\u{ABAF}' => 'c',
        '\u{111}' | '\u{257}' | '\u{501}' | '\u{13A0}' | '\u{13E7}' | '\u{1D05}' | '\u{217E}' => 'd',
        '\u{25B}' | '\u{395}' | '\u{3B5}' | '\u{415}' | '\u{435}' | '\u{454}' | '\u{4BD}' | '\u{13AC}' | '\u{1D07}' | '\u{212E}'
        | '\u{AB7C}' => 'e',
        '\u{192}' | '\u{493}' | '\u{1E9D}' | '\u{A730}' | '\u{A799}' => 'f',
        '\u{261}' | '\u{262}' | '\u{50D}' | '\u{581}' | '\u{13C0}' => 'g',
        '\u{29C}' | '\u{397}' | '\u{41D}' | '\u{43D}' | '\u{4BB}' | '\u{570}' | '\u{13BB}' | '\u{13C2}' => 'h',
        '\u{131}' | '\u{26A}' | '\u{399}' | '\u{3B9}' | '\u{406}' | '\u{456}' | '\u{4C0}' | '\u{4CF}' | '\u{575}' | '\u{7CA}'
        | '\u{13A5}' | '\u{16C1}' | '\u{2170}' | '\u{217C}' => 'i',
        '\u{29D}' | '\u{3F3}' | '\u{408}' | '\u{458}' | '\u{13AB}' | '\u{1D0A}' => 'j',
        '\u{39A}' | '\u{3BA}' | '\u{41A}' | '\u{43A}' | '\u{13E6}' | '\u{1D0B}' => 'k',
        '\u{142}' | '\u{29F}' | '\u{13DE}' => 'l',
        '\u{39C}' | '\u{41C}' | '\u{43C}' | '\u{13B7}' | '\u{1D0D}' | '\u{217F}' => 'm',
        '\u{19E}' | '\u{274}' | '\u{39D}' | '\u{3B7}' | '\u{43F}' | '\u{48B}' | '\u{578}' => 'n',
        '\u{F8}' | '\u{153}' | '\u{39F}' | '\u{3BF}' | '\u{3C3}' | '\u{41E}' | '\u{43E}' | '\u{473}' | '\u{585}' | '\u{665}'
        | '\u{BE6}' | '\u{D20}' | '\u{E50}' | '\u{12D0}' | '\u{1D0F}' | '\u{2C9F}' => 'o',
        '\u{3A1}' | '\u{3C1}' | '\u{420}' | '\u{440}' | '\u{13E2}' | '\u{1D18}' => 'p',
        '\u{1EB}' | '\u{3D9}' | '\u{51B}' | '\u{563}' => 'q',
        '\u{280}' | '\u{433}' | '\u{13A1}' | '\u{1D26}' | '\u{AB81}' => 'r',
        '\u{282}' | '\u{405}' | '\u{455}' | '\u{54F}' | '\u{13DA}' | '\u{A731}' => 's',
        '\u{3A4}' | '\u{3C4}' | '\u{422}' | '\u{442}' | '\u{13A2}' | '\u{1D1B}' | '\u{AB72}' => 't',
        '\u{28B}' | '\u{3C5}' | '\u{446}' | '\u{57D}' | '\u{1D1C}' => 'u',
        '\u{3BD}' | '\u{474}' | '\u{475}' | '\u{13D9}' | '\u{1D20}' | '\u{2174}' => 'v',
        '\u{3C9}' | '\u{448}' | '\u{461}' | '\u{51D}' | '\u{13D4}' | '\u{1D21}' => 'w',
        '\u{3A7}' | '\u{3C7}' | '\u{425}' | '\u{445}' | '\u{166E}' | '\u{2179}' => 'x',
        '\u{28F}' | '\u{3A5}' | '\u{3B3}' | '\u{423}' | '\u{443}' | '\u{4AE}' | '\u{4AF}' | '\u{10E7}' => 'y',
        '\u{290}' | '\u{396}' | '\u{13C3}' | '\u{1D22}' => 'z',
        '\u{1C0}' | '\u{2223}' | '\u{FF5C}' => '|',
        _ => return None,
    })
}

/// Letters in boxes, in black circles and of flags, which decomposition leaves as they are.
fn boxed(character: char) -> Option<char> {
    let first = match character {
        '\u{1F130}'..='\u{1F149}' => 0x1F130,
        '\u{1F150}'..='\u{1F169}' => 0x1F150,
        '\u{1F170}'..='\u{1F189}' => 0x1F170,
        '\u{1F1E6}'..='\u{1F1FF}' => 0x1F1E6,
        _ => return None,
    };
    char::from_u32(character as u32 - first + u32::from(b'a'))
}

//! Placeholders in the place of values.

use super::kinds::Span;
use super::{Privacy, placeholder};

impl Privacy {
    /// The text with `⟦KIND:token⟧` in the place of each value; `token` gives the token for a kind and a value. `None`: nothing was found.
    pub fn mask(&self, text: &str, token: &mut dyn FnMut(&str, &str) -> String) -> Option<String> {
        self.mask_spans(text, &self.scan(text), token)
    }

    /// The same for findings of `scan`, or of others: sorted, without overlaps, on character boundaries.
    pub fn mask_spans(&self, text: &str, spans: &[Span], token: &mut dyn FnMut(&str, &str) -> String) -> Option<String> {
        if spans.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len() + spans.len() * 24);
        let mut done = 0;
        for &Span { kind, start, end } in spans {
            out.push_str(text.get(done..start)?);
            let name = self.name(kind);
            placeholder::push(&mut out, name, &token(name, text.get(start..end)?));
            done = end;
        }
        out.push_str(text.get(done..)?);
        Some(out)
    }
}

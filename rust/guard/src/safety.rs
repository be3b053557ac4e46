//! Screens of what comes in, what tools return and what goes out: each looks at a text and says pass, flag or block, and where and why.
//! A flag lowers the text's integrity, a block stops it. Screens are signals; the gates for labels, access and privacy are the guarantee.

mod anchors;
mod fold;
mod holdback;
mod injection;
mod length;
mod links;
mod look;
mod lookalikes;
mod normalise;
mod secrets;
mod spec;
mod topics;

use std::borrow::Cow;

pub use holdback::{Holdback, Released};
pub use spec::{Action, On, OnError, Places, Spec, Topic};

use crate::SpecError;
use look::Look;
use topics::Banned;

/// Where a text passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// What a user says (G1).
    Ingress,
    /// What a tool returns (G4).
    ToolResult,
    /// What a user is told (G7).
    Egress,
}

/// What a text may do, from the mildest to the hardest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    Pass,
    /// It goes on, and counts as untrusted.
    Flag,
    /// It goes nowhere.
    Block,
}

/// What a screen saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The screen's name, as the configuration spells it.
    pub screen: &'static str,
    pub verdict: Verdict,
    /// Bytes of the text, at characters' boundaries.
    pub start: usize,
    pub end: usize,
    pub why: Cow<'static, str>,
}

/// What all screens of a place saw; the verdict is the hardest of its findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screened {
    pub verdict: Verdict,
    pub findings: Vec<Finding>,
}

/// One of the built-in screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Screen {
    Normalise,
    Length,
    Secrets,
    Injection,
    Links,
    Topics,
}

const SCREENS: [(Screen, &str); 6] = [
    (Screen::Normalise, "normalise"),
    (Screen::Length, "length"),
    (Screen::Secrets, "secrets"),
    (Screen::Injection, "injection"),
    (Screen::Links, "links"),
    (Screen::Topics, "topics"),
];

impl Screen {
    fn name(self) -> &'static str {
        SCREENS[self as usize].1
    }

    /// What a finding means where nothing is configured.
    fn default(self, place: Place) -> Verdict {
        match (self, place) {
            (Self::Length | Self::Topics, _) | (Self::Secrets, Place::Egress) => Verdict::Block,
            (Self::Secrets, Place::Ingress | Place::ToolResult) | (Self::Normalise | Self::Injection | Self::Links, _) => Verdict::Flag,
        }
    }
}

/// The screens of every place, in their order, with what their findings mean.
#[derive(Debug, Clone)]
pub struct Safety {
    places: [Vec<(Screen, Verdict)>; 3],
    topics: Vec<Banned>,
    max_chars: u64,
    window: u32,
    on_error: OnError,
}

impl Default for Safety {
    /// All built-in screens where `Spec::default` has them, and no topics.
    fn default() -> Self {
        let spec = Spec::default();
        let screens = |place: Place, names: &[String]| {
            SCREENS
                .iter()
                .filter(|(_, name)| names.iter().any(|named| named == name))
                .map(|(screen, _)| (*screen, screen.default(place)))
                .collect()
        };
        Self {
            places: [
                screens(Place::Ingress, &spec.ingress),
                screens(Place::ToolResult, &spec.tool_results),
                screens(Place::Egress, &spec.egress),
            ],
            topics: Vec::new(),
            max_chars: spec.max_chars,
            window: spec.window,
            on_error: spec.on_error,
        }
    }
}

impl Safety {
    /// The screens that a section of the configuration asks for.
    pub fn compile(spec: &Spec) -> Result<Self, SpecError> {
        for name in spec.on.keys() {
            named("on", name)?;
        }
        if spec.max_chars == 0 || spec.max_chars >= u64::from(u32::MAX) {
            return Err(wrong(
                "max_chars",
                format!("{} characters are no limit", spec.max_chars),
                "give 1 to 4,294,967,294; 200,000 is the default",
            ));
        }
        if spec.window == 0 || spec.window > 65_536 {
            return Err(wrong(
                "window",
                format!("a window of {} tokens can't be held back", spec.window),
                "give 1 to 65,536; 64 is the default",
            ));
        }
        let at = |path: &str, place: Place, names: &[String]| {
            let screen = |(number, name): (usize, &String)| {
                let screen = named(&format!("{path}[{number}]"), name)?;
                Ok((screen, meaning(spec, screen, place)))
            };
            names.iter().enumerate().map(screen).collect::<Result<Vec<_>, SpecError>>()
        };
        let places = [
            at("ingress", Place::Ingress, &spec.ingress)?,
            at("tool_results", Place::ToolResult, &spec.tool_results)?,
            at("egress", Place::Egress, &spec.egress)?,
        ];
        Ok(Self { places, topics: topics::compile(&spec.topics)?, max_chars: spec.max_chars, window: spec.window, on_error: spec.on_error })
    }

    /// Look at a whole text. After a block no further screen looks. Time is linear in the text, and a text that is too long is only counted.
    pub fn screen(&self, place: Place, text: &str) -> Screened {
        Look::new(self, place, text, 0).all()
    }

    /// How much of a stream is held back where nothing else is said, in tokens of four characters.
    pub fn window(&self) -> u32 {
        self.window
    }

    /// What a custom screen that fails means for a text.
    pub fn on_error(&self) -> OnError {
        self.on_error
    }

    fn screens(&self, place: Place) -> &[(Screen, Verdict)] {
        &self.places[place as usize]
    }
}

impl Screened {
    fn new(findings: Vec<Finding>) -> Self {
        Self { verdict: findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Pass), findings }
    }
}

fn meaning(spec: &Spec, screen: Screen, place: Place) -> Verdict {
    let action = match spec.on.get(screen.name()) {
        None => None,
        Some(On::Everywhere(action)) => Some(*action),
        Some(On::ByPlace(places)) => match place {
            Place::Ingress => places.ingress,
            Place::ToolResult => places.tool_results,
            Place::Egress => places.egress,
        },
    };
    match action {
        None => screen.default(place),
        Some(Action::Flag) => Verdict::Flag,
        Some(Action::Block) => Verdict::Block,
    }
}

fn named(path: &str, name: &str) -> Result<Screen, SpecError> {
    let known = SCREENS.iter().find(|(_, known)| *known == name).map(|(screen, _)| *screen);
    known.ok_or_else(|| {
        let names: Vec<&str> = SCREENS.iter().map(|(_, name)| *name).collect();
        wrong(path, format!("no screen is called {name:?}"), &format!("the built-in ones are {}", names.join(", ")))
    })
}

fn wrong(path: &str, message: String, hint: &str) -> SpecError {
    SpecError { path: path.to_owned(), message, hint: hint.to_owned() }
}

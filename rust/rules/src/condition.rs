//! One CEL expression over a message: compiled at load, evaluated without side effects.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, Program, Value};
use interlock_kernel::{CheckQuery, Confidence, Content, Name};

use crate::facts::{Facts, Root};
use crate::native::Node;
use crate::parse::parse;
use crate::{fault, lower, references};

/// CEL's standard functions, built once. Optional values (`data.?amount`) are left out: `has(data.amount)` says the same.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// A compiled expression.
///
/// ```
/// use interlock_rules::{Condition, Scope};
///
/// let condition = Condition::compile("data.amount > 500")?;
/// assert!(condition.evaluate(&Scope { data: Some(br#"{"amount": 600}"#), ..Scope::default() })?);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug)]
pub struct Condition {
    text: String,
    program: Program,
    /// The fields it names, which an error may repeat.
    fields: BTreeSet<String>,
    /// The same without CEL's interpreter, if it is of a common shape.
    native: Option<Node>,
}

/// What an expression sees. The JSON is read only if the expression refers to it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    pub text: &'a str,
    /// A JSON value; `null` if there is none.
    pub data: Option<&'a [u8]>,
    /// A JSON value; `null` if there is none.
    pub user: Option<&'a [u8]>,
    pub intent: Option<&'a str>,
    pub confidence: Option<Confidence>,
    pub labels: &'a [Name],
    /// These three are there for a plan's expressions only; a rule that names one is refused.
    pub speaker: Option<&'a str>,
    pub turns: u32,
    pub ballots: &'a [(&'a str, Content<'a>, Option<Confidence>)],
}

impl<'a> Scope<'a> {
    /// What a plan's expression sees of a reply.
    pub fn of(query: &CheckQuery<'a>) -> Self {
        Self {
            text: query.content.text,
            data: query.content.data,
            user: query.user,
            intent: query.intent,
            confidence: query.confidence,
            labels: query.content.labels,
            speaker: query.speaker,
            turns: query.turns,
            ballots: query.ballots,
        }
    }
}

impl Condition {
    /// A plan's expression. The error's text says what is wrong and at which column.
    pub fn compile(text: &str) -> Result<Self, String> {
        Self::over(text, &Root::NAMES)
    }

    /// A rule's condition, which sees the task and nothing of a conversation or a panel.
    pub fn of_rule(text: &str) -> Result<Self, String> {
        Self::over(text, &Root::NAMES[..Root::OF_RULES])
    }

    fn over(text: &str, roots: &[&str]) -> Result<Self, String> {
        let text = text.trim();
        let program = parse(text, &STANDARD)?;
        let fields = references::fields(program.expression(), roots)?;
        let native = lower::lower(program.expression());
        Ok(Self { text: text.to_owned(), program, fields, native })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is evaluated without CEL's interpreter.
    pub fn is_native(&self) -> bool {
        self.native.is_some()
    }

    pub(crate) fn fields(&self) -> &BTreeSet<String> {
        &self.fields
    }

    pub(crate) fn native(&self) -> Option<&Node> {
        self.native.as_ref()
    }

    /// The error's text says why there is no answer and holds no data.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<bool, String> {
        self.answer(&Facts::of(*scope))
    }

    /// As `evaluate`, by CEL's interpreter whatever the shape: what the native way is held against.
    pub fn evaluate_by_cel(&self, scope: &Scope<'_>) -> Result<bool, String> {
        self.ask_cel(&Facts::of(*scope))
    }

    /// As `evaluate`, with facts that several conditions share.
    pub(crate) fn answer(&self, facts: &Facts<'_>) -> Result<bool, String> {
        match &self.native {
            Some(node) => node.answer(facts).map_err(|fault| fault.to_string()),
            None => self.ask_cel(facts),
        }
    }

    fn ask_cel(&self, facts: &Facts<'_>) -> Result<bool, String> {
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        context.set_variable_resolver(facts);
        match self.program.execute(&context) {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(other) => Err(format!("the result is {}, not bool", fault::kind(&other))),
            Err(error) => Err(fault::describe(&error, &self.fields)),
        }
    }
}

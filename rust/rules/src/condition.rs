//! One CEL expression over a message: compiled at load, evaluated without side effects.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, Program, Value};
use interlock_kernel::Confidence;

use crate::facts::Facts;
use crate::parse::parse;
use crate::{fault, references};

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
}

/// What an expression sees. The JSON is parsed only if the expression refers to it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    pub text: &'a str,
    /// A JSON value; `null` if there is none.
    pub data: Option<&'a [u8]>,
    /// A JSON value; `null` if there is none.
    pub user: Option<&'a [u8]>,
    pub intent: Option<&'a str>,
    pub confidence: Option<Confidence>,
}

impl Condition {
    /// The error's text says what is wrong and at which column.
    pub fn compile(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let program = parse(text, &STANDARD)?;
        let fields = references::fields(program.expression())?;
        Ok(Self { text: text.to_owned(), program, fields })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The error's text says why there is no answer and holds no data.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<bool, String> {
        self.answer(&Facts::of(*scope))
    }

    /// As `evaluate`, with facts that several conditions share.
    pub(crate) fn answer(&self, facts: &Facts<'_>) -> Result<bool, String> {
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        context.set_variable_resolver(facts);
        match self.program.execute(&context) {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(other) => Err(format!("the result is {}, not bool", other.type_of())),
            Err(error) => Err(fault::describe(&error, &self.fields)),
        }
    }
}

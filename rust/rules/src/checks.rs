//! The checks of one plan, compiled. It decides whether a reply may go on, and says why not without repeating its data.

use interlock_kernel::plan::PlanSpec;
use interlock_kernel::{Check, CheckQuery, Confidence};

use crate::facts::Facts;
use crate::schema::Schema;
use crate::{Condition, Place, RulesError, Scope};

/// The schemas and expressions that a plan's checks refer to by number.
#[derive(Debug, Default)]
pub struct PlanChecks {
    schemas: Vec<Schema>,
    expressions: Vec<Condition>,
}

impl PlanChecks {
    pub fn compile(spec: &PlanSpec) -> Result<Self, RulesError> {
        let schemas = spec
            .schemas
            .iter()
            .enumerate()
            .map(|(number, text)| Schema::compile(text).map_err(|reason| RulesError::Schema { at: place("schemas", number), reason }));
        let expressions = spec.expressions.iter().enumerate().map(|(number, text)| {
            Condition::compile(text).map_err(|reason| RulesError::Condition { at: place("expressions", number), reason })
        });
        Ok(Self { schemas: schemas.collect::<Result<_, _>>()?, expressions: expressions.collect::<Result<_, _>>()? })
    }

    /// Whether a reply satisfies a check; the text says why not.
    pub fn check(&self, check: &Check, query: &CheckQuery<'_>) -> Result<(), String> {
        match check {
            Check::Schema { number } => match self.schemas.get(usize::from(*number)) {
                Some(schema) => schema.check(query.content.data),
                None => Err(format!("the plan has no schema {number}")),
            },
            Check::MinConfidence { ppm } => confident(query.confidence, *ppm),
            Check::Expression { number } => match self.expressions.get(usize::from(*number)) {
                Some(condition) => must_hold(condition, query),
                None => Err(missing(*number)),
            },
        }
    }

    /// Whether the plan's expression with this number is true; the text says why there is no answer.
    pub fn holds(&self, expression: u16, query: &CheckQuery<'_>) -> Result<bool, String> {
        let condition = self.expressions.get(usize::from(expression)).ok_or_else(|| missing(expression))?;
        condition.evaluate(&Scope::of(query)).map_err(|why| no_answer(condition, &why))
    }

    /// As `holds`, with facts that several expressions share.
    pub(crate) fn truth(&self, expression: u16, facts: &Facts<'_>) -> Result<bool, String> {
        let condition = self.expressions.get(usize::from(expression)).ok_or_else(|| missing(expression))?;
        condition.answer(facts).map_err(|why| no_answer(condition, &why))
    }
}

fn missing(expression: u16) -> String {
    format!("the plan has no expression {expression}")
}

fn no_answer(condition: &Condition, why: &str) -> String {
    format!("`{}` has no answer: {why}", condition.text())
}

fn confident(given: Option<Confidence>, least: Confidence) -> Result<(), String> {
    match given {
        Some(given) if given >= least => Ok(()),
        Some(given) => Err(format!("confidence {given} is below {least}")),
        None => {
            let least = least.to_string();
            Err(format!("no confidence was given, {} is required", least.trim_end_matches('0').trim_end_matches('.')))
        }
    }
}

fn must_hold(condition: &Condition, query: &CheckQuery<'_>) -> Result<(), String> {
    match condition.evaluate(&Scope::of(query)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("`{}` is false", condition.text())),
        Err(why) => Err(no_answer(condition, &why)),
    }
}

fn place(list: &str, number: usize) -> Place {
    Place { path: format!("{list}[{number}]"), line: None }
}

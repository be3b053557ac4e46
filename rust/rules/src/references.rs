//! What an expression refers to, found when it is loaded, so that a misspelt name is an error there and not a rule that never matches.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, operators};

/// The names of types, which are values in CEL: `type(data.amount) == int`.
const TYPES: [&str; 10] = ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];

/// CEL's standard functions. The macros (`has`, `all`, `exists`, `exists_one`, `map`, `filter`) are gone once an expression is parsed.
const FUNCTIONS: [&str; 13] =
    ["bool", "bytes", "contains", "double", "dyn", "endsWith", "int", "matches", "size", "startsWith", "string", "type", "uint"];

const OPERATORS: [&str; 18] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::IN,
];

/// Evaluation recurses, with some 35 kB a level in a debug build, and must fit the 2 MB of a thread that is not the main one.
const MAX_DEPTH: usize = 32;

/// The names of the fields that an expression selects; or a text that says which name is not one of the roots.
pub(crate) fn fields(expression: &IdedExpr, roots: &[&str]) -> Result<BTreeSet<String>, String> {
    let mut walk = Walk { roots, fields: BTreeSet::new(), bound: Vec::new(), depth: 0 };
    walk.expression(expression)?;
    Ok(walk.fields)
}

struct Walk<'a> {
    roots: &'a [&'a str],
    fields: BTreeSet<String>,
    /// The variables of the macros around, which hide the roots.
    bound: Vec<&'a str>,
    depth: usize,
}

impl<'a> Walk<'a> {
    fn expression(&mut self, expression: &'a IdedExpr) -> Result<(), String> {
        if self.depth == MAX_DEPTH {
            return Err(format!("the expression is nested more than {MAX_DEPTH} deep"));
        }
        self.depth += 1;
        self.inside(expression)?;
        self.depth -= 1;
        Ok(())
    }

    fn inside(&mut self, expression: &'a IdedExpr) -> Result<(), String> {
        match &expression.expr {
            Expr::Unspecified => Err("the expression is empty".to_owned()),
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(name),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::List(list) => self.all(&list.elements),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| self.entry(&entry.expr)),
            Expr::Struct(message) => Err(format!("there is no type `{}`", message.type_name)),
            Expr::Select(select) => {
                self.fields.insert(select.field.clone());
                self.expression(&select.operand)
            }
        }
    }

    fn all(&mut self, expressions: impl IntoIterator<Item = &'a IdedExpr>) -> Result<(), String> {
        expressions.into_iter().try_for_each(|each| self.expression(each))
    }

    fn name(&self, name: &str) -> Result<(), String> {
        if self.bound.contains(&name) || self.roots.contains(&name) || TYPES.contains(&name) {
            return Ok(());
        }
        Err(format!("`{name}` is not known: a condition sees {}", self.roots.join(", ")))
    }

    fn call(&mut self, call: &'a CallExpr) -> Result<(), String> {
        let name = call.func_name.as_str();
        if !OPERATORS.contains(&name) && !FUNCTIONS.contains(&name) && name != operators::NOT_STRICTLY_FALSE {
            return Err(format!("there is no function `{name}` with {} arguments", call.args.len()));
        }
        self.all(call.target.as_deref())?;
        self.all(&call.args)
    }

    fn entry(&mut self, entry: &'a EntryExpr) -> Result<(), String> {
        match entry {
            EntryExpr::StructField(field) => self.expression(&field.value),
            EntryExpr::MapEntry(entry) => self.all([&entry.key, &entry.value]),
        }
    }

    fn comprehension(&mut self, comprehension: &'a ComprehensionExpr) -> Result<(), String> {
        self.all([&comprehension.iter_range, &comprehension.accu_init])?;
        let outside = self.bound.len();
        self.bound.extend([comprehension.iter_var.as_str(), comprehension.accu_var.as_str()]);
        self.bound.extend(comprehension.iter_var2.as_deref());
        self.all([&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result])?;
        self.bound.truncate(outside);
        Ok(())
    }
}

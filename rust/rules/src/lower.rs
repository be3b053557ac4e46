//! From CEL's syntax tree to the native shapes, where the whole expression has one.

use std::borrow::Cow;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};
use regex::Regex;

use crate::facts::Root;
use crate::json::Json;
use crate::native::{Comparison, Node, Operand, Path, TextTest};

/// Nothing if some part of it has no native shape.
pub(crate) fn lower(expression: &IdedExpr) -> Option<Node> {
    match &expression.expr {
        Expr::Call(call) => self::call(call),
        Expr::Select(select) if select.test => Some(Node::Has(path(&select.operand)?, select.field.clone())),
        Expr::Literal(_) | Expr::Ident(_) | Expr::Select(_) => operand(expression).map(Node::Value),
        Expr::Unspecified | Expr::Comprehension(_) | Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => None,
    }
}

fn call(call: &CallExpr) -> Option<Node> {
    let name = call.func_name.as_str();
    match (&call.target, call.args.as_slice()) {
        (Some(target), [argument]) => Some(Node::Test(path(target)?, test(name, argument)?)),
        (None, [inner]) if name == operators::LOGICAL_NOT => Some(Node::Not(Box::new(lower(inner)?))),
        (None, [left, right]) => match name {
            operators::LOGICAL_AND => Some(Node::Both(Box::new(lower(left)?), Box::new(lower(right)?))),
            operators::LOGICAL_OR => Some(Node::Either(Box::new(lower(left)?), Box::new(lower(right)?))),
            operators::IN => Some(Node::In(operand(left)?, operand(right)?)),
            _ => Some(Node::Compare(comparison(name)?, operand(left)?, operand(right)?)),
        },
        _ => None,
    }
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterEqual,
        _ => return None,
    })
}

fn test(name: &str, argument: &IdedExpr) -> Option<TextTest> {
    let Some(Json::Str(part)) = literal(argument) else { return None };
    Some(match name {
        "contains" => TextTest::Contains(part.into_owned()),
        "startsWith" => TextTest::StartsWith(part.into_owned()),
        "endsWith" => TextTest::EndsWith(part.into_owned()),
        // A pattern that is wrong stays with CEL, which says so at every look.
        "matches" => TextTest::Matches(Regex::new(&part).ok()?),
        _ => return None,
    })
}

fn operand(expression: &IdedExpr) -> Option<Operand> {
    literal(expression).map(Operand::Literal).or_else(|| path(expression).map(Operand::Path))
}

fn path(expression: &IdedExpr) -> Option<Path> {
    match &expression.expr {
        Expr::Ident(name) => Some(Path { root: Root::named(name)?, fields: Vec::new() }),
        Expr::Select(SelectExpr { operand, field, test: false }) => {
            let mut path = path(operand)?;
            path.fields.push(field.clone());
            Some(path)
        }
        Expr::Unspecified
        | Expr::Select(_)
        | Expr::Literal(_)
        | Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::List(_)
        | Expr::Map(_)
        | Expr::Struct(_) => None,
    }
}

fn literal(expression: &IdedExpr) -> Option<Json<'static>> {
    match &expression.expr {
        Expr::Literal(value) => Some(match value {
            LiteralValue::Boolean(value) => Json::Bool(value.into_inner()),
            LiteralValue::Double(value) => Json::Double(value.into_inner()),
            LiteralValue::Int(value) => Json::Int(value.into_inner()),
            LiteralValue::UInt(value) => Json::UInt(value.into_inner()),
            LiteralValue::String(value) => Json::Str(Cow::Owned(value.inner().to_owned())),
            LiteralValue::Null => Json::Null,
            LiteralValue::Bytes(_) => return None,
        }),
        Expr::List(list) if list.optional_indices.is_empty() => list.elements.iter().map(literal).collect::<Option<_>>().map(Json::List),
        Expr::Unspecified
        | Expr::Ident(_)
        | Expr::Select(_)
        | Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::List(_)
        | Expr::Map(_)
        | Expr::Struct(_) => None,
    }
}

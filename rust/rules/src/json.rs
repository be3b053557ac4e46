//! JSON as conditions see it: read once, borrowing the bytes where it can, and handed to CEL as its own values when CEL asks.
//! Equality and order are CEL's. A positive integer is an `int`: as a `uint`, `data.amount + 1` would be a type error.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt};
use cel::common::value::Val;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Up to this many fields a walk along them is as fast as a search.
const FEW: usize = 8;

#[derive(Debug, Clone)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Str(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Map(Fields<'a>),
}

/// The fields of an object, sorted by name; of a repeated name the last one counts.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Fields<'a> {
    pub(crate) fn of(mut fields: Vec<(Cow<'a, str>, Json<'a>)>) -> Self {
        fields.sort_by(|(left, _), (right, _)| left.cmp(right));
        // The closure gets (later, earlier) and drops the later one, so the later value moves forward first.
        fields.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(&mut later.1, &mut earlier.1);
            }
            same
        });
        Self(fields)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        if self.0.len() <= FEW {
            return self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        }
        self.0.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok().and_then(|at| self.0.get(at)).map(|(_, value)| value)
    }

    pub(crate) fn map<'b>(&'b self, change: impl Fn(&'b Json<'a>) -> Json<'b>) -> Fields<'b> {
        Fields(self.0.iter().map(|(name, value)| (Cow::Borrowed(name.as_ref()), change(value))).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }
}

impl<'a> IntoIterator for Fields<'a> {
    type Item = (Cow<'a, str>, Json<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> Json<'a> {
    /// Nothing if the bytes are not JSON.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// CEL's name for the type.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::UInt(_) => "uint",
            Self::Double(_) => "double",
            Self::Str(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }

    pub(crate) fn fields(&self) -> Option<&Fields<'a>> {
        if let Self::Map(fields) = self { Some(fields) } else { None }
    }

    #[allow(clippy::cast_precision_loss, reason = "as CEL does it")]
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::UInt(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            Self::Null | Self::Bool(_) | Self::Str(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }

    /// CEL's `==`: numbers by value, whatever their types; different kinds are different.
    pub(crate) fn equals(&self, other: &Json<'_>) -> bool {
        match (self, other) {
            (Self::Null, Json::Null) => true,
            (Self::List(left), Json::List(right)) => left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.equals(b)),
            (Self::Map(left), Json::Map(right)) => {
                left.0.len() == right.0.len() && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| value.equals(other)))
            }
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }

    /// CEL's order; nothing where it has none.
    #[allow(clippy::cast_precision_loss, reason = "as CEL does it")]
    pub(crate) fn compare(&self, other: &Json<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(left), Json::Int(right)) => Some(left.cmp(right)),
            (Self::UInt(left), Json::UInt(right)) => Some(left.cmp(right)),
            (Self::Double(left), Json::Double(right)) => left.partial_cmp(right),
            (Self::Int(left), Json::UInt(right)) => Some(u64::try_from(*left).map_or(Ordering::Less, |left| left.cmp(right))),
            (Self::UInt(left), Json::Int(right)) => Some(i64::try_from(*left).map_or(Ordering::Greater, |left| left.cmp(right))),
            (Self::Int(left), Json::Double(right)) => (*left as f64).partial_cmp(right),
            (Self::Double(left), Json::Int(right)) => left.partial_cmp(&(*right as f64)),
            (Self::UInt(left), Json::Double(right)) => (*left as f64).partial_cmp(right),
            (Self::Double(left), Json::UInt(right)) => left.partial_cmp(&(*right as f64)),
            (Self::Str(left), Json::Str(right)) => Some(left.as_ref().cmp(right.as_ref())),
            (Self::Bool(left), Json::Bool(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }

    pub(crate) fn to_cel(&self) -> Box<dyn Val> {
        match self {
            Self::Null => Box::new(CelNull),
            Self::Bool(value) => Box::new(CelBool::from(*value)),
            Self::Int(value) => Box::new(CelInt::from(*value)),
            Self::UInt(value) => Box::new(CelUInt::from(*value)),
            Self::Double(value) => Box::new(CelDouble::from(*value)),
            Self::Str(value) => Box::new(CelString::from(value.clone().into_owned())),
            Self::List(items) => Box::new(CelList::from(items.iter().map(Json::to_cel).collect::<Vec<_>>())),
            Self::Map(fields) => {
                let map: HashMap<_, _> = fields.iter().map(|(name, value)| (CelMapKey::from(name.to_owned()), value.to_cel())).collect();
                Box::new(CelMap::from(map))
            }
        }
    }
}

/// The same, owned, with the names of objects in order.
pub(crate) fn to_value(value: &Json<'_>) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::from(*value),
        Json::Int(value) => Value::from(*value),
        Json::UInt(value) => Value::from(*value),
        Json::Double(value) => Value::from(*value),
        Json::Str(value) => Value::from(value.as_ref()),
        Json::List(items) => Value::Array(items.iter().map(to_value).collect()),
        Json::Map(fields) => Value::Object(fields.iter().map(|(name, value)| (name.to_owned(), to_value(value))).collect()),
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

/// A name that borrows unless it has escapes.
struct FieldName<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for FieldName<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Json::Str(name) = deserializer.deserialize_str(AnyJson)? else {
            return Err(D::Error::custom("a name is a string"));
        };
        Ok(Self(name))
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(value).map_or(Json::UInt(value), Json::Int))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Double(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Str(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Str(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::with_capacity(FEW);
        while let Some((FieldName(name), value)) = entries.next_entry()? {
            fields.push((name, value));
        }
        Ok(Json::Map(Fields::of(fields)))
    }
}

//! JSON bytes to CEL values. CEL's own conversion would make every positive integer a `uint`, and `data.amount + 1` a type error.

use std::collections::HashMap;
use std::fmt;

use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt};
use cel::common::value::Val;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Nothing if the bytes are not JSON.
pub(crate) fn to_cel(bytes: &[u8]) -> Option<Box<dyn Val>> {
    serde_json::from_slice::<Json>(bytes).ok().map(|json| json.0)
}

struct Json(Box<dyn Val>);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

fn json(value: impl Val + 'static) -> Json {
    Json(Box::new(value))
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(json(CelNull))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(json(CelBool::from(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(json(CelInt::from(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or_else(|_| json(CelUInt::from(value)), |value| json(CelInt::from(value))))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(json(CelDouble::from(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(json(CelString::from(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(Json(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(json(CelList::from(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut map = HashMap::new();
        while let Some((key, Json(value))) = entries.next_entry::<String, Json>()? {
            map.insert(CelMapKey::from(key), value);
        }
        Ok(json(CelMap::from(map)))
    }
}

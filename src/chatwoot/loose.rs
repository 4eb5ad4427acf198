//! Reading JSON that differs between versions: for `#[serde(deserialize_with = …)]` on fields of answers.
//!
//! A field of another type than expected reads as absent and never makes an object unreadable, let alone a list. Only ids
//! are strict. Secrets go from the answer into a secret without a stop.

use super::types::Map;
use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use std::{fmt, str::FromStr};

/// A value that is no list and no object.
pub(super) enum Scalar<'a> {
    Text(&'a str),
    Int(i64),
    Float(f64),
    Flag(bool),
}

/// Reads one value with `read`; lists, objects and null give `None`.
pub(super) fn scalar<'de, D: Deserializer<'de>, T>(
    from: D,
    read: impl FnOnce(Scalar<'_>) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    from.deserialize_any(Reading(read))
}

struct Reading<F>(F);

impl<'de, T, F: FnOnce(Scalar<'_>) -> Option<T>> Visitor<'de> for Reading<F> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok((self.0)(Scalar::Text(text)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok((self.0)(Scalar::Int(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).ok().and_then(|number| (self.0)(Scalar::Int(number))))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok((self.0)(Scalar::Float(number)))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok((self.0)(Scalar::Flag(flag)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A text; numbers and booleans as they are written.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    scalar(from, |value| {
        Some(match value {
            Scalar::Text(text) => text.to_owned(),
            Scalar::Int(number) => number.to_string(),
            Scalar::Float(number) => number.to_string(),
            Scalar::Flag(flag) => flag.to_string(),
        })
    })
}

/// As [`text`], and empty where there is none.
pub(super) fn plain<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from).map(Option::unwrap_or_default)
}

/// A text that is kept secret; an empty one is none.
pub(super) fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    scalar(from, |value| match value {
        Scalar::Text(text) if !text.is_empty() => Some(SecretString::from(text)),
        _ => None,
    })
}

/// A whole number, also one that is written as text or with a fraction of nought.
pub(super) fn int<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    scalar(from, whole)
}

/// The number of an object in the same answer; `None` where there is none.
pub(super) fn id<'de, D: Deserializer<'de>, T: From<i64>>(from: D) -> Result<Option<T>, D::Error> {
    scalar(from, |value| whole(value).filter(|id| *id > 0).map(T::from))
}

/// Seconds since 1970; 0 stands for never (§4).
pub(super) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    scalar(from, |value| match value {
        Scalar::Float(seconds) => Some(seconds as i64),
        Scalar::Text(text) => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second),
        other => whole(other),
    })
    .map(|seconds| seconds.filter(|seconds| *seconds > 0))
}

/// A truth; anything but `true` is false.
pub(super) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    maybe_flag(from).map(Option::unwrap_or_default)
}

/// A truth, where there is one.
pub(super) fn maybe_flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    scalar(from, |value| if let Scalar::Flag(flag) = value { Some(flag) } else { None })
}

/// One of a set of words; `None` for one that is not known here.
pub(super) fn word<'de, D: Deserializer<'de>, T: FromStr>(from: D) -> Result<Option<T>, D::Error> {
    scalar(from, |value| if let Scalar::Text(text) = value { text.parse().ok() } else { None })
}

/// An object as it is.
pub(super) fn map<'de, D: Deserializer<'de>>(from: D) -> Result<Map, D::Error> {
    Value::deserialize(from).map(|value| if let Value::Object(map) = value { map } else { Map::new() })
}

/// Texts; what is none is left out.
pub(super) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(from)?;
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Words of a set; those not known here are left out.
pub(super) fn words<'de, D: Deserializer<'de>, T: FromStr>(from: D) -> Result<Vec<T>, D::Error> {
    texts(from).map(|texts| texts.iter().filter_map(|text| text.parse().ok()).collect())
}

/// Objects within an object; those that cannot be read are left out, so none that matter by their absence.
pub(super) fn rows<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(list) => list.into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect(),
        _ => Vec::new(),
    })
}

/// An object within an object; `None` for null, an empty object, and what cannot be read.
pub(super) fn part<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(if value.is_object() { serde_json::from_value(value).ok() } else { None })
}

/// The number of the object itself, without which there is none.
pub(super) fn own_id<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    scalar(from, whole)?.filter(|id| *id > 0).ok_or_else(|| serde::de::Error::custom("no id"))
}

fn whole(value: Scalar<'_>) -> Option<i64> {
    match value {
        Scalar::Int(number) => Some(number),
        Scalar::Text(text) => text.trim().parse().ok(),
        Scalar::Float(number) if number.fract() == 0.0 => Some(number as i64),
        Scalar::Float(_) | Scalar::Flag(_) => None,
    }
}

#[cfg(test)]
mod tests;

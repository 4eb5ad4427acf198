//! The account index as a stream: nothing but ids and markers is ever held.

use super::Indexed;
use crate::chatwoot::{marker, types::AccountId};
use bytes::{Buf, Bytes};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{fmt, io};
use tokio::sync::mpsc;

/// More rows than fit into [`INDEX_LIMIT`](super::INDEX_LIMIT) when they are real accounts.
const MOST_ROWS: usize = 250_000;
/// A marker has some 140 characters; what is longer is none of ours.
const MARKER_LIMIT: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParseError {
    Malformed,
    TooMany,
}

/// Chunks of a body as they arrive, for a blocking reader.
pub(super) struct Chunks {
    arrived: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl Chunks {
    pub fn new(arrived: mpsc::Receiver<Bytes>) -> Self {
        Self { arrived, current: Bytes::new() }
    }
}

impl io::Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.arrived.blocking_recv() {
                Some(chunk) => self.current = chunk,
                None => return Ok(0),
            }
        }
        let taken = self.current.len().min(buffer.len());
        let (to, _) = buffer.split_at_mut(taken);
        self.current.copy_to_slice(to);
        Ok(taken)
    }
}

/// Reads an array of accounts to its end.
pub(super) fn parse(body: impl io::Read) -> Result<Vec<Indexed>, ParseError> {
    let mut rows = Vec::new();
    let mut json = serde_json::Deserializer::from_reader(io::BufReader::new(body));
    let read = Rows(&mut rows).deserialize(&mut json).and_then(|()| json.end());
    match read {
        Ok(()) => Ok(rows),
        Err(_) if rows.len() >= MOST_ROWS => Err(ParseError::TooMany),
        Err(_) => Err(ParseError::Malformed),
    }
}

struct Rows<'a>(&'a mut Vec<Indexed>);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of accounts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(row) = seq.next_element::<Row>()? {
            if self.0.len() >= MOST_ROWS {
                return Err(A::Error::custom("too many rows"));
            }
            self.0.push(Indexed { id: AccountId(row.id), marker: row.marker });
        }
        Ok(())
    }
}

/// One account. Read by hand, because a derived reader would also take an array for it.
struct Row {
    id: i64,
    marker: Option<String>,
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an account")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Row, A::Error> {
                let (mut id, mut marker) = (None, None);
                while let Some(key) = fields.next_key::<Key>()? {
                    match key {
                        Key::Id => id = Some(fields.next_value::<i64>()?),
                        Key::Attributes => marker = fields.next_value::<Attributes>()?.0,
                        Key::Other => drop(fields.next_value::<IgnoredAny>()?),
                    }
                }
                let id = id.filter(|id| *id > 0).ok_or_else(|| A::Error::custom("a row without an id"))?;
                Ok(Row { id, marker })
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

enum Key {
    Id,
    Attributes,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
                Ok(match name {
                    "id" => Key::Id,
                    "custom_attributes" => Key::Attributes,
                    _ => Key::Other,
                })
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

/// The marker among an account's attributes.
struct Attributes(Option<String>);

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Option<String>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<String>, A::Error> {
                let mut marker = None;
                while let Some(IsMarker(found)) = fields.next_key()? {
                    if found {
                        marker = text(fields.next_value()?);
                    } else {
                        fields.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(marker)
            }

            // Anything but an object holds no marker, and one odd account must not hide all the others.
            fn visit_unit<E: Error>(self) -> Result<Option<String>, E> {
                Ok(None)
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Option<String>, E> {
                Ok(None)
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Option<String>, E> {
                Ok(None)
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Option<String>, E> {
                Ok(None)
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Option<String>, E> {
                Ok(None)
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Option<String>, E> {
                Ok(None)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<String>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(None)
            }
        }
        deserializer.deserialize_any(Fields).map(Attributes)
    }
}

fn text(value: serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) if text.len() <= MARKER_LIMIT => Some(text),
        _ => Some(String::new()),
    }
}

struct IsMarker(bool);

impl<'de> Deserialize<'de> for IsMarker {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = bool;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
                Ok(name == marker::KEY)
            }
        }
        deserializer.deserialize_identifier(Name).map(IsMarker)
    }
}

#[cfg(test)]
mod tests;

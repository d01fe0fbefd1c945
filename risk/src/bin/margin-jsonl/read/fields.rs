//! Objects whose every field must be known, and the numbers and texts in them.

use alloy_primitives::I256;

use super::Result;
use crate::{decimal, json::Value};

/// One, 18 decimals.
pub(super) const ONE: u64 = 1_000_000_000_000_000_000;
/// Digits of money, prices and parameters.
pub(super) const DECIMALS: u32 = 18;
/// Digits of a quantity.
pub(super) const MILLIONTHS: u32 = 6;

/// An object being read: every field must be known, so that a misspelt one is an error and not a default.
pub(super) struct Fields<'a> {
    path: String,
    fields: Vec<(&'a str, &'a Value, bool)>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(path: String, value: &'a Value) -> Result<Self> {
        match value {
            Value::Object(fields) => Ok(Self {
                path,
                fields: fields.iter().map(|(name, v)| (name.as_str(), v, false)).collect(),
            }),
            _ => Err(format!("{path}: expected an object")),
        }
    }

    pub(super) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(super) fn optional(&mut self, name: &str) -> Option<&'a Value> {
        let field = self.fields.iter_mut().find(|(known, ..)| *known == name)?;
        field.2 = true;
        Some(field.1)
    }

    pub(super) fn required(&mut self, name: &str) -> Result<&'a Value> {
        self.optional(name).ok_or_else(|| format!("{}: missing", self.path(name)))
    }

    /// A number of that many digits after the point, as any integer type.
    pub(super) fn number<T: TryFrom<I256>>(
        &mut self,
        name: &str,
        digits: u32,
        default: Option<T>,
    ) -> Result<T> {
        match (self.optional(name), default) {
            (Some(value), _) => number(&self.path(name), value, digits),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(format!("{}: missing", self.path(name))),
        }
    }

    /// Overwrites a parameter if it is given.
    pub(super) fn set<T: TryFrom<I256>>(
        &mut self,
        name: &str,
        digits: u32,
        target: &mut T,
    ) -> Result<()> {
        if let Some(value) = self.optional(name) {
            *target = number(&self.path(name), value, digits)?;
        }
        Ok(())
    }

    pub(super) fn list<T>(
        &mut self,
        name: &str,
        read: impl Fn(Self) -> Result<T>,
    ) -> Result<Option<Vec<T>>> {
        let path = self.path(name);
        match self.optional(name) {
            None => Ok(None),
            Some(Value::List(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| read(Fields::new(format!("{path}[{index}]"), item)?))
                .collect::<Result<Vec<T>>>()
                .map(Some),
            Some(_) => Err(format!("{path}: expected a list")),
        }
    }

    /// A truth value.
    pub(super) fn flag(&mut self, name: &str, default: bool) -> Result<bool> {
        match self.optional(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(format!("{}: expected true or false", self.path(name))),
        }
    }

    /// Whether an object is given under that name, with its fields.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>> {
        let path = self.path(name);
        self.optional(name).map(|value| Fields::new(path, value)).transpose()
    }

    /// Whether the field is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, ..)| *known == name)
    }

    pub(super) fn finish(self) -> Result<()> {
        match self.fields.iter().find(|(_, _, used)| !used) {
            Some((name, ..)) => Err(format!("{}: unknown field", self.path(name))),
            None => Ok(()),
        }
    }
}

pub(super) fn number<T: TryFrom<I256>>(path: &str, value: &Value, digits: u32) -> Result<T> {
    let (Value::Number(text) | Value::Text(text)) = value else {
        return Err(format!("{path}: expected a number"));
    };
    decimal::parse(text, digits)
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("{path}: {text} is no number of at most {digits} decimals in range"))
}

pub(super) fn text<'a>(path: &str, value: &'a Value) -> Result<&'a str> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(format!("{path}: expected a string")),
    }
}

/// Refuses a list in which two entries have the same key.
pub(super) fn distinct<T, K: Ord + std::fmt::Debug>(
    path: &str,
    entries: &[T],
    key: impl Fn(&T) -> K,
) -> Result<()> {
    let mut keys: Vec<K> = entries.iter().map(key).collect();
    keys.sort_unstable();
    let twice = keys.iter().zip(keys.iter().skip(1)).find(|(one, next)| one == next);
    twice.map_or(Ok(()), |(key, _)| Err(format!("{path}: {key:?} stands twice")))
}

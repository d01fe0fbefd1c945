//! JSON whose numbers stay text, so that decimals are exact.

use std::fmt;

/// Deepest nesting that is read.
const DEPTH: usize = 32;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    Text(String),
    List(Vec<Self>),
    /// In the order written.
    Object(Vec<(String, Self)>),
}

impl Value {
    /// The field of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(known, _)| known == name).map(|(_, v)| v),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(flag) => write!(formatter, "{flag}"),
            Self::Number(text) => formatter.write_str(text),
            Self::Text(text) => quote(formatter, text),
            Self::List(items) => {
                formatter.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(",")?;
                    }
                    item.fmt(formatter)?;
                }
                formatter.write_str("]")
            }
            Self::Object(fields) => {
                formatter.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(",")?;
                    }
                    quote(formatter, name)?;
                    write!(formatter, ":{value}")?;
                }
                formatter.write_str("}")
            }
        }
    }
}

fn quote(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' => formatter.write_str("\\\"")?,
            '\\' => formatter.write_str("\\\\")?,
            c if u32::from(c) < 0x20 => write!(formatter, "\\u{:04x}", u32::from(c))?,
            c => write!(formatter, "{c}")?,
        }
    }
    formatter.write_str("\"")
}

/// Reads one value and nothing after it.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(DEPTH)?;
    reader.space();
    if reader.rest().is_empty() { Ok(value) } else { reader.fail("end of line") }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fail<T>(&self, expected: &str) -> Result<T, String> {
        Err(format!("column {}: expected {expected}", self.at.saturating_add(1)))
    }

    fn space(&mut self) {
        let rest = self.rest();
        let skipped = rest.len().saturating_sub(rest.trim_start().len());
        self.at = self.at.saturating_add(skipped);
    }

    /// Takes `token` if it comes next.
    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at = self.at.saturating_add(token.len());
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        let Some(depth) = depth.checked_sub(1) else { return self.fail("less nesting") };
        self.space();
        match self.rest().chars().next() {
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some('"') => self.string().map(Value::Text),
            Some('-' | '0'..='9') => self.number(),
            _ if self.take("null") => Ok(Value::Null),
            _ if self.take("true") => Ok(Value::Bool(true)),
            _ if self.take("false") => Ok(Value::Bool(false)),
            _ => self.fail("a value"),
        }
    }

    /// `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?`, as it was written.
    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        self.take("-");
        if !self.take("0") {
            self.digits()?;
        }
        if self.take(".") {
            self.digits()?;
        }
        if self.take("e") || self.take("E") {
            let _ = self.take("+") || self.take("-");
            self.digits()?;
        }
        Ok(Value::Number(self.text.get(start..self.at).unwrap_or_default().to_owned()))
    }

    fn digits(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if length == 0 {
            return self.fail("a digit");
        }
        self.at = self.at.saturating_add(length);
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        self.take("{");
        self.space();
        if self.take("}") {
            return Ok(Value::Object(fields));
        }
        loop {
            self.space();
            let name = self.string()?;
            if fields.iter().any(|(known, _)| *known == name) {
                return self.fail(&format!("\"{name}\" once"));
            }
            self.space();
            if !self.take(":") {
                return self.fail("\":\"");
            }
            fields.push((name, self.value(depth)?));
            self.space();
            if self.take("}") {
                return Ok(Value::Object(fields));
            }
            if !self.take(",") {
                return self.fail("\",\" or \"}\"");
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, String> {
        let mut items = Vec::new();
        self.take("[");
        self.space();
        if self.take("]") {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            if self.take("]") {
                return Ok(Value::List(items));
            }
            if !self.take(",") {
                return self.fail("\",\" or \"]\"");
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        if !self.take("\"") {
            return self.fail("a string");
        }
        let mut text = String::new();
        loop {
            let Some(next) = self.rest().chars().next() else { return self.fail("\"\\\"\"") };
            self.at = self.at.saturating_add(next.len_utf8());
            match next {
                '"' => return Ok(text),
                '\\' => text.push(self.escape()?),
                c if u32::from(c) < 0x20 => return self.fail("no control character"),
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        for (token, meaning) in [
            ("\"", '"'),
            ("\\", '\\'),
            ("/", '/'),
            ("b", '\u{8}'),
            ("f", '\u{c}'),
            ("n", '\n'),
            ("r", '\r'),
            ("t", '\t'),
        ] {
            if self.take(token) {
                return Ok(meaning);
            }
        }
        if let Some(unit) = self.code_unit() {
            // Beyond the basic plane a character is two units: a high surrogate and a low one.
            let pair = match unit {
                0xd800..=0xdbff if self.take("\\") => [unit, self.code_unit().unwrap_or(0)],
                _ => [unit, 0],
            };
            let units = if pair[1] == 0 { &pair[..1] } else { &pair[..] };
            if let Ok(text) = String::from_utf16(units)
                && let Some(character) = text.chars().next()
            {
                return Ok(character);
            }
        }
        self.fail("an escape")
    }
}

impl Reader<'_> {
    /// Four hexadecimal digits after `u`.
    fn code_unit(&mut self) -> Option<u16> {
        let digits = self.rest().strip_prefix('u')?.get(..4)?;
        let unit = u16::from_str_radix(digits, 16).ok()?;
        if digits.starts_with('+') {
            return None;
        }
        self.at = self.at.saturating_add(5);
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = r#"{"a":[1.50,-2e-3,"x y\"\\\u001f",null,true,false,{},[]],"b":{"c":"é"}}"#;
        assert_eq!(parse(text).unwrap().to_string(), text);
        let spaced = " { \"a\" : [ 1 , 2 ] } ";
        assert_eq!(parse(spaced).unwrap().to_string(), r#"{"a":[1,2]}"#);
    }

    #[test]
    fn wrong_lines_name_the_column() {
        for (text, column) in [
            ("", 1),
            ("{", 2),
            ("{\"a\"}", 5),
            ("{\"a\":}", 6),
            ("[1,]", 4),
            ("[1 2]", 4),
            ("1 1", 3),
            ("{\"a\":1,\"a\":2}", 11),
            ("\"a", 3),
            ("\"\\x\"", 3),
            ("\"a\u{1f}\"", 4),
            ("\"\0\"", 3),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("column {column}:")), "{text}: {error}");
        }
        assert!(parse(&"[".repeat(1_000_000)).is_err());
    }
}

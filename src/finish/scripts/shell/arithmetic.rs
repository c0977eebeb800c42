//! What `$((…))` and expr(1) reckon, in whole numbers.

/// Terms in terms; what is deeper is not reckoned.
const DEEPEST: usize = 50;

/// The value of an expression, whose variables `value` gives; `None` where it cannot be told.
pub(super) fn reckon(text: &str, value: &dyn Fn(&str) -> Option<i64>) -> Option<i64> {
    let mut reader = Reader { rest: text, value, depth: 0 };
    let result = reader.level(0)?;
    reader.rest.trim().is_empty().then_some(result)
}

struct Reader<'a> {
    rest: &'a str,
    value: &'a dyn Fn(&str) -> Option<i64>,
    depth: usize,
}

/// The operators, those that bind least first.
const LEVELS: [&[&str]; 6] =
    [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

impl Reader<'_> {
    fn level(&mut self, level: usize) -> Option<i64> {
        let Some(operators) = LEVELS.get(level) else { return self.one() };
        let mut left = self.level(level + 1)?;
        loop {
            self.rest = self.rest.trim_start();
            let Some(operator) = operators.iter().find(|operator| self.rest.starts_with(**operator)) else {
                return Some(left);
            };
            self.rest = &self.rest[operator.len()..];
            let right = self.level(level + 1)?;
            left = match *operator {
                "||" => i64::from(left != 0 || right != 0),
                "&&" => i64::from(left != 0 && right != 0),
                "==" => i64::from(left == right),
                "!=" => i64::from(left != right),
                "<=" => i64::from(left <= right),
                ">=" => i64::from(left >= right),
                "<" => i64::from(left < right),
                ">" => i64::from(left > right),
                "+" => left.checked_add(right)?,
                "-" => left.checked_sub(right)?,
                "*" => left.checked_mul(right)?,
                "/" => left.checked_div(right)?,
                _ => left.checked_rem(right)?,
            };
        }
    }

    fn one(&mut self) -> Option<i64> {
        self.rest = self.rest.trim_start();
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let result = if let Some(rest) = self.rest.strip_prefix('-') {
            self.rest = rest;
            self.one()?.checked_neg()
        } else if let Some(rest) = self.rest.strip_prefix('!') {
            self.rest = rest;
            Some(i64::from(self.one()? == 0))
        } else if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let inner = self.level(0)?;
            self.rest = self.rest.trim_start().strip_prefix(')')?;
            Some(inner)
        } else {
            let name = self.rest.trim_start_matches('$');
            let end = name
                .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                .unwrap_or(name.len());
            let (word, rest) = name.split_at(end);
            self.rest = rest;
            match word.chars().next()? {
                '0'..='9' => word.parse().ok(),
                _ => (self.value)(word),
            }
        };
        self.depth -= 1;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reckons_as_a_shell_does() {
        let value = |name: &str| (name == "i").then_some(4);
        for (text, expected) in [
            ("1 + 2 * 3", Some(7)),
            ("($i+1)*2", Some(10)),
            ("i % 3 == 1 && !0", Some(1)),
            ("-2 - -3", Some(1)),
            ("1/0", None),
            ("unset + 1", None),
            ("1 2", None),
            ("9223372036854775807 + 1", None),
        ] {
            assert_eq!(reckon(text, &value), expected, "{text}");
        }
        assert_eq!(reckon(&"(".repeat(10_000), &value), None);
    }
}

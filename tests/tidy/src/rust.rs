//! Rust text, read just well enough to count its lines and search its code. It is no parser.

/// The text with comments blanked and the insides of strings replaced by `_`; every character keeps its line.
pub fn code(text: &str) -> String {
    let mut reader = Reader { rest: text, code: String::with_capacity(text.len()) };
    while let Some(next) = reader.rest.chars().next() {
        let raw = raw_string(reader.rest);
        if reader.rest.starts_with("//") {
            let length = reader.rest.find('\n').unwrap_or(reader.rest.len());
            reader.mask(length, ' ');
        } else if reader.rest.starts_with("/*") {
            let length = block_comment(reader.rest);
            reader.mask(length, ' ');
        } else if let Some(length) = raw.filter(|_| !reader.in_name()) {
            reader.mask(length, '_');
        } else if next == '"' {
            let length = quoted(reader.rest, '"');
            reader.mask(length, '_');
        } else if next == '\'' && is_character(reader.rest) {
            let length = quoted(reader.rest, '\'');
            reader.mask(length, '_');
        } else {
            reader.keep(next);
        }
    }
    reader.code
}

/// The text without the block of tests at its end.
pub fn production(text: &str) -> &str {
    let mark = "#[cfg(test)]\nmod tests {";
    text.rfind(mark).map_or(text, |at| text.split_at(at).0)
}

struct Reader<'a> {
    rest: &'a str,
    code: String,
}

impl Reader<'_> {
    fn keep(&mut self, letter: char) {
        self.code.push(letter);
        self.rest = self.rest.split_at(letter.len_utf8()).1;
    }

    fn mask(&mut self, length: usize, with: char) {
        let (masked, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.code.extend(
            masked.chars().map(|letter| if letter.is_whitespace() { letter } else { with }),
        );
        self.rest = rest;
    }

    fn in_name(&self) -> bool {
        self.code.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
    }
}

/// The length of a raw string that starts here.
fn raw_string(text: &str) -> Option<usize> {
    let start = ["br", "cr", "r"].into_iter().find(|start| text.starts_with(start))?;
    let after = text.split_at(start.len()).1;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after.split_at(hashes).1.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let opening = text.len() - body.len();
    Some(body.find(&end).map_or(text.len(), |at| opening + at + end.len()))
}

/// The length of a quoted literal, with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + 1,
            _ => {},
        }
    }
    text.len()
}

/// A character and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut letters = text.chars().skip(1);
    let first = letters.next();
    first == Some('\\') || letters.next() == Some('\'')
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = text.split_at(at).1;
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_not_code() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* /*b*/ c */ d", "a               d"),
            (r#"f("x\"{y")"#, "f(_______)"),
            ("f(r#\"{\"}\"#)", "f(________)"),
            ("let c = '{'; fn f<'a>() {}", "let c = ___; fn f<'a>() {}"),
            (r"'\'' '\u{1}'", "____ _______"),
            ("\"two\nlines\"", "____\n______"),
        ];
        for (text, expected) in cases {
            assert_eq!(code(text), expected);
        }
    }

    #[test]
    fn tests_at_the_end_are_not_production() {
        assert_eq!(production("fn a() {}\n#[cfg(test)]\nmod tests {\n}\n"), "fn a() {}\n");
        assert_eq!(
            production("#[cfg(test)]\nmod tests;\nfn a() {}\n"),
            "#[cfg(test)]\nmod tests;\nfn a() {}\n"
        );
    }
}

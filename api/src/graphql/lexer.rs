//! Splits the text of a GraphQL document into lexemes, without building a tree.
//!
//! One pass over the bytes, so that the cost grows with the text and no faster. Text that is not GraphQL may be split
//! wrongly; the parser refuses it. Text that the parser accepts although the specification does not is split as the parser
//! splits it.

/// The literals behind which the parser ends a value, whatever follows.
const LITERALS: [&[u8]; 3] = [b"true", b"false", b"null"];

/// The kind of a lexeme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space, commas and byte order marks, which have no meaning.
    Ignored,
    /// From `#` to the end of the line.
    Comment,
    /// `"text"`.
    String {
        /// False if the closing quote is missing.
        closed: bool,
    },
    /// `"""text"""`.
    BlockString {
        /// False if the closing quotes are missing.
        closed: bool,
    },
    /// A name, or a literal such as `true`.
    Name,
    /// A number.
    Number,
    /// An opening bracket of any form.
    Open,
    /// A closing bracket of any form.
    Close,
    /// Anything else.
    Punctuator,
}

/// A piece of a document's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lexeme<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

impl Lexeme<'_> {
    /// True for tokens, that is everything but comments and ignored characters.
    pub(super) const fn is_token(&self) -> bool {
        !matches!(self.kind, Kind::Ignored | Kind::Comment)
    }
}

/// Iterates over the lexemes of a text. Put together, they are the text.
pub(super) struct Lexer<'a>(&'a str);

impl<'a> Lexer<'a> {
    /// A lexer at the beginning of `text`.
    pub(super) const fn new(text: &'a str) -> Self {
        Self(text)
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Lexeme<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.0.chars().next()?;
        let bytes = self.0.as_bytes();
        let one = first.len_utf8();
        let (kind, length) = match first {
            ' ' | ',' | '\t' | '\n' | '\r' | '\u{feff}' => (Kind::Ignored, one),
            '#' => (Kind::Comment, bytes.iter().position(|byte| is_line_end(*byte)).unwrap_or(bytes.len())),
            '"' => string(bytes),
            '{' | '(' | '[' => (Kind::Open, one),
            '}' | ')' | ']' => (Kind::Close, one),
            '.' if bytes.starts_with(b"...") => (Kind::Punctuator, 3),
            '-' | '0'..='9' => (Kind::Number, number(bytes)),
            '_' | 'a'..='z' | 'A'..='Z' => (Kind::Name, name(bytes)),
            _ => (Kind::Punctuator, one),
        };
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(Lexeme { kind, text })
    }
}

/// A document's text as it may be shown to operators: comments left out, and every string emptied, since a literal may be a
/// password. A string that is not closed hides the rest. At most `most` characters.
pub(super) fn without_literals(document: &str, most: usize) -> String {
    let mut shown = String::new();
    for lexeme in Lexer::new(document) {
        match lexeme.kind {
            Kind::Comment => {}
            Kind::String { closed } | Kind::BlockString { closed } => {
                shown.push_str("\"\"");
                if !closed {
                    break;
                }
            }
            _ => shown.push_str(lexeme.text),
        }
    }
    shown.chars().take(most).collect()
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The string that a text begins with: its kind and length in bytes.
fn string(text: &[u8]) -> (Kind, usize) {
    if let Some(block) = text.strip_prefix(b"\"\"\"") {
        let mut rest = block;
        while let Some((_, after)) = rest.split_first() {
            if let Some(after) = rest.strip_prefix(b"\"\"\"") {
                return (Kind::BlockString { closed: true }, text.len() - after.len());
            }
            rest = rest.strip_prefix(b"\\\"\"\"").unwrap_or(after);
        }
        return (Kind::BlockString { closed: false }, text.len());
    }
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return (Kind::String { closed: true }, at + 1),
            b'\n' | b'\r' => return (Kind::String { closed: false }, at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    (Kind::String { closed: false }, text.len())
}

/// The length in bytes of the name that a text begins with.
fn name(text: &[u8]) -> usize {
    // In a list the parser reads `nulltrue` as two values. A name that begins like this counts as two.
    let literal = LITERALS.iter().find(|literal| text.starts_with(literal));
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    literal.map_or_else(|| text.iter().take_while(part).count(), |literal| literal.len())
}

/// The length in bytes of the number that a text begins with, and of the letters that are attached to it.
fn number(text: &[u8]) -> usize {
    let sign = usize::from(text.first() == Some(&b'-'));
    // The parser reads `00` as two numbers.
    if let [b'0', next, ..] = &text[sign..]
        && next.is_ascii_digit()
    {
        return sign + 1;
    }
    let mut before = b' ';
    let length = text.iter().enumerate().take_while(|(at, byte)| {
        let part = match **byte {
            b'.' => before.is_ascii_digit(),
            b'+' | b'-' => *at == 0 || matches!(before, b'e' | b'E'),
            byte => byte.is_ascii_alphanumeric() || byte == b'_',
        };
        before = **byte;
        part
    });
    length.count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(document: &str) -> String {
        without_literals(document, 4000)
    }

    #[test]
    fn strings_are_emptied_and_names_and_numbers_stay() {
        let document = r#"mutation { logIn(input: { email: "a@b.c", password: "x\"y" }) { token } }"#;
        assert_eq!(shown(document), r#"mutation { logIn(input: { email: "", password: "" }) { token } }"#);
        assert_eq!(shown("{ a(b: $c, d: 7) }"), "{ a(b: $c, d: 7) }");
    }

    #[test]
    fn block_strings_and_comments_are_not_shown() {
        let document = "{ a(b: \"\"\"se\"cr\\\"\"\"et\"\"\", c: \"\") # \"secret\"\n d }";
        assert_eq!(shown(document), "{ a(b: \"\", c: \"\") \n d }");
    }

    #[test]
    fn a_string_that_is_not_closed_hides_the_rest() {
        for document in ["{ a(b: \"secret", "{ a(b: \"secret\\", "{ a(b: \"\"\"secret\"\"", "{ a(b: \"x\nsecret: 1"] {
            assert_eq!(shown(document), "{ a(b: \"\"", "{document}");
        }
    }

    #[test]
    fn at_most_the_requested_length_is_shown() {
        assert_eq!(without_literals("{ plans }", 3), "{ p");
    }

    proptest! {
        #[test]
        fn the_lexemes_of_any_text_are_the_text(text in "(?s).{0,60}", pieces in "[\"\\\\#a-c0.e+\n é{\u{feff}-]{0,60}") {
            for text in [text, pieces] {
                let lexemes: String = Lexer::new(&text).map(|lexeme| lexeme.text).collect();
                prop_assert_eq!(&lexemes, &text);
                prop_assert!(Lexer::new(&text).all(|lexeme| !lexeme.text.is_empty()));
                prop_assert!(!shown(&text).contains('#'));
            }
        }
    }
}

//! GraphQL documents as they may be shown: a literal may be a password, a variable's name is none.

/// Characters of a document that are shown.
const SHOWN: usize = 4000;

/// The document without comments, and with every string in it emptied. One that does not end swallows the rest.
#[must_use]
pub fn without_literals(document: &str) -> String {
    let mut shown = String::new();
    let mut rest = document;
    while let Some(start) = rest.find(['"', '#']) {
        shown.push_str(&rest[..start]);
        let found = &rest[start..];
        rest = if found.starts_with('#') {
            &found[found.find(['\n', '\r']).unwrap_or(found.len())..]
        } else {
            shown.push_str("\"\"");
            after_string(found)
        };
    }
    shown.push_str(rest);
    shown.chars().take(SHOWN).collect()
}

/// What follows the string that the text begins with.
fn after_string(text: &str) -> &str {
    let (mark, inner) = match text.strip_prefix("\"\"\"") {
        Some(inner) => ("\"\"\"", inner),
        None => ("\"", &text[1..]),
    };
    let mut from = 0;
    while let Some(found) = inner[from..].find(['"', '\\']) {
        let at = from + found;
        if inner[at..].starts_with(mark) {
            return &inner[at + mark.len()..];
        }
        // A backslash takes the next character along: it may be a quotation mark, or in a block three of them.
        let escaped = inner[at..].strip_prefix('\\').and_then(|next| next.chars().next());
        from = at + 1 + escaped.map_or(0, char::len_utf8);
        if mark.len() == 3 && inner[at..].starts_with("\\\"\"\"") {
            from = at + 4;
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_are_emptied_and_the_rest_stays() {
        let document = r#"mutation { logIn(input: { email: "a@b.c", password: "x\"y" }) { token } }"#;
        let shown = r#"mutation { logIn(input: { email: "", password: "" }) { token } }"#;
        assert_eq!(without_literals(document), shown);
        assert_eq!(without_literals("{ a(b: $c, d: 7) }"), "{ a(b: $c, d: 7) }");
    }

    #[test]
    fn blocks_and_comments_hide_as_well() {
        let document = "{ a(b: \"\"\"se\"cr\\\"\"\"et\"\"\", c: \"\") # \"secret\"\n d }";
        assert_eq!(without_literals(document), "{ a(b: \"\", c: \"\") \n d }");
    }

    #[test]
    fn what_does_not_end_shows_nothing() {
        for document in ["{ a(b: \"secret", "{ a(b: \"secret\\", "{ a(b: \"\"\"secret\"\"", "{ a(b: \"secret\\\""] {
            assert_eq!(without_literals(document), "{ a(b: \"\"", "{document}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(document in "[\"\\\\#a-c\n é]*") {
            prop_assert!(!without_literals(&document).contains('#'));
        }
    }
}

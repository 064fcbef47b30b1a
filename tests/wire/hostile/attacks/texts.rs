//! Documents that are long or not GraphQL.

use super::Attack;

pub(super) fn attacks() -> Vec<Attack> {
    [long(), unreadable()].into_iter().flatten().collect()
}

fn long() -> Vec<Attack> {
    let quote = |credits: &str| format!("{{ creditQuote(credits: {credits}) {{ credits }} }}");
    vec![
        Attack::new("a long string", "BAD_REQUEST", quote(&format!("\"{}\"", "x".repeat(65_000)))),
        Attack::new("a string of escapes", "BAD_REQUEST", quote(&format!("\"{}\"", r"\n".repeat(21_000)))),
        Attack::new("a string of code points", "BAD_REQUEST", quote(&format!("\"{}\"", r"\u00e9".repeat(9_000)))),
        Attack::new("a block string of lines", "BAD_REQUEST", quote(&format!("\"\"\"{}\"\"\"", "\n ".repeat(20_000)))),
        Attack::new(
            "a block string that is indented",
            "BAD_REQUEST",
            quote(&format!("\"\"\"\n{}x{}\"\"\"", " ".repeat(30_000), "\n ".repeat(9_000))),
        ),
        Attack::new(
            "a block string of escaped quotes",
            "BAD_REQUEST",
            quote(&format!("\"\"\"{}\"\"\"", r#"\""""#.repeat(8_000))),
        ),
        Attack::new(
            "strings by the hundred",
            "BAD_REQUEST",
            quote(&format!("[{}]", "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"".repeat(1800))),
        ),
        Attack::new("a long number", "BAD_REQUEST", quote(&"9".repeat(65_000))),
        Attack::new("a long fraction", "BAD_REQUEST", quote(&format!("0.{}", "9".repeat(65_000)))),
        Attack::new("a large exponent", "BAD_REQUEST", quote("1e999999999")),
        Attack::new("a long exponent", "BAD_REQUEST", quote(&format!("1e{}", "9".repeat(65_000)))),
        Attack::new("a long name", "BAD_REQUEST", format!("{{ {} }}", "x".repeat(65_000))),
        Attack::new("a long name of a fragment", "BAD_REQUEST", format!("{{ ...{} }}", "x".repeat(65_000))),
        Attack::new("a long comment", "BAD_REQUEST", format!("#{}\n{{ nonsense }}", "x".repeat(65_000))),
        Attack::new("comments by the thousand", "BAD_REQUEST", format!("{}{{ nonsense }}", "#\n".repeat(21_000))),
        Attack::new("comments everywhere", "BAD_REQUEST", format!("{{ {} }}", "nonsense\n#x#\n#\n".repeat(1900))),
        Attack::new("commas", "BAD_REQUEST", format!("{{ nonsense {} }}", ",".repeat(65_000))),
        Attack::new("line breaks", "BAD_REQUEST", format!("{{ nonsense {} }}", "\n".repeat(32_000))),
        Attack::new(
            "white space everywhere",
            "BAD_REQUEST",
            format!("{{ {} }}", format!("nonsense{}", " ".repeat(25)).repeat(1900)),
        ),
    ]
}

fn unreadable() -> Vec<Attack> {
    vec![
        Attack::new("nothing", "BAD_REQUEST", ""),
        Attack::new("a comment and no more", "BAD_REQUEST", "# nothing"),
        Attack::new("quotes", "BAD_REQUEST", "\"".repeat(1900)),
        Attack::new("a string without an end", "BAD_REQUEST", format!("{{ tier(a: \"{}", "x".repeat(65_000))),
        Attack::new(
            "a block string without an end",
            "BAD_REQUEST",
            format!("{{ tier(a: \"\"\"{}", "x\n".repeat(21_000)),
        ),
        Attack::new("backslashes", "TOO_MANY_TOKENS", "\\".repeat(30_000)),
        Attack::new("dots", "TOO_MANY_TOKENS", ".".repeat(65_000)),
        Attack::new("dollars", "TOO_MANY_TOKENS", "$".repeat(65_000)),
        Attack::new("emoji", "TOO_MANY_TOKENS", "\u{1f3b9}".repeat(16_000)),
        Attack::new("zeroes", "TOO_MANY_TOKENS", "\u{0}".repeat(10_000)),
        Attack::new("marks of byte order", "BAD_REQUEST", format!("{}{{ nonsense }}", "\u{feff}".repeat(21_000))),
        Attack::new("naughts", "TOO_MANY_TOKENS", format!("{{ tier(a: [{}]) }}", "0".repeat(60_000))),
        Attack::new("nulls without a space", "TOO_MANY_TOKENS", format!("{{ tier(a: [{}]) }}", "null".repeat(15_000))),
        Attack::new(
            "brackets behind a block string without an end",
            "BAD_REQUEST",
            format!("{{ tier(a: [\"\"\"x\" {}{}]) }}", "[".repeat(30_000), "]".repeat(30_000)),
        ),
        Attack::new("minus signs", "BAD_REQUEST", format!("{{ tier(a: {}1) }}", "- ".repeat(1900))),
        Attack::new("a schema", "BAD_REQUEST", "type Query { tier: Int }"),
    ]
}

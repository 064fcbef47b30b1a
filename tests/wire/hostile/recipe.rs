//! Recipes for hostile requests: a few numbers that say how much there is of what.

use serde_json::{Value, json};

use crate::harness::rng::Rng;

/// More bytes than a body may have: what is longer is not tried.
const ROOM: usize = 70_000;

/// A recipe for a request.
#[derive(Clone, Debug)]
pub(super) struct Recipe([u64; NUMBERS]);

/// Declares the numbers of a recipe by name, each with its largest value.
macro_rules! numbers {
    ($($name:ident: $max:literal,)*) => {
        const MAX: [u64; NUMBERS] = [$($max),*];

        const NUMBERS: usize = [$($max),*].len();

        /// The numbers by their names.
        struct Parts {
            $($name: u64,)*
        }

        impl Recipe {
            const fn parts(&self) -> Parts {
                let [$($name),*] = self.0;
                Parts { $($name),* }
            }
        }
    };
}

numbers! {
    operations: 60,
    fragments: 60,
    spreads: 60,
    fields: 700,
    depth: 20,
    arguments: 30,
    values: 400,
    value: 8,
    variables: 300,
    given: 9,
    given_size: 30_000,
    default_size: 2000,
    directives: 8,
    name: 130,
    aliases: 60,
    field: 11,
    text: 9,
    kind: 4,
    // Operations of one name, and names that are not among them.
    choice: 3,
    // The types that fragments are on.
    condition: 5,
    // Where fragments lead: to the next one, back, or nowhere.
    target: 3,
    default_shape: 5,
    // Characters of names.
    script: 5,
    // Where directives stand besides fields.
    places: 7,
    // Variables that no operation declares.
    undeclared: 400,
    extensions: 4,
    extensions_size: 8_000,
    // Pieces of a string in an argument.
    literal: 60_000,
    // The first operation spreads no fragments.
    idle: 1,
    // Lists of a type that does not exist.
    unknown_type: 2,
}

impl Recipe {
    pub(super) fn random(rng: &mut Rng) -> Self {
        // Most numbers are small: all of them large is only a document with too many tokens.
        Self(MAX.map(|max| {
            let max = if rng.rolls(85) { max.min(3) } else { max };
            rng.below(max + 1)
        }))
    }

    /// The recipe with some of its numbers changed.
    pub(super) fn changed(&self, rng: &mut Rng) -> Self {
        let mut numbers = self.0;
        for _ in 0..=rng.below(3) {
            let at = rng.place(NUMBERS);
            numbers[at] = match rng.below(5) {
                0 => numbers[at] * 2 + 1,
                1 => numbers[at] / 2,
                2 => numbers[at] + 1,
                3 => numbers[at].saturating_sub(1),
                _ => rng.below(MAX[at] + 1),
            }
            .min(MAX[at]);
        }
        Self(numbers)
    }

    /// The body of the request.
    pub(super) fn body(&self) -> String {
        let parts = self.parts();
        let body = json!({
            "query": parts.document(),
            "variables": parts.given(),
            "operationName": parts.operation_name(),
            "extensions": parts.extensions(),
        });
        body.to_string()
    }
}

/// The texts with spaces between them, and no more of them than a body has room for.
fn join(count: u64, text: impl Fn(u64) -> String) -> String {
    let mut joined = String::new();
    for number in 0..count {
        if joined.len() > ROOM {
            break;
        }
        joined.push_str(&text(number));
        joined.push(' ');
    }
    joined
}

impl Parts {
    fn document(&self) -> String {
        let set = self.set("Query");
        let operations = match self.operations {
            0 => format!("{{ {set} }}"),
            count => join(count, |n| {
                let kinds = ["query", "mutation", "subscription", "query"];
                let kind = kinds[place(if self.kind == 4 { n } else { self.kind }, 4)];
                let name = if self.choice == 3 { "O0".to_owned() } else { format!("O{n}") };
                let set = if self.idle == 1 && n == 0 { "tier" } else { &set };
                format!("{kind} {name}{} {} {{ {set} }}", self.declared(), self.directives_at(1))
            }),
        };
        let on =
            ["Query", "Plan", "CreateCheckoutResult", "Nothing", "Mutation", "LogInInput"][place(self.condition, 6)];
        let fragments = join(self.fragments, |n| {
            let target = match self.target {
                0 => format!("F{}", n + 1),
                1 => "F0".to_owned(),
                2 => self.long(&format!("N{n}")),
                _ => format!("F{}", (n * 7 + 3) % (self.fragments + 1)),
            };
            let next = join(self.spreads, |_| format!("...{target}{}", self.directives_at(2)));
            format!("fragment F{n} on {on} {} {{ {next} {} }}", self.directives_at(4), self.fields())
        });
        format!("{operations} {fragments} fragment F{} on Query {{ tier }}", self.fragments)
    }

    /// The operation that is to run.
    fn operation_name(&self) -> Option<String> {
        match self.choice {
            1 => Some(self.long("O")),
            2 => None,
            _ => (self.operations > 1).then(|| "O0".to_owned()),
        }
    }

    fn extensions(&self) -> Value {
        let size = usize::try_from(self.extensions_size).unwrap();
        match self.extensions {
            0 => Value::Null,
            1 => json!({ "persistedQuery": { "version": 1, "sha256Hash": self.content(self.extensions_size) } }),
            2 => json!({ "persistedQuery": { "version": 1, "sha256Hash": "0".repeat(64) } }),
            3 => json!({ "other": vec![json!({}); size / 3] }),
            _ => (0..size % 120).fold(json!({}), |inner, _| json!({ "a": inner })),
        }
    }

    /// Directives in a place where not every recipe has some.
    fn directives_at(&self, place: u64) -> String {
        if self.places & place == 0 { String::new() } else { self.directives() }
    }

    fn set(&self, parent: &str) -> String {
        let (open, close) = match self.field % 3 {
            0 => (format!("... on {parent} {{ "), " }"),
            1 => ("viewer { ".to_owned(), " }"),
            _ => ("a { ".to_owned(), " }"),
        };
        let depth = usize::try_from(self.depth).unwrap();
        let spreads = join(self.spreads, |n| format!("...F{}", n % (self.fragments + 1)));
        format!("{} {spreads} {} {}", open.repeat(depth), self.fields(), close.repeat(depth))
    }

    fn fields(&self) -> String {
        join(self.fields, |n| {
            let alias = if n < self.aliases { format!("a{n}{}: ", self.long("")) } else { String::new() };
            let arguments = match self.arguments {
                0 => String::new(),
                count => format!("({})", join(count, |k| self.argument(n, k))),
            };
            let (name, inside) = match self.field {
                0 => ("tier".to_owned(), ""),
                1 => ("ledger".to_owned(), "{ nodes { id } }"),
                2 => {
                    ("__schema".to_owned(), "{ types { fields { type { fields { name args { type { name } } } } } } }")
                }
                3 => ("__type".to_owned(), "{ fields { type { fields { type { name description } } } } }"),
                4 => (self.long(&format!("u{n}")), ""),
                5 => ("users".to_owned(), "{ nodes { balance { credits } } }"),
                6 => ("creditQuote".to_owned(), "{ credits }"),
                7 => ("previewPlanChange".to_owned(), "{ tier }"),
                8 => ("logIn".to_owned(), "{ token }"),
                9 => ("__typename".to_owned(), ""),
                10 => ("__schema".to_owned(), "{ directives { args { type { name ofType { name } } } } }"),
                _ => ("createCheckout".to_owned(), "{ ... on Checkout { id } ... on AlreadySubscribed { message } }"),
            };
            format!("{alias}{name}{arguments} {} {inside}", self.directives())
        })
    }

    fn argument(&self, field: u64, at: u64) -> String {
        let name =
            ["first", "last", "after", "credits", "input", "name", "tier", "includeDeprecated"].get(place(at, 10));
        let name = name.map_or_else(|| self.long(&format!("x{at}")), ToString::to_string);
        let one = || match self.value {
            0 => "1".to_owned(),
            1 => format!("\"{}\"", self.content(self.literal)),
            2 => format!("$v{}", (field + at) % self.variables.max(1)),
            3 => format!("{{ email: $v{}, password: \"\" }}", at % self.variables.max(1)),
            4 => "CORE".to_owned(),
            5 => field.to_string(),
            6 => format!("\"\"\"{}\"\"\"", self.content(self.literal)),
            7 => format!("{}{}{}", "[".repeat(10), self.long("e"), "]".repeat(10)),
            _ => "null".to_owned(),
        };
        let value = match self.values {
            0 => one(),
            _ if self.value == 1 || self.value == 6 => one(),
            count => format!("[{}]", join(count, |_| one())),
        };
        format!("{name}: {value}")
    }

    fn declared(&self) -> String {
        if self.variables == 0 {
            return String::new();
        }
        let types = ["Int", "[Int!]", "String", "[LogInInput!]", "Boolean!", "Tier", "[[[Int]]]", "Nothing"];
        let value_type = match self.unknown_type {
            0 => types[place(self.given, 8)],
            1 => "[Nothing]",
            _ => "[[Nothing!]!]",
        };
        let size = self.default_size;
        let default = match self.default_shape {
            _ if size == 0 => String::new(),
            0 => format!("= [{}]", join(size, |_| "1".to_owned())),
            1 => format!("= \"{}\"", self.content(size * 20)),
            2 => format!("= [{}]", join(size / 4, |_| "{ email: \"a\", password: \"b\" }".to_owned())),
            3 => format!("= {{ {} }}", join(size, |n| format!("a{n}: 1"))),
            4 => format!("= {}1{}", "[".repeat(place(size, 20)), "]".repeat(place(size, 20))),
            _ => format!("= {}", self.long("e")),
        };
        let directives = self.directives_at(2);
        format!("({})", join(self.variables, |n| format!("$v{n}: {value_type} {default} {directives}")))
    }

    fn given(&self) -> Value {
        let size = usize::try_from(self.given_size).unwrap();
        let value = match self.given {
            1 => json!(vec![1; size]),
            2 => json!(self.content(self.given_size)),
            3 => json!(vec![json!({ "email": "a", "password": "b" }); size / 8]),
            6 => json!(vec![vec![vec![1]]; size / 2]),
            7 => (0..size % 120).fold(json!(1), |inner, _| json!([inner])),
            8 => Value::Object((0..size / 8).map(|n| (self.long(&format!("k{n}")), json!(n))).collect()),
            9 => json!(vec![self.content(40); size / 20]),
            _ => json!(size),
        };
        // As many of them as a body has room for.
        let room = 60_000 / value.to_string().len().max(1);
        let count = usize::try_from(self.variables).unwrap().min(room.max(1));
        let declared = (0..count).map(|n| (format!("v{n}"), value.clone()));
        let others = (0..self.undeclared).map(|n| (self.long(&format!("w{n}")), json!(n)));
        Value::Object(declared.chain(others).collect())
    }

    fn directives(&self) -> String {
        join(self.directives, |n| match n % 4 {
            0 => "@skip(if: false)".to_owned(),
            1 => "@include(if: $v0)".to_owned(),
            2 => format!("@{}", self.long("d")),
            _ => format!("@skip({}: 1)", self.long("i")),
        })
    }

    fn long(&self, start: &str) -> String {
        let letter = ["x", "_", "é", "\u{1f3b9}", "\u{200b}", "\u{202e}"][place(self.script, 6)];
        format!("{start}{}", letter.repeat(usize::try_from(self.name).unwrap()))
    }

    fn content(&self, size: u64) -> String {
        let piece =
            ["x", "\\n", "\\u00e9", "\u{1f3b9}", "#", " ", "{", "\n ", "\\\"\"\"", "\u{0}"][place(self.text, 10)];
        piece.repeat(usize::try_from(size).unwrap().min(ROOM))
    }
}

fn place(number: u64, length: u64) -> usize {
    usize::try_from(number % length).unwrap()
}

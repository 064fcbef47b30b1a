//! The printed schema is the served one, and breaks no client since the last release.

use std::{collections::BTreeMap, fs, path::Path};

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition},
    },
};
use patch_hive::graphql::sdl;

/// The schema promised to clients. The current one may have more.
const PROMISED: &str = include_str!("schema/promised.graphql");

#[test]
fn the_file_at_the_root_is_the_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql");
    let stored = fs::read_to_string(path).unwrap_or_default();
    let fresh = stored.trim_end() == sdl().trim_end();
    assert!(
        fresh,
        "schema.graphql is stale. Refresh it, and look at what changed: cargo run -- schema > schema.graphql"
    );
}

#[test]
fn everything_has_a_description() {
    let mut bare = Vec::new();
    for (name, definition) in types(&sdl()) {
        if definition.description.is_none() {
            bare.push(name.clone());
        }
        let mut check = |path: String, description: &Option<Positioned<String>>| {
            if description.as_ref().is_none_or(|text| text.node.trim().is_empty()) {
                bare.push(path);
            }
        };
        match definition.kind {
            TypeKind::Object(object) => {
                for field in object.fields.into_iter().map(|field| field.node) {
                    check(format!("{name}.{}", field.name), &field.description);
                    for argument in &field.arguments {
                        let path = format!("{name}.{}({})", field.name, argument.node.name);
                        check(path, &argument.node.description);
                    }
                }
            }
            TypeKind::InputObject(input) => {
                for field in input.fields {
                    check(format!("{name}.{}", field.node.name), &field.node.description);
                }
            }
            TypeKind::Enum(values) => {
                for value in values.values {
                    check(format!("{name}.{}", value.node.value), &value.node.description);
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) | TypeKind::Interface(_) => {}
        }
    }
    assert!(bare.is_empty(), "without a description:\n{}", bare.join("\n"));
}

#[test]
fn the_promised_schema_is_served() {
    let actual = lines(&sdl());
    let missing: Vec<_> = lines(PROMISED).into_iter().filter(|line| !actual.contains(line)).collect();
    assert!(missing.is_empty(), "promised and not there:\n{}", missing.join("\n"));
}

#[test]
fn inputs_have_only_the_promised_fields() {
    let promised = lines(PROMISED);
    let surplus: Vec<_> = types(&sdl())
        .into_iter()
        .filter_map(|(name, definition)| match definition.kind {
            TypeKind::InputObject(input) => Some((name, input)),
            _ => None,
        })
        .flat_map(|(name, input)| input.fields.into_iter().map(move |field| input_line(&name, &field.node)))
        .filter(|line| !promised.contains(line))
        .collect();
    assert!(surplus.is_empty(), "{}", surplus.join("\n"));
}

fn types(text: &str) -> BTreeMap<String, TypeDefinition> {
    let document = parse_schema(text).unwrap();
    let named = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some((definition.node.name.to_string(), definition.node)),
        _ => None,
    });
    named.collect()
}

/// A line for everything that a client can rely on.
fn lines(text: &str) -> Vec<String> {
    let described = types(text).into_iter().flat_map(|(name, definition)| match definition.kind {
        TypeKind::Object(object) => {
            object.fields.iter().flat_map(|field| field_lines(&name, &field.node)).collect::<Vec<_>>()
        }
        TypeKind::InputObject(input) => input.fields.iter().map(|field| input_line(&name, &field.node)).collect(),
        TypeKind::Enum(values) => values.values.iter().map(|value| format!("{name}.{}", value.node.value)).collect(),
        TypeKind::Union(union) => union.members.iter().map(|member| format!("{name} = {member}")).collect(),
        TypeKind::Scalar | TypeKind::Interface(_) => vec![name],
    });
    described.collect()
}

fn field_lines(owner: &str, field: &FieldDefinition) -> Vec<String> {
    let mut lines = vec![format!("{owner}.{}: {}", field.name, field.ty)];
    for argument in &field.arguments {
        lines.push(format!("{owner}.{}({}: {})", field.name, argument.node.name, argument.node.ty));
    }
    lines
}

fn input_line(owner: &str, field: &InputValueDefinition) -> String {
    format!("{owner}.{}: {}", field.name, field.ty)
}

//! Variables: how deep their values are, how much they weigh, and whether they fit the types that the operation declares.
//!
//! The specification refuses a request whose variables do not fit before anything runs. async-graphql notices most of that
//! only when it reaches the field, and repeats the value, which may be a password. It also sees an optional variable that was
//! left out as undefined; none of our arguments has a default, so leaving one out means null.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Value, Variables,
    indexmap::IndexMap,
    parser::types::{BaseType, ExecutableDocument, OperationDefinition, Type},
};

use super::{
    Rejection,
    shape::{Input, InputField, Shape},
};

/// Maximum length of the name of a field in a message, in characters.
const MAX_NAME_CHARS: usize = 40;

/// Checks how deep the values are nested.
///
/// # Errors
/// [`Rejection::Depth`].
pub(super) fn depth(given: &Variables, limit: usize) -> Result<(), Rejection> {
    if given.values().any(|value| levels(value) > limit) { Err(Rejection::Depth(limit)) } else { Ok(()) }
}

/// The reader of JSON goes at most 128 levels deep.
fn levels(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(levels).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

/// Checks that no variable is declared twice: each would be checked again for every declaration.
///
/// # Errors
/// [`Rejection::Variable`].
pub(super) fn once_each(operation: &OperationDefinition) -> Result<(), Rejection> {
    let mut names = HashSet::new();
    let mut declared = operation.variable_definitions.iter().map(|definition| &definition.node.name.node);
    match declared.find(|name| !names.insert(*name)) {
        Some(name) => Err(Rejection::Variable(format!("The variable ${name} is declared twice."))),
        None => Ok(()),
    }
}

/// Checks that every required variable is given, and that every value is of its type.
///
/// # Errors
/// [`Rejection::Variable`].
pub(super) fn check(operation: &OperationDefinition, given: &Variables, shape: &Shape) -> Result<(), Rejection> {
    for definition in operation.variable_definitions.iter().map(|definition| &definition.node) {
        let (name, declared) = (&definition.name.node, &definition.var_type.node);
        match given.get(name) {
            Some(value) => fits(shape, declared, value, &format!("${name}"))?,
            None if declared.nullable || definition.default_value.is_some() => {}
            None => return Err(Rejection::Variable(format!("The variable ${name} is required."))),
        }
    }
    Ok(())
}

fn fits(shape: &Shape, declared: &Type, value: &Value, path: &str) -> Result<(), Rejection> {
    let fit = match (&declared.base, value) {
        (_, Value::Null) => declared.nullable,
        (BaseType::List(inner), Value::List(items)) => {
            return items.iter().try_for_each(|item| fits(shape, inner, item, path));
        }
        // A single value stands for a list of one.
        (BaseType::List(inner), single) => return fits(shape, inner, single, path),
        (BaseType::Named(name), value) => match (shape.input(name), value) {
            (Some(Input::Object(fields)), Value::Object(given)) => return object(shape, fields, given, path),
            (Some(Input::Enum(values)), Value::String(value)) => values.contains(value),
            (Some(_), _) => false,
            (None, value) => scalar(name, value),
        },
    };
    if fit { Ok(()) } else { Err(Rejection::Variable(format!("The variable {path} must be of type {declared}."))) }
}

fn object(shape: &Shape, fields: &[InputField], given: &IndexMap<Name, Value>, path: &str) -> Result<(), Rejection> {
    for field in fields {
        match given.get(field.name.as_str()) {
            Some(value) => fits(shape, &field.value_type, value, &format!("{path}.{}", field.name))?,
            None if field.required => {
                return Err(Rejection::Variable(format!("The variable {path}.{} is required.", field.name)));
            }
            None => {}
        }
    }
    match given.keys().find(|name| fields.iter().all(|field| field.name != name.as_str())) {
        Some(unknown) => {
            let name: String = unknown.chars().take(MAX_NAME_CHARS).collect();
            Err(Rejection::Variable(format!("The variable {path} has a field {name:?}, which its type does not have.")))
        }
        None => Ok(()),
    }
}

/// The scalars of the specification. Other scalars are checked where they are read, and the validation refuses types that do
/// not exist.
fn scalar(name: &str, value: &Value) -> bool {
    match name {
        "Int" => {
            matches!(value, Value::Number(number) if number.as_i64().is_some_and(|int| i32::try_from(int).is_ok()))
        }
        "Float" => matches!(value, Value::Number(_)),
        "String" => matches!(value, Value::String(_)),
        "Boolean" => matches!(value, Value::Boolean(_)),
        "ID" => matches!(value, Value::String(_)) || matches!(value, Value::Number(number) if !number.is_f64()),
        _ => true,
    }
}

/// Bytes of a string that cost as much as one value.
pub(super) const BYTES_PER_VALUE: usize = 64;

/// The size of a value, as its copies cost: its values, and for every 64 bytes of its strings another one.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / BYTES_PER_VALUE,
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(fields) => {
            1 + fields.iter().map(|(name, field)| name.len() / BYTES_PER_VALUE + size(field)).sum::<usize>()
        }
        _ => 1,
    }
}

/// The size of an operation's declarations: one for each, and their defaults.
pub(super) fn declarations(operation: &OperationDefinition) -> usize {
    let definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
    definitions.map(|definition| 1 + definition.default_value().map_or(0, size)).sum()
}

/// Adds null for every variable that was left out and has no default.
pub(super) fn fill(operation: &OperationDefinition, given: &mut Variables) {
    let definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
    for definition in definitions.filter(|definition| definition.default_value.is_none()) {
        if !given.contains_key(&definition.name.node) {
            given.insert(definition.name.node.clone(), Value::Null);
        }
    }
}

/// A small value for each variable of an operation, so that the validation can check the literals around them, which it skips
/// for variables without a value. It copies the value wherever the document names the variable, also in fragments that only other
/// operations spread, so a default is not used: defaults are validated where they are declared. Variables that another
/// operation declares with another type are left out.
pub(super) fn samples(operation: &OperationDefinition, document: &ExecutableDocument, shape: &Shape) -> Variables {
    let mut declared: HashMap<&Name, &Type> = HashMap::new();
    let mut ambiguous: HashSet<&Name> = HashSet::new();
    for (_, other) in document.operations.iter() {
        for definition in other.node.variable_definitions.iter().map(|definition| &definition.node) {
            let (name, value_type) = (&definition.name.node, &definition.var_type.node);
            if *declared.entry(name).or_insert(value_type) != value_type {
                ambiguous.insert(name);
            }
        }
    }
    let mut samples = Variables::default();
    for definition in operation.variable_definitions.iter().map(|definition| &definition.node) {
        let name = &definition.name.node;
        if !ambiguous.contains(name) {
            samples.insert(name.clone(), sample(&definition.var_type.node, shape));
        }
    }
    samples
}

fn sample(declared: &Type, shape: &Shape) -> Value {
    let BaseType::Named(name) = &declared.base else { return Value::List(Vec::new()) };
    match (shape.input(name), name.as_str()) {
        (Some(Input::Object(fields)), _) => {
            let required = fields.iter().filter(|field| field.required);
            Value::Object(required.map(|field| (Name::new(&field.name), sample(&field.value_type, shape))).collect())
        }
        (Some(Input::Enum(values)), _) => values.first().map_or(Value::Null, |value| Value::String(value.clone())),
        (None, "Int" | "Float") => Value::from(1),
        (None, "Boolean") => Value::from(false),
        (None, "DateTime") => Value::from("1970-01-01T00:00:00Z"),
        (None, _) => Value::String(String::new()),
    }
}

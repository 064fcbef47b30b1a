//! Variables: how deep their values are, whether they fit what the operation declares, and those that were left out.
//!
//! The specification refuses a request whose variables do not fit before anything runs; async-graphql notices most of it when
//! it comes to the field, and repeats the value, which may be a password. And it takes an optional variable that was left out
//! for an undefined one, where it weighs lists by their arguments: none of our arguments has a default, so to leave one out
//! is to say null.

use async_graphql::{
    Name, Value, Variables,
    indexmap::IndexMap,
    parser::types::{BaseType, ExecutableDocument, OperationDefinition, Type},
};

use super::{
    Rejection,
    shape::{Input, InputField, Shape},
};

/// Checks how deep the values are.
///
/// # Errors
/// [`Rejection::Depth`].
pub(super) fn depth(given: &Variables, limit: usize) -> Result<(), Rejection> {
    if given.values().any(|value| levels(value) > limit) { Err(Rejection::Depth(limit)) } else { Ok(()) }
}

/// JSON that was read is at most 128 levels deep.
fn levels(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(levels).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

/// Checks that everything is there that must be, and is of its type.
///
/// # Errors
/// [`Rejection::Variable`].
pub(super) fn check(operation: &OperationDefinition, given: &Variables, shape: &Shape) -> Result<(), Rejection> {
    for definition in operation.variable_definitions.iter().map(|definition| &definition.node) {
        let (name, of) = (&definition.name.node, &definition.var_type.node);
        match given.get(name) {
            Some(value) => fits(shape, of, value, &format!("${name}"))?,
            None if of.nullable || definition.default_value.is_some() => {}
            None => return Err(Rejection::Variable(format!("the variable ${name} is required"))),
        }
    }
    Ok(())
}

fn fits(shape: &Shape, of: &Type, value: &Value, path: &str) -> Result<(), Rejection> {
    let fit = match (&of.base, value) {
        (_, Value::Null) => of.nullable,
        (BaseType::List(inner), Value::List(items)) => {
            return items.iter().try_for_each(|item| fits(shape, inner, item, path));
        }
        // One value stands for a list of it.
        (BaseType::List(inner), single) => return fits(shape, inner, single, path),
        (BaseType::Named(name), value) => match (shape.input(name), value) {
            (Some(Input::Object(fields)), Value::Object(given)) => return object(shape, fields, given, path),
            (Some(Input::Enum(values)), Value::String(value)) => values.contains(value),
            (Some(_), _) => false,
            (None, value) => scalar(name, value),
        },
    };
    if fit { Ok(()) } else { Err(Rejection::Variable(format!("the variable {path} must be of the type {of}"))) }
}

fn object(shape: &Shape, fields: &[InputField], given: &IndexMap<Name, Value>, path: &str) -> Result<(), Rejection> {
    for field in fields {
        match given.get(field.name.as_str()) {
            Some(value) => fits(shape, &field.of, value, &format!("{path}.{}", field.name))?,
            None if field.required => {
                return Err(Rejection::Variable(format!("the variable {path}.{} is required", field.name)));
            }
            None => {}
        }
    }
    if given.keys().all(|name| fields.iter().any(|field| field.name == name.as_str())) {
        Ok(())
    } else {
        Err(Rejection::Variable(format!("the variable {path} has a field that its type has not")))
    }
}

/// The scalars of the specification; others, and types that do not exist, are looked at later.
fn scalar(name: &str, value: &Value) -> bool {
    match name {
        "Int" => matches!(value, Value::Number(number) if !number.is_f64()),
        "Float" => matches!(value, Value::Number(_)),
        "String" => matches!(value, Value::String(_)),
        "Boolean" => matches!(value, Value::Boolean(_)),
        "ID" => matches!(value, Value::String(_)) || matches!(value, Value::Number(number) if !number.is_f64()),
        _ => true,
    }
}

/// Says null for everything that was left out and has no default, in the other operations too: they are weighed with it.
pub(super) fn fill(operation: &OperationDefinition, document: &ExecutableDocument, given: &mut Variables) {
    let own = &operation.variable_definitions;
    let others = document.operations.iter().flat_map(|(_, other)| &other.node.variable_definitions);
    let others = others.filter(|other| own.iter().all(|one| one.node.name != other.node.name));
    for definition in own.iter().chain(others).filter(|definition| definition.node.default_value.is_none()) {
        given.entry(definition.node.name.node.clone()).or_insert(Value::Null);
    }
}

/// Something for every variable that is required.
pub(super) fn samples(operation: &OperationDefinition, shape: &Shape) -> Variables {
    let required = operation.variable_definitions.iter().map(|definition| &definition.node);
    let required =
        required.filter(|definition| !definition.var_type.node.nullable && definition.default_value.is_none());
    let mut samples = Variables::default();
    for definition in required {
        samples.insert(definition.name.node.clone(), sample(&definition.var_type.node, shape));
    }
    samples
}

fn sample(of: &Type, shape: &Shape) -> Value {
    let BaseType::Named(name) = &of.base else { return Value::List(Vec::new()) };
    match (shape.input(name), name.as_str()) {
        (Some(Input::Object(fields)), _) => {
            let required = fields.iter().filter(|field| field.required);
            Value::Object(required.map(|field| (Name::new(&field.name), sample(&field.of, shape))).collect())
        }
        (Some(Input::Enum(values)), _) => values.first().map_or(Value::Null, |value| Value::String(value.clone())),
        (None, "Int" | "Float") => Value::from(1),
        (None, "Boolean") => Value::from(false),
        (None, _) => Value::String(String::new()),
    }
}

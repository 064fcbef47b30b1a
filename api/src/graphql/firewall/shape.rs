//! The schema, as far as the firewall needs it: which type a field has, and what may be put in.

use std::collections::HashMap;

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, InputValueDefinition, OperationType, Type, TypeKind, TypeSystemDefinition},
};

/// The schema's objects, inputs and enums.
#[derive(Default)]
pub(super) struct Shape {
    /// Of every object the fields, each with the type that stands at its heart: the lists and the `!` around it left off.
    objects: HashMap<String, HashMap<String, String>>,
    inputs: HashMap<String, Input>,
}

/// What may be put in, besides scalars.
pub(super) enum Input {
    /// One of these.
    Enum(Vec<String>),
    /// An object of these fields.
    Object(Vec<InputField>),
}

/// A field of an input.
pub(super) struct InputField {
    pub(super) name: String,
    pub(super) of: Type,
    /// Whether it must be there.
    pub(super) required: bool,
}

impl Shape {
    /// Reads the schema's own text.
    pub(super) fn read(sdl: &str) -> Self {
        let definitions = parse_schema(sdl).map(|document| document.definitions).unwrap_or_default();
        let mut shape = Self::default();
        for definition in definitions {
            if let TypeSystemDefinition::Type(definition) = definition {
                shape.add(definition.node.name.to_string(), definition.node.kind);
            }
        }
        shape
    }

    fn add(&mut self, name: String, kind: TypeKind) {
        match kind {
            TypeKind::Object(object) => {
                let fields = object.fields.into_iter().map(|field| field.node);
                self.objects
                    .insert(name, fields.map(|field| (field.name.to_string(), heart(&field.ty.node))).collect());
            }
            TypeKind::InputObject(input) => {
                let fields = input.fields.into_iter().map(|field| InputField::read(field.node));
                self.inputs.insert(name, Input::Object(fields.collect()));
            }
            TypeKind::Enum(one) => {
                let values = one.values.into_iter().map(|value| value.node.value.to_string());
                self.inputs.insert(name, Input::Enum(values.collect()));
            }
            TypeKind::Scalar | TypeKind::Union(_) | TypeKind::Interface(_) => {}
        }
    }

    /// The type of an object's field. Unions have none, and neither has what is not there.
    pub(super) fn of(&self, parent: Option<&str>, field: &str) -> Option<&str> {
        self.objects.get(parent?)?.get(field).map(String::as_str)
    }

    /// What may be put in for a type. Scalars are not here, and neither is what does not exist.
    pub(super) fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.get(name)
    }
}

impl InputField {
    fn read(field: InputValueDefinition) -> Self {
        let required = !field.ty.node.nullable && field.default_value.is_none();
        Self { name: field.name.to_string(), of: field.ty.node, required }
    }
}

fn heart(of: &Type) -> String {
    match &of.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => heart(inner),
    }
}

/// The type that an operation begins with.
pub(super) const fn root(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

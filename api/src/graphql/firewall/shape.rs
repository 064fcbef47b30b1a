//! The schema as the firewall needs it: the fields of every object with their types, and the values an input accepts.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use async_graphql::{
    Name,
    parser::types::{BaseType, OperationType, Type},
};
use serde::Deserialize;

use super::introspection::Introspection;
use crate::graphql::Schema;

/// The gateway's own schema. It is the same for every gateway of a process.
pub(super) static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::of(&crate::graphql::builder().finish()));

/// The schema's objects and inputs, and its answer to introspection.
#[derive(Default)]
pub(super) struct Shape {
    objects: HashMap<String, HashMap<String, OutputField>>,
    inputs: HashMap<String, Input>,
    pub(super) introspection: Introspection,
}

/// A field of an object.
struct OutputField {
    /// The named type of the field, without the lists and the `!` around it.
    named_type: String,
    arguments: HashSet<String>,
}

/// The values of an input type that is not a scalar.
pub(super) enum Input {
    /// One of these values.
    Enum(Vec<String>),
    /// An object with these fields.
    Object(Vec<InputField>),
}

/// A field of an input object.
pub(super) struct InputField {
    pub(super) name: String,
    pub(super) value_type: Type,
    /// True if the field must be given.
    pub(super) required: bool,
}

impl Shape {
    /// Reads a schema by introspection.
    fn of(schema: &Schema) -> Self {
        let introspection = Introspection::of(schema);
        let mut shape = Self { objects: HashMap::new(), inputs: HashMap::new(), introspection };
        for described in shape.introspection.types::<DescribedType>() {
            shape.add(described);
        }
        // The two fields that every query has besides those that the schema lists.
        if let Some(query) = shape.objects.get_mut(root(OperationType::Query)) {
            query.insert("__schema".to_owned(), OutputField::meta("__Schema", None));
            query.insert("__type".to_owned(), OutputField::meta("__Type", Some("name")));
        }
        shape
    }

    fn add(&mut self, described: DescribedType) {
        let DescribedType { kind, name, fields, input_fields, enum_values } = described;
        match kind.as_str() {
            "OBJECT" => {
                let fields = fields.unwrap_or_default().into_iter();
                self.objects.insert(name, fields.map(|field| (field.name.clone(), field.into())).collect());
            }
            "INPUT_OBJECT" => {
                let fields = input_fields.unwrap_or_default().into_iter();
                self.inputs.insert(name, Input::Object(fields.map(InputField::from).collect()));
            }
            "ENUM" => {
                let values = enum_values.unwrap_or_default().into_iter();
                self.inputs.insert(name, Input::Enum(values.map(|value| value.name).collect()));
            }
            _ => {}
        }
    }

    /// The named type of an object's field. `None` for unions and for whatever does not exist.
    pub(super) fn of_field(&self, parent: Option<&str>, field: &str) -> Option<&str> {
        Some(self.objects.get(parent?)?.get(field)?.named_type.as_str())
    }

    /// True if `parent` is an object without this field.
    pub(super) fn lacks_field(&self, parent: Option<&str>, field: &str) -> bool {
        field != "__typename" && self.object(parent).is_some_and(|fields| !fields.contains_key(field))
    }

    /// True if a field takes this argument. `None` where the field does not exist or its parent is not an object.
    pub(super) fn takes_argument(&self, parent: Option<&str>, field: &str, argument: &str) -> Option<bool> {
        Some(self.object(parent)?.get(field)?.arguments.contains(argument))
    }

    fn object(&self, name: Option<&str>) -> Option<&HashMap<String, OutputField>> {
        self.objects.get(name?)
    }

    /// The values of an input type. `None` for scalars and for types that do not exist.
    pub(super) fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.get(name)
    }
}

/// A type, as introspection describes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribedType {
    kind: String,
    name: String,
    fields: Option<Vec<DescribedField>>,
    input_fields: Option<Vec<DescribedInput>>,
    enum_values: Option<Vec<DescribedValue>>,
}

#[derive(Deserialize)]
struct DescribedField {
    name: String,
    args: Vec<DescribedInput>,
    r#type: TypeReference,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribedInput {
    name: String,
    r#type: TypeReference,
    default_value: Option<String>,
}

#[derive(Deserialize)]
struct DescribedValue {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeReference {
    kind: String,
    name: Option<String>,
    of_type: Option<Box<Self>>,
}

impl TypeReference {
    fn named_type(&self) -> String {
        self.of_type.as_ref().map_or_else(|| self.name.clone().unwrap_or_default(), |inner| inner.named_type())
    }

    fn to_type(&self) -> Type {
        match (&self.of_type, self.kind.as_str()) {
            (Some(inner), "NON_NULL") => Type { nullable: false, ..inner.to_type() },
            (Some(inner), _) => Type { base: BaseType::List(Box::new(inner.to_type())), nullable: true },
            (None, _) => {
                Type { base: BaseType::Named(Name::new(self.name.as_deref().unwrap_or_default())), nullable: true }
            }
        }
    }
}

impl OutputField {
    fn meta(named_type: &str, argument: Option<&str>) -> Self {
        Self { named_type: named_type.to_owned(), arguments: argument.map(ToOwned::to_owned).into_iter().collect() }
    }
}

impl From<DescribedField> for OutputField {
    fn from(field: DescribedField) -> Self {
        let arguments = field.args.into_iter().map(|argument| argument.name).collect();
        Self { named_type: field.r#type.named_type(), arguments }
    }
}

impl From<DescribedInput> for InputField {
    fn from(field: DescribedInput) -> Self {
        let value_type = field.r#type.to_type();
        Self { name: field.name, required: !value_type.nullable && field.default_value.is_none(), value_type }
    }
}

/// The name of a type, without the lists and the `!` around it.
pub(super) fn named_type(declared: &Type) -> &str {
    match &declared.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named_type(inner),
    }
}

/// The type that an operation starts with.
pub(super) const fn root(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

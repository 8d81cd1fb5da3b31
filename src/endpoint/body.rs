use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::schema::{KnownFormat, OneOfBuilder, SchemaFormat};
use utoipa::openapi::{Object, ObjectBuilder, RefOr, Schema, Type};

/// A JSON body.
pub struct Body {
    /// The name of its schema.
    pub name: Cow<'static, str>,
    /// Its form.
    pub schema: Object,
}

impl Body {
    /// The body that a type is.
    #[must_use]
    pub fn of<T: ToSchema>() -> Self {
        let schema = match T::schema() {
            RefOr::T(Schema::Object(object)) => object,
            _ => Object::new(),
        };
        let name = T::name();
        Self { name, schema }
    }

    /// A body of these members, all of which must be there.
    #[must_use]
    pub fn new(name: &'static str, members: impl IntoIterator<Item = (String, Object)>) -> Self {
        let object = ObjectBuilder::new().schema_type(Type::Object);
        let add = |object: ObjectBuilder, (name, schema): (String, Object)| {
            object.property(name.clone(), schema).required(name)
        };
        Self {
            name: Cow::Borrowed(name),
            schema: members.into_iter().fold(object, add).build(),
        }
    }

    /// Bodies that do not fit, one for each reason.
    pub(super) fn misfits(&self) -> Vec<(Cow<'static, str>, String)> {
        let with = |value: &dyn Fn() -> Value| -> BTreeMap<&str, Value> {
            let names = self.schema.properties.keys();
            names.map(|name| (name.as_str(), value())).collect()
        };
        let bounded = self.schema.properties.iter().filter_map(|(name, schema)| {
            let RefOr::T(Schema::Object(text)) = schema else {
                return None;
            };
            let too_long = json!("x".repeat(text.max_length? + 1));
            let mut members = with(&|| json!("x"));
            members.insert(name, too_long);
            Some((format!("`{name}` is too long."), json!(members)))
        });

        let mut misfits = vec![
            (Cow::Borrowed("There is no body."), String::new()),
            ("The body is not JSON.".into(), "{".to_owned()),
            ("The body is no object.".into(), "[]".to_owned()),
            ("Members are missing.".into(), "{}".to_owned()),
            (
                "Members are no texts.".into(),
                json!(with(&|| json!(7))).to_string(),
            ),
        ];
        misfits.extend(bounded.map(|(when, body)| (when.into(), body.to_string())));
        misfits
    }
}

/// A text that is not empty, with an example of it.
#[must_use]
pub fn text(example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .examples([example])
}

/// A token.
#[must_use]
pub fn token() -> Object {
    text(TOKEN).build()
}

/// The key of a user: a number, or another key as a text.
#[must_use]
pub fn user_id() -> Schema {
    user_id_or([])
}

/// The same, or null.
#[must_use]
pub fn user_id_or_null() -> Schema {
    user_id_or([ObjectBuilder::new().schema_type(Type::Null)])
}

fn user_id_or<const N: usize>(others: [ObjectBuilder; N]) -> Schema {
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
    let either = OneOfBuilder::new().item(number).item(text("7f1c"));
    let either = others.into_iter().fold(either, OneOfBuilder::item);
    either.examples([1]).into()
}

/// The form of a token, and no token: its signature is none.
const TOKEN: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoiMSJ9.bm9uZQ";

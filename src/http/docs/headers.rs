use serde_json::Value;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::{ObjectBuilder, Ref, ResponseBuilder, Type};

/// A header of answers; one whose example is a number is always one.
pub(super) struct Told {
    name: &'static str,
    description: &'static str,
    example: &'static str,
}

impl Told {
    /// The header as it stands among the components of the document.
    pub(super) fn component(&self) -> (&'static str, Header) {
        let number = self.example.parse::<u64>();
        let (kind, example) = number.map_or_else(
            |_| (Type::String, self.example.into()),
            |number| (Type::Integer, Value::from(number)),
        );
        let schema = ObjectBuilder::new().schema_type(kind);
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(self.description))
            .example(Some(example));
        (self.name, header.build())
    }

    /// Says that an answer has it.
    pub(super) fn on(&self, response: ResponseBuilder) -> ResponseBuilder {
        let component = format!("#/components/headers/{}", self.name);
        response.header_ref(self.name, Ref::new(component))
    }
}

/// All of them.
pub(super) const ALL: [Told; 7] = [
    ALLOW,
    CACHE_CONTROL,
    RATE_LIMIT,
    RATE_LIMIT_POLICY,
    REQUEST_ID,
    RETRY_AFTER,
    WWW_AUTHENTICATE,
];

pub(super) const ALLOW: Told = Told {
    name: "Allow",
    description: "The methods there are.",
    example: "POST",
};
pub(super) const CACHE_CONTROL: Told = Told {
    name: "Cache-Control",
    description: "No cache may keep the answer.",
    example: "no-store",
};
pub(super) const RATE_LIMIT: Told = Told {
    name: "RateLimit",
    description: "What is left of the guesses, and after how many seconds all are there again.",
    example: "\"address\";r=59;t=1",
};
pub(super) const RATE_LIMIT_POLICY: Told = Told {
    name: "RateLimit-Policy",
    description: "How many guesses there are in how many seconds.",
    example: "\"address\";q=60;w=60",
};
pub(super) const REQUEST_ID: Told = Told {
    name: "X-Request-Id",
    description: "The name of this request in the log: the one that was sent, or a random one.",
    example: "f7a1b5de-3c5c-4b1a-9d3f-6a1f2c9e0b57",
};
pub(super) const RETRY_AFTER: Told = Told {
    name: "Retry-After",
    description: "After how many seconds it is worth trying again.",
    example: "1",
};
pub(super) const WWW_AUTHENTICATE: Told = Told {
    name: "WWW-Authenticate",
    description: "How to show a token.",
    example: "Bearer realm=\"api\", error=\"invalid_token\"",
};

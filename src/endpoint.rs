//! What the OpenAPI document says of an endpoint. It stands beside what answers; `http::docs` writes
//! the document.

mod body;
mod refusal;
mod routes;

use std::borrow::Cow;
use std::sync::Arc;

use utoipa::openapi::path::HttpMethod;

pub use self::body::{Body, text, token, user_id, user_id_or_null};
pub use self::refusal::{Refusal, anywhere, scope_missing, token_misplaced, token_refused};
pub use self::routes::{Answer, Methods, Route, Routes};
use crate::app::App;
use crate::error::{ApiError, Unavailable};
use crate::extract::{Schema, parse};

/// An endpoint in the words of the document.
pub struct Endpoint {
    /// Its method.
    pub method: HttpMethod,
    /// Its name, for programs.
    pub id: &'static str,
    /// Its name, for people.
    pub summary: &'static str,
    /// What it does.
    pub description: Cow<'static, str>,
    /// What it is sent, where it reads that at all.
    pub reads: Option<Body>,
    /// What it answers.
    pub answers: Body,
    /// Headers of that answer, each with what it says.
    pub tells: Vec<(&'static str, &'static str)>,
    /// What it may answer instead.
    pub refuses: Vec<Refusal>,
    /// What it answers to bodies that do not fit.
    pub misfits: Vec<Refusal>,
    /// What opens it.
    pub guard: Guard,
    /// Whether it counts guesses, and says how many are left.
    pub counts_guesses: bool,
    /// What can be done with the answer.
    pub links: Vec<Link>,
}

impl Endpoint {
    /// An endpoint that reads nothing.
    #[must_use]
    pub fn get(id: &'static str, summary: &'static str, answers: Body) -> Self {
        let unavailable = ApiError::Unavailable(Unavailable::HashingBusy);
        let refuses = anywhere().into_iter().chain([unavailable]);
        Self {
            method: HttpMethod::Get,
            id,
            summary,
            description: Cow::Borrowed(""),
            reads: None,
            answers,
            tells: Vec::new(),
            refuses: refuses.map(Refusal::from).collect(),
            misfits: Vec::new(),
            guard: Guard::None,
            counts_guesses: false,
            links: Vec::new(),
        }
    }

    /// An endpoint that reads a `T`, and tells of a body that is none what it tells of samples.
    #[must_use]
    pub fn post<T: Schema<Arc<App>>>(
        (id, summary): (&'static str, &'static str),
        reads: Body,
        answers: Body,
        app: &Arc<App>,
    ) -> Self {
        let samples = reads.misfits().into_iter().filter_map(|(when, body)| {
            let error = parse::<T, _>(body.as_bytes(), app).err()?;
            Some(Refusal { when, error })
        });
        let misfits = samples.collect();
        let late_or_long = [ApiError::TooLarge, ApiError::TooSlow];
        Self {
            method: HttpMethod::Post,
            reads: Some(reads),
            misfits,
            ..Self::get(id, summary, answers).refuses(late_or_long)
        }
    }

    /// What it does, in whole sentences.
    #[must_use]
    pub fn says(self, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        Self {
            description,
            ..self
        }
    }

    /// What it may answer besides.
    #[must_use]
    pub fn refuses(mut self, errors: impl IntoIterator<Item: Into<Refusal>>) -> Self {
        self.refuses.extend(errors.into_iter().map(Into::into));
        self
    }

    /// Where a member of the answer is of use: the endpoint, the member it takes it by, and the
    /// one of the answer.
    #[must_use]
    pub fn leads_to(mut self, id: &'static str, takes: &'static str, gets: &'static str) -> Self {
        self.links.push(Link { id, takes, gets });
        self
    }
}

/// What opens an endpoint.
#[derive(Clone, Copy, PartialEq)]
pub enum Guard {
    /// Nothing.
    None,
    /// A token in the header of bearers.
    Bearer,
    /// The same, and who shows none is told how.
    Challenge,
}

/// Where a member of an answer is of use.
pub struct Link {
    /// The endpoint's name.
    pub id: &'static str,
    /// The member it takes.
    pub takes: &'static str,
    /// The member of the answer.
    pub gets: &'static str,
}

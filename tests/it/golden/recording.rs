//! The recordings as they are written down.

use crate::app::Answer;
use crate::token::signed::{claims, header};

/// The names of the recordings in a file.
pub(super) fn names(file: &str) -> Vec<String> {
    let headings = file.lines().filter_map(|line| line.strip_prefix("### "));
    headings.map(str::to_owned).collect()
}

/// The exchanges recorded under a name.
pub(super) fn exchanges<'a>(file: &'a str, name: &str) -> Vec<Exchange<'a>> {
    let heading = format!("\n### {name}\n```\n");
    let (_, rest) = file.split_once(&heading).unwrap();
    let (recording, _) = rest.split_once("\n```").unwrap();

    let lines: Vec<_> = recording.lines().collect();
    let exchanges = lines.chunk_by(|_, next| next.starts_with(' '));
    exchanges.map(Exchange::read).collect()
}

/// A request and its answer.
pub(super) struct Exchange<'a> {
    pub(super) method: &'a str,
    /// The path on our side.
    pub(super) path: &'a str,
    pub(super) headers: Vec<(&'a str, &'a str)>,
    pub(super) request: String,
    pub(super) answer: &'a str,
    /// The lines of the request.
    pub(super) asked: String,
    /// The lines of the answer.
    pub(super) told: String,
    told_headers: Vec<&'a str>,
}

impl<'a> Exchange<'a> {
    fn read(lines: &[&'a str]) -> Self {
        let answer = lines.iter().position(|line| line.starts_with("  < "));
        let (asked, told) = lines.split_at(answer.unwrap());

        let (method, rest) = asked[0].split_once(' ').unwrap();
        let (path, headers) = rest.split_once("   ").unwrap_or((rest, "{}"));
        let request = asked.iter().find_map(|line| line.strip_prefix("  > "));
        let answer = told[1].strip_prefix("  < ").unwrap();
        let told_headers = pairs(told[0]);
        Self {
            method,
            path: match path {
                "/api/whoami" => "/api/token/user",
                "/api/whoami-stateless" => "/api/token/auth",
                path => path,
            },
            headers: pairs(headers),
            request: whole(request.unwrap_or_default(), answer),
            answer,
            asked: asked.join("\n"),
            told: told.join("\n"),
            told_headers: told_headers.into_iter().map(|(name, _)| name).collect(),
        }
    }

    /// An answer in the notation of the recording, with the headers that this one shows.
    pub(super) fn tell(&self, answer: &Answer) -> String {
        let status = answer.status.as_u16();
        let headers = self.told_headers.iter().filter_map(|name| {
            let value = answer.header(name)?;
            Some(format!("\"{name}\": \"{value}\""))
        });
        let headers = headers.collect::<Vec<_>>().join(", ");
        let body = answer.body.replace('\n', "\\n");
        let tokens = token_members(&answer.body).into_iter();
        let tokens = tokens.map(|(name, token)| {
            let (header, claims) = (header(token), claims(token));
            format!("\n    → jwt {name}: {header} . {claims}")
        });
        format!(
            "  < {status} {{{headers}}}\n  < {body}{}",
            tokens.collect::<String>()
        )
    }
}

/// A request that the recording cuts, made whole again: with the token that came back, or after
/// the user name with a password.
fn whole(request: &str, answer: &str) -> String {
    let Some(start) = request.strip_suffix("…(cut)") else {
        return request.to_owned();
    };
    let (before, text) = start.rsplit_once('"').unwrap();
    match tokens(answer).find(|token| token.starts_with(text)) {
        Some(token) => format!("{before}\"{token}\"}}"),
        None => format!("{start}\", \"password\": \"alice-pw\"}}"),
    }
}

/// The tokens in a text, in their order.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(['"', ' ', '\n']);
    words.filter(|word| word.starts_with("eyJ"))
}

/// The members of a flat JSON object that are tokens: name and token, in their order.
pub(super) fn token_members(json: &str) -> Vec<(&str, &str)> {
    let texts: Vec<_> = json.split('"').collect();
    let members = texts.windows(3).map(|window| (window[0], window[2]));
    members
        .filter(|(_, token)| token.starts_with("eyJ"))
        .collect()
}

/// The members of a flat JSON object of nothing but texts, wherever it stands in a line.
fn pairs(line: &str) -> Vec<(&str, &str)> {
    let texts: Vec<_> = line.split('"').skip(1).step_by(2).collect();
    texts
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .collect()
}

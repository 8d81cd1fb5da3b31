use crate::claims::Claim;
use crate::error::TokenError;
use crate::settings::Settings;

/// A claim under the name it has here.
pub(crate) struct Named<'a> {
    pub(crate) claim: Claim,
    pub(crate) name: &'a str,
}

impl Named<'_> {
    pub(crate) fn malformed(&self) -> TokenError {
        TokenError::ClaimMalformed(self.claim)
    }
}

/// The names of the claims that settings can rename or, some of them, leave out.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    jti: Option<String>,
    refresh_exp: String,
    token_type: Option<String>,
    user_id: String,
}

impl Names {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            jti: settings.jti_claim.clone(),
            refresh_exp: settings.sliding_token_refresh_exp_claim.clone(),
            token_type: settings.token_type_claim.clone(),
            user_id: settings.user_id_claim.clone(),
        }
    }

    /// Of another issuer's tokens: the usual names, and no types.
    pub(crate) fn of_others(user_id: String) -> Self {
        Self {
            jti: Some(Claim::Jti.usual().name.to_owned()),
            refresh_exp: Claim::RefreshExp.usual().name.to_owned(),
            token_type: None,
            user_id,
        }
    }

    pub(crate) fn jti(&self) -> Option<Named<'_>> {
        let claim = Claim::Jti;
        self.jti.as_deref().map(|name| Named { claim, name })
    }

    pub(crate) fn refresh_exp(&self) -> Named<'_> {
        Named {
            claim: Claim::RefreshExp,
            name: &self.refresh_exp,
        }
    }

    pub(crate) fn token_type(&self) -> Option<Named<'_>> {
        let claim = Claim::TokenType;
        self.token_type.as_deref().map(|name| Named { claim, name })
    }

    pub(crate) fn user_id(&self) -> Named<'_> {
        Named {
            claim: Claim::UserId,
            name: &self.user_id,
        }
    }
}

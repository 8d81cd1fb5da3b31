use super::*;

fn needed(scope: &str) -> VerifyError {
    let needed = scope.to_owned();
    VerifyError::InsufficientScope { needed }
}

#[test]
fn a_claim_that_is_required_must_be_that_json() {
    let verifier = verifier(a().require_claim("token_use", r#" "access" "#));
    let mismatch = || TokenError::ClaimMismatch {
        claim: "token_use".into(),
    };

    for json in [r#""access""#, r#""\u0061ccess""#] {
        assert!(
            verifier
                .verify_now(&token_with(&[("token_use", json)]))
                .is_ok(),
            "{json}"
        );
    }
    for json in [r#""id""#, r#"["access"]"#, "true", "null", ""] {
        let token = token_with(&[("token_use", json)]);
        assert_eq!(fault(&verifier, &token), mismatch(), "{json}");
    }
    assert_eq!(
        mismatch().to_string(),
        "the claim `token_use` is not what it must be"
    );
}

#[test]
fn all_claims_that_are_required_must_be_there() {
    let issuer = a().require_claim("email_verified", "true");
    let verifier = verifier(issuer.require_claim_among("azp", [r#""web""#, r#""app""#]));

    assert!(
        verifier
            .verify_now(&token_with(&[
                ("email_verified", "true"),
                ("azp", r#""app""#)
            ]))
            .is_ok()
    );
    let found = verifier.verify_now(&token_with(&[("email_verified", "true")]));
    let claim = "azp".into();
    assert_eq!(refusal(found), TokenError::ClaimMismatch { claim }.into());
}

#[test]
fn a_subject_that_is_required_is_not_empty() {
    let verifier = verifier(a().require_subject());

    assert!(verifier.verify_now(&token_with(&[])).is_ok());
    for sub in ["", r#""""#] {
        let missing = TokenError::ClaimMissing(Claim::Sub);
        assert_eq!(
            fault(&verifier, &token_with(&[("sub", sub)])),
            missing,
            "{sub}"
        );
    }
    assert!(both().verify_now(&token_with(&[("sub", "")])).is_ok());
    let malformed = TokenError::ClaimMalformed(Claim::Sub);
    assert_eq!(fault(&both(), &token_with(&[("sub", "7")])), malformed);
}

#[test]
fn a_scope_that_is_demanded_and_not_granted_is_403_and_no_bad_token() {
    let verifier = verifier(a().require_scope("orders:write"));
    let error = |scope| refusal(verifier.verify_now(&token_with(&[("scope", scope)])));

    let odd = [
        r#""orders:read""#,
        r#""orders:writeX""#,
        r#""ORDERS:WRITE""#,
        "7",
        "null",
        "",
    ];
    for scope in odd {
        assert_eq!(error(scope), needed("orders:write"), "{scope}");
        assert_eq!(error(scope).status(), 403);
    }
}

#[test]
fn scopes_are_read_from_scope_and_scp_as_text_or_list() {
    for (name, json) in [
        ("scope", r#""read orders:write""#),
        ("scope", r#"["read","orders:write"]"#),
        ("scp", r#""read orders:write""#),
        ("scp", r#"["read","orders:write"]"#),
    ] {
        let found = both().verify_now(&token_with(&[(name, json)])).unwrap();

        assert_eq!(found.scopes().collect::<Vec<_>>(), ["read", "orders:write"]);
        assert_eq!(found.require_scope("orders:write"), Ok(()));
        assert_eq!(found.require_scope("write"), Err(needed("write")));
    }
}

#[test]
fn a_text_with_a_space_in_a_list_of_scopes_is_not_two_scopes() {
    let token = token_with(&[("scp", r#"["read","orders admin"]"#)]);

    let found = both().verify_now(&token).unwrap();

    assert_eq!(found.scopes().collect::<Vec<_>>(), ["read"]);
}

#[test]
fn the_user_is_named_by_the_claim_that_was_chosen() {
    let verifier = verifier(a().user_id_claim("uid"));

    let found = verifier.verify_now(&token_with(&[("uid", "7")])).unwrap();

    assert_eq!(found.user_id(), Ok(Some(UserId::Number(7))));
}

#[test]
fn a_token_of_an_identifier_that_is_refused_is_revoked() {
    let builder = Verifier::<Claims>::builder().issuer(a()).clock(clock());
    let builder = builder.refuse_if(|jti| jti.as_str() == "t-1");
    let verifier = builder.build().unwrap();

    assert_eq!(fault(&verifier, &token_with(&[])), TokenError::Revoked);
    assert!(
        verifier
            .verify_now(&token_with(&[("jti", r#""t-2""#)]))
            .is_ok()
    );
    assert!(verifier.verify_now(&token_with(&[("jti", "")])).is_ok());
}

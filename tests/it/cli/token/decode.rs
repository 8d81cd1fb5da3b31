use crate::cli::command::Folder;

const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
                     eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxLCJpYXQiOjB9.c2ln";
const DECODED: &str = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}\n\
                       {\"token_type\":\"access\",\"exp\":1,\"iat\":0}\n";

#[test]
fn a_token_is_decoded_whoever_signed_it() {
    let folder = Folder::new();

    let decoded = folder.run(&["token", "decode", TOKEN]);

    assert_eq!(decoded.code, Some(0));
    assert_eq!(decoded.stdout, DECODED);
    assert_eq!(
        decoded.stderr,
        "decoded only: the signature was not verified\n"
    );
}

#[test]
fn a_token_may_come_by_standard_input() {
    let decoded = Folder::new().run_with_input(&["token", "decode"], &format!("{TOKEN}\n"));

    assert_eq!(decoded.stdout, DECODED);
}

#[test]
fn a_token_of_any_purpose_is_decoded() {
    // {"typ":"dpop+jwt",\n"crit":["x"]}
    let token = "eyJ0eXAiOiJkcG9wK2p3dCIsCiJjcml0IjpbIngiXX0.e30.";

    let decoded = Folder::new().run(&["token", "decode", token]);

    assert_eq!(
        decoded.stdout,
        "{\"typ\":\"dpop+jwt\",\"crit\":[\"x\"]}\n{}\n"
    );
}

#[test]
fn a_malformed_token_is_refused() {
    let refused = Folder::new().run(&["token", "decode", "a.b"]);

    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert_eq!(
        refused.stderr,
        "error: cannot decode the token: the token is malformed\n"
    );
}

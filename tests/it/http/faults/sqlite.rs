use super::{is_verified, limited, login, with_alice};
use crate::cli::token::issue::token;

#[tokio::test]
async fn a_full_disk_makes_logins_503_and_verification_goes_on() {
    let folder = with_alice();
    let service = limited(&folder, "-f 100");
    let access = token(&folder.run(&["token", "issue", "alice"]), "access");

    let mut told = login(&service).await;
    while told.0 == 200 {
        told = login(&service).await;
    }
    let verified = is_verified(&service, &access).await;
    let ended = service.stop();

    assert_eq!(
        (told.0, verified, ended.code),
        (503, true, Some(0)),
        "{ended:?}"
    );
    assert!(!told.1.contains("disk"), "{told:?}");
}

//! Hosts and Unix sockets, as a user writes them.

use arango::{Coordinator, Host, HostList, Hosts};

/// Markers around the input when it is used as a password.
const PASSWORD_MARKERS: [&str; 2] = ["s3cretA", "s3cretB"];

pub(crate) fn hosts(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match text.parse::<Hosts>() {
        Ok(hosts) => {
            let displayed = hosts.to_string();
            assert_eq!(
                displayed.parse::<Hosts>().as_ref(),
                Ok(&hosts),
                "the displayed hosts parse as something else"
            );
            assert_eq!(
                HostList::from(hosts.clone()).parse(),
                Ok(hosts.clone()),
                "a list of the hosts differs"
            );
            for coordinator in hosts.coordinators() {
                assert_valid(coordinator);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    assert_password_hidden(text);
}

/// Checks that a parsed coordinator can be connected to.
fn assert_valid(coordinator: &Coordinator) {
    assert_eq!(coordinator.as_str().parse().as_ref(), Ok(coordinator));
    assert!(!coordinator.as_str().contains(char::is_control), "it must stay on one line of a log");
    match coordinator.host() {
        Host::Socket(path) => assert!(path.is_absolute() && coordinator.port() == 0),
        Host::Name(name) => assert!(!name.is_empty() && coordinator.port() != 0),
        _ => assert_ne!(coordinator.port(), 0),
    }
}

/// Checks that no part of a password is displayed.
fn assert_password_hidden(password: &str) {
    let text = format!("http://root:{}{password}{}@host:8529", PASSWORD_MARKERS[0], PASSWORD_MARKERS[1]);
    let error = text.parse::<Hosts>().expect_err("credentials in a URL are rejected");
    let displayed = format!("{error} {error:?} {:?}", HostList::from(&*text));
    // A marker within the password may be taken for the name of a host.
    if PASSWORD_MARKERS.iter().all(|marker| !password.contains(marker)) {
        assert!(PASSWORD_MARKERS.iter().all(|marker| !displayed.contains(marker)), "{displayed}");
    }
}

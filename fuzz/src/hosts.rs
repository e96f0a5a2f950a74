//! What a user writes for hosts, Unix sockets among them.

use arango::transport::{Coordinator, Host, HostList, Hosts};

/// Around what may be a password.
const MARKS: [&str; 2] = ["s3cretA", "s3cretB"];

pub(crate) fn hosts(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match text.parse::<Hosts>() {
        Ok(hosts) => {
            let shown = hosts.to_string();
            assert_eq!(
                shown.parse::<Hosts>().as_ref(),
                Ok(&hosts),
                "what is shown is read as something else"
            );
            assert_eq!(HostList::from(hosts.clone()).parse(), Ok(hosts.clone()), "a list of them is another");
            for coordinator in hosts.coordinators() {
                sound(coordinator);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    hidden(text);
}

/// Whether a coordinator that was read is one that can be asked.
fn sound(coordinator: &Coordinator) {
    assert_eq!(coordinator.as_str().parse().as_ref(), Ok(coordinator));
    assert!(!coordinator.as_str().contains(char::is_control), "a line of a log is one line");
    match coordinator.host() {
        Host::Socket(path) => assert!(path.is_absolute() && coordinator.port() == 0),
        Host::Name(name) => assert!(!name.is_empty() && coordinator.port() != 0),
        _ => assert_ne!(coordinator.port(), 0),
    }
}

/// Nothing of a password is shown, whatever it holds.
fn hidden(password: &str) {
    let text = format!("http://root:{}{password}{}@host:8529", MARKS[0], MARKS[1]);
    let error = text.parse::<Hosts>().expect_err("credentials are given on their own");
    let shown = format!("{error} {error:?} {:?}", HostList::from(&*text));
    // What was a mark before it became part of the password may be a host's name.
    if MARKS.iter().all(|mark| !password.contains(mark)) {
        assert!(MARKS.iter().all(|mark| !shown.contains(mark)), "{shown}");
    }
}

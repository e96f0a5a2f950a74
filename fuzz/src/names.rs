//! Names that come to stand in paths.

use arango::cluster::{
    DeleteCrash, GetAgencyJob, GetCrash, GetServerMaintenance, GetServerMetrics, GetServerVersion,
    ListAccessTokens,
};
use arango::protocol::{DatabaseName, Operation};
use percent_encoding::percent_decode_str;

pub(crate) fn names(input: &[u8]) {
    let Ok(name) = std::str::from_utf8(input) else { return };
    if let Ok(database) = DatabaseName::new(name) {
        let prefix = database.prefix();
        assert!(prefix.is_empty() || prefix.matches('/').count() == 2, "{prefix}");
        let kept = prefix.strip_prefix("/_db/").map_or("_system".into(), |kept| {
            percent_decode_str(kept).decode_utf8().expect("it was text before it was encoded")
        });
        assert_eq!(kept, name);
    }
    let (server, job) = (&name.into(), &name.into());
    stays_in_its_place(&GetServerMaintenance { server }, name);
    stays_in_its_place(&GetServerVersion { server }, name);
    stays_in_its_place(&GetServerMetrics { server }, name);
    stays_in_its_place(&GetAgencyJob { id: job }, name);
    stays_in_its_place(&GetCrash { id: name }, name);
    stays_in_its_place(&DeleteCrash { id: name }, name);
    stays_in_its_place(&ListAccessTokens { user: name }, name);
}

/// Whether the path is the template's but for the name, which is one segment of it, or is kept in the query.
fn stays_in_its_place<O: Operation>(operation: &O, name: &str) {
    let Ok(request) = operation.request() else { return };
    let (template, uri) = (O::METADATA.path, request.uri());
    let segments = || uri.path().split('/');
    assert_eq!(segments().count(), template.split('/').count(), "{uri}");
    for (written, meant) in segments().zip(template.split('/')) {
        if meant.starts_with('{') {
            assert_eq!(percent_decode_str(written).decode_utf8().as_deref(), Ok(name), "{uri}");
            assert!(!matches!(written, "" | "." | ".."), "{uri}");
        } else {
            assert_eq!(written, meant);
        }
    }
    if let Some(query) = uri.query() {
        assert!(!query.contains(['#', ' ', '?']), "{uri}");
    }
}

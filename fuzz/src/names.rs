//! Names that are put into request paths.

use arango::cluster::{
    DeleteCrash, GetAgencyJob, GetCrash, GetServerMaintenance, GetServerMetrics, GetServerVersion,
    ListAccessTokens,
};
use arango::data::{
    CollectionName, CountDocuments, DocumentExists, DropDatabase, GetAnalyzer, GetGraph, GetView, Key,
    ListAccess,
};
use arango::protocol::{DatabaseName, Operation};
use percent_encoding::percent_decode_str;

pub(crate) fn names(input: &[u8]) {
    let Ok(name) = std::str::from_utf8(input) else { return };
    if let Ok(database) = DatabaseName::new(name) {
        let prefix = database.prefix();
        assert!(prefix.is_empty() || prefix.matches('/').count() == 2, "{prefix}");
        let decoded = prefix.strip_prefix("/_db/").map_or("_system".into(), |decoded| {
            percent_decode_str(decoded).decode_utf8().expect("it was UTF-8 before it was encoded")
        });
        assert_eq!(decoded, name);
        assert_one_path_segment(&DropDatabase { name: database }, name);
    }
    if let Ok(collection) = CollectionName::new(name) {
        if let Ok(key) = Key::new(name) {
            assert_one_path_segment(&DocumentExists::new(&collection, &key), name);
        }
        assert_one_path_segment(&CountDocuments { collection }, name);
    }
    assert_one_path_segment(&GetAnalyzer { name: name.to_owned() }, name);
    assert_one_path_segment(&GetGraph { name: name.to_owned() }, name);
    assert_one_path_segment(&GetView { name: name.to_owned() }, name);
    assert_one_path_segment(&ListAccess { user: name.to_owned() }, name);
    let (server, job) = (&name.into(), &name.into());
    assert_one_path_segment(&GetServerMaintenance { server }, name);
    assert_one_path_segment(&GetServerVersion { server }, name);
    assert_one_path_segment(&GetServerMetrics { server }, name);
    assert_one_path_segment(&GetAgencyJob { id: job }, name);
    assert_one_path_segment(&GetCrash { id: name }, name);
    assert_one_path_segment(&DeleteCrash { id: name }, name);
    assert_one_path_segment(&ListAccessTokens { user: name }, name);
}

/// Checks that the name is exactly one segment of the path, or stays in the query, and changes nothing else.
fn assert_one_path_segment<O: Operation>(operation: &O, name: &str) {
    let Ok(request) = operation.request() else { return };
    let (template, uri) = (O::METADATA.path, request.uri());
    let segments = || uri.path().split('/');
    assert_eq!(segments().count(), template.split('/').count(), "{uri}");
    for (written, expected) in segments().zip(template.split('/')) {
        if expected.starts_with('{') {
            assert_eq!(percent_decode_str(written).decode_utf8().as_deref(), Ok(name), "{uri}");
            assert!(!matches!(written, "" | "." | ".."), "{uri}");
        } else {
            assert_eq!(written, expected);
        }
    }
    if let Some(query) = uri.query() {
        assert!(!query.contains(['#', ' ', '?']), "{uri}");
    }
}

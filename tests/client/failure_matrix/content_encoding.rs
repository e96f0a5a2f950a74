//! R04a: the response body has an encoding that was not requested, or cannot be decoded.

use std::io::Write;

use arango::StoppedBy;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::Fault;
use flate2::write::ZlibEncoder;

use super::{Expect, HealthSignal, call_and_observe, health_signal, on_writes};
use crate::support::{client, cluster};

for_each_class![
    r04a_an_undecodable_response_is_not_retried,
    r04a_an_undecodable_error_is_classified_by_status,
];

/// Returns undecodable bodies, each with its declared encoding and the expected error text.
fn undecodable_bodies() -> [(&'static str, Vec<u8>, &'static str); 5] {
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&[b' '; 1000]).unwrap();
    let complete = encoder.finish().unwrap();
    [
        ("br", b"{}".to_vec(), "encoded as `br`, which was not requested"),
        ("gzip, deflate", complete.clone(), "encoded as `gzip, deflate`"),
        ("gzip", b"nonsense".to_vec(), "not valid `gzip`"),
        ("deflate", complete[..complete.len() - 5].to_vec(), "not valid `deflate`"),
        ("deflate", [&complete[..], b"more"].concat(), "bytes follow its end"),
    ]
}

async fn r04a_an_undecodable_response_is_not_retried(class: RequestClass) {
    for (encoding, body, message) in undecodable_bodies() {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::raw_response(201, "application/json", body).after_execution();
        let fault = on_writes(fault.header("content-encoding", encoding));
        let _fault = cluster.coordinator(0).inject(fault.clone().times(1));
        let expect = Expect::failure(ErrorKind::Decode, Outcome::Unknown, StoppedBy::NotRetryable);
        let error = call_and_observe(&cluster, &client, class)
            .await
            .assert_matches(&expect.server_counts(1, 1))
            .error();
        assert_eq!(error.status().unwrap(), 201);
        assert!(error.report().to_string().contains(message), "{}", error.report());
        assert_eq!(health_signal(&cluster, class, &fault).await, HealthSignal::Neutral);
    }
}

async fn r04a_an_undecodable_error_is_classified_by_status(class: RequestClass) {
    for (encoding, body, _) in undecodable_bodies() {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::raw_response(409, "application/json", body).header("content-encoding", encoding);
        let fault = fault.header("server", "ArangoDB");
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        let expect = Expect::failure(ErrorKind::Http, Outcome::Unknown, StoppedBy::NotRetryable);
        let error = call_and_observe(&cluster, &client, class).await.assert_matches(&expect).error();
        assert_eq!(
            (error.status().unwrap().as_u16(), error.error_number(), error.body().len()),
            (409, None, 0)
        );
    }
}

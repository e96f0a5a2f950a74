//! R04a: the body of an answer is encoded in a way that nobody asked for, or is not what its encoding says.

use std::io::Write;

use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::Fault;
use flate2::write::ZlibEncoder;

use super::{Expect, Tells, meet, on_writes, tells};
use crate::support::{client, cluster};

for_each_class![
    r04a_an_answer_whose_encoding_cannot_be_undone_is_not_asked_for_again,
    r04a_a_refusal_whose_encoding_cannot_be_undone_means_what_its_status_means,
];

/// Bodies that cannot be undone, each with the encoding that it claims and what is said of it.
fn broken() -> [(&'static str, Vec<u8>, &'static str); 5] {
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&[b' '; 1000]).unwrap();
    let whole = encoder.finish().unwrap();
    [
        ("br", b"{}".to_vec(), "encoded as `br`, which was not asked for"),
        ("gzip, deflate", whole.clone(), "encoded as `gzip, deflate`"),
        ("gzip", b"nonsense".to_vec(), "not the `gzip` that it says"),
        ("deflate", whole[..whole.len() - 5].to_vec(), "not the `deflate` that it says"),
        ("deflate", [&whole[..], b"more"].concat(), "bytes follow its end"),
    ]
}

async fn r04a_an_answer_whose_encoding_cannot_be_undone_is_not_asked_for_again(class: RequestClass) {
    for (encoding, body, said) in broken() {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::answer_raw(201, "application/json", body).after_execution();
        let fault = on_writes(fault.header("content-encoding", encoding));
        let _fault = cluster.coordinator(0).inject(fault.clone().times(1));
        let expect = Expect::failure(ErrorKind::Decode, Outcome::Unknown, StoppedBy::NotRetryable);
        let error = meet(&cluster, &client, class).await.is(&expect.at_servers(1, 1)).error();
        assert_eq!(error.status().unwrap(), 201);
        assert!(error.report().to_string().contains(said), "{}", error.report());
        assert_eq!(tells(&cluster, class, &fault).await, Tells::Nothing);
    }
}

async fn r04a_a_refusal_whose_encoding_cannot_be_undone_means_what_its_status_means(class: RequestClass) {
    for (encoding, body, _) in broken() {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::answer_raw(409, "application/json", body).header("content-encoding", encoding);
        let fault = fault.header("server", "ArangoDB");
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        let expect = Expect::failure(ErrorKind::Http, Outcome::Unknown, StoppedBy::NotRetryable);
        let error = meet(&cluster, &client, class).await.is(&expect).error();
        assert_eq!(
            (error.status().unwrap().as_u16(), error.error_number(), error.body().len()),
            (409, None, 0)
        );
    }
}

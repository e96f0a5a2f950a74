//! Tests of values.

use super::Value;

#[test]
fn an_index_counts_from_the_end_if_it_is_negative() {
    let array = Value::from_json(b"[1,2,3]").unwrap();

    assert!(array.element(-1).equals(&Value::Int(3)));
    assert!(array.element(3).is_null());
    assert!(array.element(-4).is_null());
}

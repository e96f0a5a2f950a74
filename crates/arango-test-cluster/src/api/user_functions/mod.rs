//! `/_api/aqlfunction`: definitions of AQL functions in JavaScript. A query that calls one is refused.

mod code;
mod tokens;

use http::Method;
use serde_json::{Value, json};

use self::code::Shape;
use super::modelled::Modelled;
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::user_functions::UserFunction;

const INVALID_NAME: u32 = 1580;
const INVALID_CODE: u32 = 1581;
const NOT_FOUND: u32 = 1582;

/// Handles `/_api/aqlfunction`.
pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    match call.request.method {
        Method::GET => list(call, rest),
        Method::POST => register(call),
        Method::DELETE => remove(call, rest),
        _ => Err(ApiError::wrong_method()),
    }
}

fn list(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    call.require_modelled(&Modelled::parameters(&["namespace", "prefix"]))?;
    let query = &call.request.query;
    let prefix = query.get("prefix").filter(|prefix| !prefix.is_empty());
    let namespace = match rest {
        [] => prefix.or_else(|| query.get("namespace")).unwrap_or_default(),
        [namespace] => namespace,
        _ => prefix
            .ok_or_else(|| superfluous("[<functionname or prefix>|?prefix=<functionname or prefix>]"))?,
    };
    let functions: Vec<_> = call.database()?.user_functions.of_namespace(namespace).map(describe).collect();
    Ok(Reply::result(200, functions))
}

fn describe(function: &UserFunction) -> Value {
    json!({ "name": function.name, "code": function.code.trim(), "isDeterministic": function.is_deterministic })
}

fn register(call: &mut Call<'_>) -> HandlerResult {
    call.require_modelled(&Modelled::NOTHING.attributes(&["name", "code", "isDeterministic"]))?;
    let body = call.request.json().ok().filter(Value::is_object);
    let body = body.ok_or_else(|| ApiError::new(400, 17, "expecting JSON object body"))?;
    let name = body["name"]
        .as_str()
        .ok_or_else(|| ApiError::of_number(INVALID_NAME, "function name has to be provided as a string"))?;
    if name.is_empty() {
        let text = "function name has to be provided and must not be empty";
        return Err(ApiError::of_number(INVALID_NAME, text));
    }
    if !is_name(name) {
        let text = format!("error creating AQL user function: '{name}' is not a valid name");
        return Err(ApiError::of_number(INVALID_NAME, text));
    }
    let code = body["code"].as_str().filter(|code| !code.is_empty());
    let code =
        code.ok_or_else(|| ApiError::of_number(INVALID_CODE, "expecting string with function definition"))?;
    match code::shape(code) {
        Shape::Function => {}
        Shape::Invalid(reason) => {
            return Err(ApiError::of_number(INVALID_CODE, format!("invalid user function code: {reason}")));
        }
        Shape::Unknown => {
            return Err(call.not_modelled("attribute", "code, unless it is one function,"));
        }
    }
    call.require_write()?;
    let is_deterministic = body["isDeterministic"].as_bool().unwrap_or(false);
    let function = UserFunction { name: name.to_owned(), code: code.to_owned(), is_deterministic };
    let is_new = call.database_mut()?.user_functions.register(function);
    Ok(Reply::flat(if is_new { 201 } else { 200 }, json!({ "isNewlyCreated": is_new })))
}

fn remove(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    call.require_modelled(&Modelled::parameters(&["group"]))?;
    let [name] = rest else { return Err(superfluous("<functionname or prefix>")) };
    if !is_filter(name) {
        let text = format!("error deleting AQL user function: '{name}' contains invalid characters");
        return Err(ApiError::of_number(INVALID_NAME, text));
    }
    call.require_write()?;
    let is_group = call.request.query.is_true("group");
    let functions = &mut call.database_mut()?.user_functions;
    let count = if is_group {
        functions.remove_namespace(name)
    } else if functions.remove(name) {
        1
    } else {
        let text = format!("no AQL user function with name '{name}' found");
        return Err(ApiError::of_number(NOT_FOUND, text));
    };
    Ok(Reply::flat(200, json!({ "deletedCount": count })))
}

fn superfluous(expected: &str) -> ApiError {
    ApiError::new(400, 601, format!("superfluous suffix, expecting _api/aqlfunction/{expected}"))
}

/// Returns whether this is a name with a namespace, which does not begin with an underscore.
fn is_name(name: &str) -> bool {
    let parts: Vec<_> = name.split("::").collect();
    parts.len() > 1 && !name.starts_with('_') && parts.iter().all(|part| !part.is_empty() && is_word(part))
}

/// Returns whether this can be a name, or the namespace of some.
fn is_filter(name: &str) -> bool {
    let mut parts = name.split("::");
    parts.next().is_some_and(|first| !first.is_empty() && is_word(first)) && parts.all(is_word)
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_namespace() {
        for (name, valid) in [
            ("a::b", true),
            ("A1::b_2::c", true),
            ("a", false),
            ("_a::b", false),
            ("a::", false),
            ("a::-", false),
        ] {
            assert_eq!(is_name(name), valid, "{name}");
        }
        for (filter, valid) in [("a", true), ("_a::b::", true), ("", false), ("::a", false), ("a:b", false)] {
            assert_eq!(is_filter(filter), valid, "{filter}");
        }
    }
}

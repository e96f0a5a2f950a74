//! Lists the open questions.

use anyhow::Result;
use serde_json::json;

use crate::cli::Questions;
use crate::contract::questions;

/// Prints each question: what is asked, believed and possible, and where it comes from.
///
/// # Errors
/// If the table cannot be read.
pub(crate) fn questions(command: &Questions) -> Result<()> {
    let questions = questions::read()?;
    if command.json {
        let object = |one: &questions::Question| {
            let requests: Vec<_> = one.group().steps.iter().map(|step| step.request.clone()).collect();
            json!({ "id": one.id, "question": one.text, "believed": one.believed, "otherwise": one.otherwise, "from": one.from, "requests": requests })
        };
        let all: Vec<_> = questions.iter().map(object).collect();
        anstream::println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    for one in &questions {
        anstream::println!("{}\n  {}", one.id, one.text);
        anstream::println!("  believed: {}\n  otherwise: {}", one.believed, one.otherwise);
        for step in one.group().steps {
            anstream::println!("  request: {}", step.request);
        }
        anstream::println!("  from: {}\n", one.from.join("; "));
    }
    anstream::println!("{} questions", questions.len());
    Ok(())
}

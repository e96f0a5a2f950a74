//! From text to a tree: tokens, grammar, positions.

mod lexer;
mod message;
mod parser;
mod token;
pub(crate) mod tree;

pub(crate) use self::parser::parse;

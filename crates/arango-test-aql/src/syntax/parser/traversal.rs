//! Traversals. Paths between two vertices are refused.

use std::sync::Arc;

use super::super::token::{Keyword, Symbol, Token};
use super::super::tree::{
    EdgeDirection, Expression, ExpressionKind, Prune, StatementKind, Target, Traversal, TraversedEdges,
    Variable,
};
use super::Parser;
use crate::error::QueryError;
use crate::value::Value;

impl Parser<'_> {
    /// Whether the direction of a traversal stands here.
    pub(super) fn is_direction(&self) -> bool {
        self.direction_here().is_some()
    }

    fn direction_here(&self) -> Option<EdgeDirection> {
        match self.peek() {
            Token::Keyword(Keyword::Outbound) => Some(EdgeDirection::Outbound),
            Token::Keyword(Keyword::Inbound) => Some(EdgeDirection::Inbound),
            Token::Keyword(Keyword::Any) => Some(EdgeDirection::Any),
            _ => None,
        }
    }

    fn direction(&mut self) -> Option<EdgeDirection> {
        let direction = self.direction_here()?;
        self.take();
        Some(direction)
    }

    /// Parses a traversal from its direction on.
    pub(super) fn traversal(
        &mut self,
        variables: Vec<Variable>,
        depths: Option<Expression>,
    ) -> Result<StatementKind, QueryError> {
        self.refuse_paths()?;
        let position = self.position();
        let Some(direction) = self.direction() else { return Err(self.unexpected()) };
        let start = self.expression()?;
        let edges = self.traversed_edges(direction)?;
        let (prune, options) = self.prune_and_options()?;
        let mut variables = variables.into_iter();
        let (Some(vertex), edge, path, None) =
            (variables.next(), variables.next(), variables.next(), variables.next())
        else {
            return Err(self.error("Traversals only have one, two or three return variables"));
        };
        let traversal =
            Traversal { index: 0, vertex, edge, path, depths, start, edges, prune, options, position };
        Ok(StatementKind::Traverse(Arc::new(traversal)))
    }

    /// Refuses what begins like a traversal, and finds paths between two vertices.
    fn refuse_paths(&self) -> Result<(), QueryError> {
        Err(self.not_implemented(match self.peek_at(1) {
            Token::Keyword(Keyword::ShortestPath) => "SHORTEST_PATH",
            Token::Keyword(Keyword::AllShortestPaths) => "ALL_SHORTEST_PATHS",
            Token::Keyword(Keyword::KShortestPaths) => "K_SHORTEST_PATHS",
            Token::Keyword(Keyword::KPaths) => "K_PATHS",
            _ => return Ok(()),
        }))
    }

    fn traversed_edges(&mut self, direction: EdgeDirection) -> Result<TraversedEdges, QueryError> {
        if self.eat_keyword(Keyword::Graph) {
            return Ok(TraversedEdges::Graph(self.graph_name()?, direction));
        }
        let mut collections: Vec<(Target, EdgeDirection)> = Vec::new();
        loop {
            let direction = self.direction().unwrap_or(direction);
            collections.push((self.collection()?, direction));
            if !self.eat(Symbol::Comma) {
                return Ok(TraversedEdges::Collections(collections));
            }
        }
    }

    fn graph_name(&mut self) -> Result<Expression, QueryError> {
        let position = self.position();
        let kind = match self.peek().clone() {
            Token::Quoted(name) | Token::Name(name) => ExpressionKind::Constant(Value::String(name)),
            Token::Bind(name) => ExpressionKind::BindName(name),
            _ => return Err(self.unexpected()),
        };
        self.take();
        self.node(kind, position)
    }

    fn prune_and_options(&mut self) -> Result<(Option<Prune>, Option<Expression>), QueryError> {
        let prune = match self.peek() {
            Token::Name(name) if name.eq_ignore_ascii_case("PRUNE") => {
                self.take();
                Some(self.prune()?)
            }
            Token::Name(name) if !name.eq_ignore_ascii_case("OPTIONS") => {
                let problem = format!("unexpected qualifier '{name}', expecting 'PRUNE' or 'OPTIONS'");
                return Err(self.error(&problem));
            }
            _ => None,
        };
        Ok((prune, self.options()?))
    }

    fn prune(&mut self) -> Result<Prune, QueryError> {
        let is_assignment =
            matches!(self.peek(), Token::Name(_)) && *self.peek_at(1) == Token::Symbol(Symbol::Assign);
        let variable = if is_assignment { Some(self.variable()?) } else { None };
        if is_assignment {
            self.take();
        }
        Ok(Prune { variable, condition: self.expression()? })
    }
}

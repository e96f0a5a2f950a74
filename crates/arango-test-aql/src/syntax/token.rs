//! Tokens: what the text of a query consists of.

use std::sync::Arc;

use crate::error::Position;

/// A token and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spanned {
    pub(crate) token: Token,
    /// Offset of the first byte.
    pub(crate) start: usize,
    pub(crate) position: Position,
}

/// A token of the language.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Keyword(Keyword),
    /// A name: bare, or between backticks or forward ticks.
    Name(Arc<str>),
    /// A string between single or double quotes, unescaped.
    Quoted(Arc<str>),
    Integer(i64),
    Double(f64),
    /// A number that no double can hold; its value is `null`.
    OutOfRange,
    /// `@name`: the name.
    Bind(Arc<str>),
    /// `@@name`: the name with one `@`, as it stands among the bind parameters.
    CollectionBind(Arc<str>),
    Symbol(Symbol),
    /// A character with which no token begins.
    Unknown(char),
    End,
}

macro_rules! keywords {
    ($($name:ident $text:literal $description:literal)*) => {
        /// A reserved word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Keyword { $($name),* }

        impl Keyword {
            /// Returns the keyword with this text, whatever its case.
            pub(crate) fn find(word: &str) -> Option<Self> {
                $(if word.eq_ignore_ascii_case($text) { return Some(Self::$name); })*
                None
            }

            /// Returns what the server calls it in a syntax error.
            fn description(self) -> &'static str {
                match self { $(Self::$name => $description),* }
            }
        }
    };
}

keywords! {
    Aggregate "AGGREGATE" "AGGREGATE keyword"
    All "ALL" "all modifier"
    AllShortestPaths "ALL_SHORTEST_PATHS" "ALL_SHORTEST_PATHS keyword"
    And "AND" "and operator"
    Any "ANY" "any modifier"
    Asc "ASC" "ASC keyword"
    Collect "COLLECT" "COLLECT declaration"
    Desc "DESC" "DESC keyword"
    Distinct "DISTINCT" "DISTINCT modifier"
    False "FALSE" "false"
    Filter "FILTER" "FILTER declaration"
    For "FOR" "FOR declaration"
    Graph "GRAPH" "GRAPH keyword"
    In "IN" "IN keyword"
    Inbound "INBOUND" "inbound modifier"
    Insert "INSERT" "INSERT command"
    Into "INTO" "INTO keyword"
    KPaths "K_PATHS" "K_PATHS keyword"
    KShortestPaths "K_SHORTEST_PATHS" "K_SHORTEST_PATHS keyword"
    Let "LET" "LET declaration"
    Like "LIKE" "like operator"
    Limit "LIMIT" "LIMIT declaration"
    None "NONE" "none modifier"
    Not "NOT" "not operator"
    Null "NULL" "null"
    Or "OR" "or operator"
    Outbound "OUTBOUND" "outbound modifier"
    Remove "REMOVE" "REMOVE command"
    Replace "REPLACE" "REPLACE command"
    Return "RETURN" "RETURN declaration"
    ShortestPath "SHORTEST_PATH" "SHORTEST_PATH keyword"
    Sort "SORT" "SORT declaration"
    True "TRUE" "true"
    Update "UPDATE" "UPDATE command"
    Upsert "UPSERT" "UPSERT command"
    Window "WINDOW" "WINDOW declaration"
    With "WITH" "WITH keyword"
}

macro_rules! symbols {
    ($($name:ident $text:literal $description:literal)*) => {
        /// An operator or punctuation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Symbol { $($name),*, /** The words `AT LEAST`. */ AtLeast }

        impl Symbol {
            /// Texts, longer ones before those that they begin with.
            pub(crate) const ALL: &[(&str, Self)] = &[$(($text, Self::$name)),*];

            fn description(self) -> &'static str {
                match self { $(Self::$name => $description,)* Self::AtLeast => "at least modifier" }
            }
        }
    };
}

symbols! {
    Spread "..." "..."
    Range ".." ".."
    Dot "." "'.'"
    Matches "=~" "~= operator"
    MatchesNot "!~" "~! operator"
    Equal "==" "== operator"
    NotEqual "!=" "!= operator"
    GreaterOrEqual ">=" ">= operator"
    Greater ">" "> operator"
    LessOrEqual "<=" "<= operator"
    Less "<" "< operator"
    Assign "=" "assignment"
    Not "!" "not operator"
    And "&&" "and operator"
    Or "||" "or operator"
    Plus "+" "+ operator"
    Minus "-" "- operator"
    Times "*" "* operator"
    Divide "/" "/ operator"
    Modulo "%" "% operator"
    Question "?" "?"
    Scope "::" "::"
    Colon ":" ":"
    Comma "," ","
    Open "(" "("
    Close ")" ")"
    ObjectOpen "{" "{"
    ObjectClose "}" "}"
    ArrayOpen "[" "["
    ArrayClose "]" "]"
}

impl Token {
    /// Returns what the server calls it in a syntax error.
    pub(crate) fn description(&self) -> &'static str {
        match self {
            Self::Keyword(keyword) => keyword.description(),
            Self::Name(_) => "identifier",
            Self::Quoted(_) => "quoted string",
            Self::Integer(_) => "integer number",
            Self::Double(_) | Self::OutOfRange => "number",
            Self::Bind(_) => "bind parameter",
            Self::CollectionBind(_) => "bind data source parameter",
            Self::Symbol(symbol) => symbol.description(),
            Self::Unknown(_) => "invalid token",
            Self::End => "end of query string",
        }
    }
}

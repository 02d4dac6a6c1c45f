//! Reads the text of a rules file: patterns one level deep, in tree-sitter's query syntax.

use super::RuleError;

/// One pattern with its captures.
#[derive(Debug)]
pub struct Form {
    pub line: usize,
    /// `(a|b …)`: the kinds that the pattern is for.
    pub kinds: Vec<String>,
    pub items: Vec<Item>,
    pub actions: Vec<String>,
}

#[derive(Debug)]
pub enum Item {
    /// `(#name? argument …)`
    Condition(String, Vec<String>),
    /// `!field`
    Negated(String),
    /// `field: (kind) @capture`
    /// After the anchor `.` only the first child.
    Child { field: Option<String>, first: bool, pattern: Pattern, captures: Vec<String> },
}

#[derive(Debug)]
pub enum Pattern {
    Any,
    Kinds(Vec<String>),
    Token(String),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Capture(String),
    Condition(String),
    Negated(String),
    Field(String),
    Word(String),
    Text(String),
}

/// Reads every pattern of the source.
pub fn read(source: &str) -> Result<Vec<Form>, RuleError> {
    let tokens = tokens(source)?;
    let mut reader = Reader { tokens, at: 0, last_line: source.lines().count() };
    let mut forms = Vec::new();
    while reader.at < reader.tokens.len() {
        forms.push(reader.form()?);
    }
    Ok(forms)
}

fn tokens(source: &str) -> Result<Vec<(usize, Token)>, RuleError> {
    let mut tokens = Vec::new();
    for (index, line) in source.lines().enumerate() {
        let number = index + 1;
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let token = match first {
                ';' => break,
                '(' | ')' => {
                    rest = &rest[1..];
                    if first == '(' { Token::Open } else { Token::Close }
                }
                '"' => {
                    let Some(end) = rest[1..].find('"') else {
                        return Err(RuleError { line: number, message: "a string without end".into() });
                    };
                    let text = rest[1..=end].to_owned();
                    rest = &rest[end + 2..];
                    Token::Text(text)
                }
                _ => {
                    let end = rest
                        .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
                        .unwrap_or(rest.len());
                    let word = &rest[..end];
                    rest = &rest[end..];
                    match first {
                        '@' => Token::Capture(word[1..].to_owned()),
                        '#' => Token::Condition(word[1..].to_owned()),
                        '!' => Token::Negated(word[1..].to_owned()),
                        _ => match word.strip_suffix(':') {
                            Some(field) => Token::Field(field.to_owned()),
                            None => Token::Word(word.to_owned()),
                        },
                    }
                }
            };
            tokens.push((number, token));
            rest = rest.trim_start();
        }
    }
    Ok(tokens)
}

struct Reader {
    tokens: Vec<(usize, Token)>,
    at: usize,
    last_line: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, t)| t)
    }
    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(self.last_line, |(line, _)| *line)
    }
    fn error<T>(&self, message: impl Into<String>) -> Result<T, RuleError> {
        Err(RuleError { line: self.line(), message: message.into() })
    }
    fn next(&mut self) -> Result<Token, RuleError> {
        match self.tokens.get(self.at) {
            Some((_, token)) => {
                let token = token.clone();
                self.at += 1;
                Ok(token)
            }
            None => self.error("the file ends inside a pattern"),
        }
    }
    fn captures(&mut self) -> Vec<String> {
        let mut captures = Vec::new();
        while let Some(Token::Capture(name)) = self.peek() {
            captures.push(name.clone());
            self.at += 1;
        }
        captures
    }

    fn form(&mut self) -> Result<Form, RuleError> {
        let line = self.line();
        if self.next()? != Token::Open {
            return self.error("expected a pattern: `(`");
        }
        let Token::Word(kinds) = self.next()? else {
            return self.error("expected a node kind after `(`");
        };
        let mut form = Form {
            line,
            kinds: kinds.split('|').map(str::to_owned).collect(),
            items: Vec::new(),
            actions: Vec::new(),
        };
        while self.peek() != Some(&Token::Close) {
            let item = self.item()?;
            form.items.push(item);
        }
        self.at += 1;
        form.actions = self.captures();
        Ok(form)
    }

    fn item(&mut self) -> Result<Item, RuleError> {
        let field = match self.peek() {
            Some(Token::Negated(field)) => {
                let field = field.clone();
                self.at += 1;
                return Ok(Item::Negated(field));
            }
            Some(Token::Field(field)) => {
                let field = field.clone();
                self.at += 1;
                Some(field)
            }
            _ => None,
        };
        let first = self.peek() == Some(&Token::Word(".".into()));
        if first {
            self.at += 1;
        }
        let pattern = match self.next()? {
            Token::Text(text) => Pattern::Token(text),
            Token::Word(word) if word == "_" => Pattern::Any,
            Token::Open => match self.next()? {
                Token::Condition(name) => {
                    let mut arguments = Vec::new();
                    loop {
                        match self.next()? {
                            Token::Close => return Ok(Item::Condition(name, arguments)),
                            Token::Word(word) | Token::Text(word) => arguments.push(word),
                            _ => return self.error("a condition takes words and strings"),
                        }
                    }
                }
                Token::Word(kinds) => {
                    if self.next()? != Token::Close {
                        return self.error("patterns are one level deep: expected `)`");
                    }
                    if kinds == "_" {
                        Pattern::Any
                    } else {
                        Pattern::Kinds(kinds.split('|').map(str::to_owned).collect())
                    }
                }
                _ => return self.error("expected a node kind after `(`"),
            },
            _ => return self.error("expected a child pattern"),
        };
        let captures = self.captures();
        if captures.is_empty() {
            return self.error("a child pattern needs a capture");
        }
        Ok(Item::Child { field, first, pattern, captures })
    }
}

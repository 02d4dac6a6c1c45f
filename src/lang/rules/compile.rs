//! Compiles one pattern: its words are looked up in the grammar and in the vocabulary.

use super::reader::{Form, Item, Pattern};
use super::*;

pub(super) struct Compiler<'a> {
    pub(super) grammar: &'a tree_sitter::Language,
    pub(super) hooks: &'a [(&'a str, Hook)],
    pub(super) line: usize,
}

impl Compiler<'_> {
    fn error<T>(&self, message: impl Into<String>) -> Result<T, RuleError> {
        Err(RuleError { line: self.line, message: message.into() })
    }

    /// Every id with that name: grammars give one name to several symbols (aliases).
    pub(super) fn kinds(&self, name: &str, named: bool) -> Result<Vec<u16>, RuleError> {
        let ids: Vec<u16> = (0..self.grammar.node_kind_count() as u16)
            .filter(|&id| {
                self.grammar.node_kind_for_id(id) == Some(name)
                    && self.grammar.node_kind_is_named(id) == named
            })
            .collect();
        if ids.is_empty() { self.error(format!("the grammar has no node `{name}`")) } else { Ok(ids) }
    }

    fn field(&self, name: &str) -> Result<u16, RuleError> {
        match self.grammar.field_id_for_name(name) {
            Some(id) => Ok(id.get()),
            None => self.error(format!("the grammar has no field `{name}`")),
        }
    }

    pub(super) fn rule(&self, form: &Form) -> Result<Rule, RuleError> {
        let mut rule = Rule::default();
        for item in &form.items {
            match item {
                Item::Condition(name, arguments) => rule.conditions.push(self.condition(name, arguments)?),
                Item::Negated(field) => rule.conditions.push(Condition::Lacks(self.field(field)?)),
                Item::Child { field, first, pattern, captures } => {
                    let field = field.as_deref().map(|f| self.field(f)).transpose()?;
                    let kinds = match pattern {
                        Pattern::Any => Vec::new(),
                        Pattern::Kinds(names) => {
                            let mut ids = Vec::new();
                            for name in names {
                                ids.extend(self.kinds(name, true)?);
                            }
                            ids
                        }
                        Pattern::Token(text) => self.kinds(text, false)?,
                    };
                    rule.fields |= field.is_some();
                    rule.tokens |= matches!(pattern, Pattern::Token(_));
                    for capture in captures {
                        let reading = self.reading(capture)?;
                        let selector = Selector { field, first: *first, kinds: kinds.clone(), reading };
                        rule.items |= reading.slot == SlotChoice::Is(Slot::Item);
                        if field.is_some()
                            && field == self.grammar.field_id_for_name("body").map(NonZeroU16::get)
                        {
                            rule.body = field;
                        }
                        if capture == "name" {
                            rule.name = Some(selector.clone());
                        }
                        rule.selectors.push(selector);
                    }
                }
            }
        }
        for action in &form.actions {
            rule.actions.push(self.action(action)?);
        }
        if rule.actions.iter().any(|a| matches!(a, Action::Define(_))) && rule.name.is_none() {
            return self.error("a rule that defines needs a child captured as @name");
        }
        Ok(rule)
    }

    fn condition(&self, name: &str, arguments: &[String]) -> Result<Condition, RuleError> {
        let all_kinds = |names: &[String]| -> Result<Vec<u16>, RuleError> {
            let mut ids = Vec::new();
            for name in names {
                ids.extend(self.kinds(name, true)?);
            }
            Ok(ids)
        };
        Ok(match (name, arguments) {
            ("in?", [context]) => Condition::In(self.context(context)?),
            ("not-in?", [context]) => Condition::NotIn(self.context(context)?),
            ("parent?", kinds) if !kinds.is_empty() => Condition::Parent(all_kinds(kinds)?),
            ("not-parent?", kinds) if !kinds.is_empty() => Condition::NotParent(all_kinds(kinds)?),
            ("has?", [field]) => Condition::Has(self.field(field)?),
            ("text?", [field, texts @ ..]) if !texts.is_empty() => {
                Condition::Text(self.field(field)?, texts.iter().map(|t| t.as_str().into()).collect())
            }
            ("head?", texts) if !texts.is_empty() => {
                Condition::Head(texts.iter().map(|t| t.as_str().into()).collect())
            }
            ("first?", kinds) if !kinds.is_empty() => Condition::First(all_kinds(kinds)?),
            ("last?", [field, texts @ ..]) if !texts.is_empty() => {
                Condition::Last(self.field(field)?, texts.iter().map(|t| t.as_str().into()).collect())
            }
            ("upper?", []) => Condition::Upper,
            ("lower?", []) => Condition::Lower,
            ("several?", []) => Condition::Several(None),
            ("several?", [field]) => Condition::Several(Some(self.field(field)?)),
            ("leaf?", []) => Condition::Leaf,
            ("kind?", [field, kinds @ ..]) if !kinds.is_empty() => {
                Condition::Kind(self.field(field)?, all_kinds(kinds)?)
            }
            ("child?", [_, ..]) => {
                let kinds: Result<Vec<_>, _> = arguments.iter().map(|kind| self.kinds(kind, true)).collect();
                Condition::Token(kinds?.concat())
            }
            ("token?", [token]) => Condition::Token(self.kinds(token, false)?),
            ("is?", texts) if !texts.is_empty() => {
                Condition::TextIs(texts.iter().map(|t| t.as_str().into()).collect())
            }
            _ => {
                return self.error(format!("unknown condition `#{name}` with {} arguments", arguments.len()));
            }
        })
    }

    fn context(&self, name: &str) -> Result<Context, RuleError> {
        Ok(match name {
            "value" => Context::Value,
            "call" => Context::Call,
            "type" => Context::Type,
            "inherit" => Context::Inherit,
            "write" => Context::Write,
            "bind" => Context::Bind,
            "name" => Context::Name,
            "key" => Context::Key,
            "path" => Context::Path,
            _ => return self.error(format!("unknown context `{name}`")),
        })
    }

    fn wrap(&self, name: &str) -> Result<Wrap, RuleError> {
        Ok(match name {
            "iter" => Wrap::Iter,
            "enumerate" => Wrap::Enumerate,
            "entries" => Wrap::Entries,
            "mapping" => Wrap::Mapping,
            "awaited" => Wrap::Awaited,
            "index" => Wrap::Index,
            "await" => Wrap::Await,
            "unwrap" => Wrap::Unwrap,
            "deref" => Wrap::Deref,
            "addr" => Wrap::AddrOf,
            "enter" => Wrap::Enter,
            "instance" => Wrap::Instance,
            "call" => Wrap::Call,
            "list" => Wrap::List,
            _ => return self.error(format!("unknown wrapper `{name}`")),
        })
    }

    fn reading(&self, capture: &str) -> Result<Reading, RuleError> {
        let (head, tail) = match capture.split_once('.') {
            Some((head, tail)) => (head, Some(tail)),
            None => (capture, None),
        };
        let mut reading = match head {
            "walk" => Reading::WALK,
            "value" => Reading::new(Context::Value, Slot::Value),
            "callee" => Reading::new(Context::Call, Slot::Value),
            "recv" => Reading::new(Context::Value, Slot::Receiver),
            "type" => Reading::new(Context::Type, Slot::Type),
            "init" => Reading::new(Context::Value, Slot::Init),
            "default" => Reading::new(Context::Type, Slot::Init),
            "name" => Reading::new(Context::Name, Slot::None),
            "write" => Reading::new(Context::Write, Slot::None),
            "return" => Reading::new(Context::Value, Slot::Return),
            "decorator" => Reading::new(Context::Value, Slot::Decorator),
            "inherit" => Reading::new(Context::Inherit, Slot::Inherit),
            "base" => Reading::new(Context::Inherit, Slot::Value),
            "underlying" => Reading::new(Context::Type, Slot::Inherit),
            "of" => Reading::new(Context::Type, Slot::Of),
            "trait" => Reading::new(Context::Inherit, Slot::Trait),
            "key" => Reading::new(Context::Key, Slot::None),
            "label" => Reading::new(Context::Label, Slot::None),
            "macro" => Reading::new(Context::Macro, Slot::Value),
            "typevalue" => Reading::new(Context::Type, Slot::Value),
            "typeitem" => Reading::new(Context::Type, Slot::Item),
            "typerecv" => Reading::new(Context::Type, Slot::Receiver),
            "typewalk" => Reading::new(Context::Type, Slot::None),
            "path" => Reading::new(Context::Path, Slot::Receiver),
            "tag" => Reading::new(Context::Tag, Slot::Value),
            "variant" => Reading::new(Context::Value, Slot::Type),
            "part" => Reading::new(Context::Bind, Slot::None),
            "operand" => Reading::new(Context::Value, Slot::Item),
            "arms" => Reading {
                context: ContextChoice::Inherited,
                matched: true,
                ..Reading::new(Context::Value, Slot::Item)
            },
            "arguments" => Reading { arguments: true, ..Reading::new(Context::Value, Slot::Item) },
            "args" => Reading { arguments: true, ..Reading::WALK },
            "item" => {
                Reading { context: ContextChoice::Inherited, ..Reading::new(Context::Value, Slot::Item) }
            }
            "same" => {
                Reading { context: ContextChoice::Inherited, slot: SlotChoice::Inherited, ..Reading::WALK }
            }
            "bind" => Reading::new(Context::Bind, Slot::None),
            "skip" => Reading { skip: true, ..Reading::WALK },
            "flag" => Reading { flags: self.flags(tail.unwrap_or_default())?, skip: true, ..Reading::WALK },
            _ => return self.error(format!("unknown capture `@{capture}` on a child")),
        };
        match (head, tail) {
            (_, None) | ("flag", _) => {}
            ("bind", Some(kind)) => reading.binds = Some(self.def_kind(kind)?),
            (_, Some(wrap)) => reading.wrap = self.wrap(wrap)?,
        }
        Ok(reading)
    }

    fn flags(&self, name: &str) -> Result<DefFlags, RuleError> {
        Ok(match name {
            "exported" => DefFlags::EXPORTED,
            "static" => DefFlags::STATIC,
            "async" => DefFlags::ASYNC,
            "abstract" => DefFlags::ABSTRACT,
            "getter" => DefFlags::GETTER,
            "setter" => DefFlags::GETTER.with(DefFlags::OVERLOAD),
            "overload" => DefFlags::OVERLOAD,
            "filemodule" => DefFlags::FILE_MODULE,
            "embedded" => DefFlags::EMBEDDED,
            "private" => DefFlags::PRIVATE,
            "generator" => DefFlags::GENERATOR,
            "hoisted" => DefFlags::HOISTED,
            "receiver" => DefFlags::RECEIVER,
            "assigned" => DefFlags::ASSIGNED,
            "variadic" => DefFlags::VARIADIC,
            "optional" => DefFlags::OPTIONAL,
            "outer" => DefFlags::OUTER,
            "declaration" => DefFlags::DECLARATION,
            _ => return self.error(format!("unknown flag `{name}`")),
        })
    }

    fn def_kind(&self, name: &str) -> Result<DefKind, RuleError> {
        match DefKind::ALL.iter().find(|k| format!("{k:?}").eq_ignore_ascii_case(name)) {
            Some(kind) => Ok(*kind),
            None => self.error(format!("unknown kind of definition `{name}`")),
        }
    }

    fn action(&self, action: &str) -> Result<Action, RuleError> {
        let (head, tail) = action.split_once('.').unwrap_or((action, ""));
        Ok(match (head, tail) {
            ("def", kind) => Action::Define(self.def_kind(kind)?),
            ("scope", kind) => Action::Scope(match kind {
                "file" => ScopeKind::File,
                "module" => ScopeKind::Module,
                "class" => ScopeKind::Class,
                "extension" => ScopeKind::Extension,
                "function" => ScopeKind::Function,
                "block" => ScopeKind::Block,
                "lazy" => return Ok(Action::LazyScope),
                "object" => ScopeKind::Object,
                _ => return self.error(format!("unknown kind of scope `{kind}`")),
            }),
            ("adopt", "") => Action::Adopt,
            ("bind", kind) => Action::Bind(self.def_kind(kind)?),
            ("arm", kind) => Action::Arm(self.def_kind(kind)?),
            ("assign", "") => Action::Assign,
            ("rebind", "") => Action::Rebind,
            ("pattern", "nth") => Action::PatternNth,
            ("pattern", "field") => Action::PatternField,
            ("pattern", "payload") => Action::PatternPayload,
            ("pattern", "struct") => Action::PatternStruct,
            ("pattern", "subject") => Action::PatternSubject,
            ("pattern", "function") => Action::PatternFunction,
            ("pattern", "entry") => Action::PatternEntry,
            ("pattern", "element") => Action::PatternElement,
            ("bound", "") => Action::Bound,
            ("ident", "") => Action::Identifier,
            ("ident", "type") => Action::TypeIdentifier,
            ("ident", "shorthand") => Action::Shorthand,
            ("member", "") => Action::Member,
            ("invoke", "") => Action::Invoke,
            ("extension", "") => Action::Extension,
            ("memberof", "") => Action::MemberOf,
            ("flag", flag) => Action::Flag(self.flags(flag)?),
            ("below", flag) => Action::FlagBelow(self.flags(flag)?),
            ("functionscope", "") => Action::FunctionScope,
            ("outerself", "") => Action::OuterReceiver,
            ("skip", "") => Action::Skip,
            ("hook", name) => match self.hooks.iter().position(|(n, _)| *n == name) {
                Some(index) => Action::Hook(index as u16),
                None => return self.error(format!("the pack has no hook `{name}`")),
            },
            ("term", term) => Action::Term(self.term(term)?),
            _ => return self.error(format!("unknown capture `@{action}` on a node")),
        })
    }

    fn term(&self, name: &str) -> Result<TermAction, RuleError> {
        if let Some(literal) = name.strip_prefix("literal.") {
            return match Literal::ALL.iter().find(|l| format!("{l:?}").eq_ignore_ascii_case(literal)) {
                Some(literal) => Ok(TermAction::Literal(*literal)),
                None => self.error(format!("unknown literal `{literal}`")),
            };
        }
        Ok(match name {
            "none" => TermAction::None,
            "call" => TermAction::Call,
            "new" => TermAction::New,
            "index" => TermAction::Index,
            "element" => TermAction::Element,
            "iter" => TermAction::Iter,
            "await" => TermAction::Await,
            "unwrap" => TermAction::Unwrap,
            "deref" => TermAction::Deref,
            "addr" => TermAction::AddrOf,
            "same" => TermAction::Same,
            "init" => TermAction::Init,
            "cast" => TermAction::Cast,
            "instance" => TermAction::Instance,
            "type" => TermAction::Type,
            "apply" => TermAction::Apply,
            "union" => TermAction::Union,
            "tuple" => TermAction::Tuple,
            "says" => TermAction::Says,
            "several" => TermAction::Several,
            "first" => TermAction::First,
            "second" => TermAction::Second,
            "wrap" => TermAction::Wrap,
            "zip" => TermAction::Zip,
            "each" => TermAction::Each,
            "list" => TermAction::List,
            "map" => TermAction::Map,
            "func" => TermAction::Func,
            "object" => TermAction::Object,
            "self" => TermAction::SelfValue,
            "selftype" => TermAction::SelfType,
            "super" => TermAction::Super,
            _ => return self.error(format!("unknown term `{name}`")),
        })
    }
}

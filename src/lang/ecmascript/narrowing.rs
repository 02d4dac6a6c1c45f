//! What conditions show: `x instanceof C`, and functions that say what their argument is (`isC(x)`).

use tree_sitter::Node;

use crate::lang::facts::Span;
use crate::lang::walk::{Hooked, Tested, Value, Walk};

/// Conditions in each other that are looked at.
const NESTED_MAX: usize = 8;

/// Cases of a switch that are looked at.
const CASES_MAX: usize = 128;

/// Arguments of a call that are looked at.
const ARGUMENTS_MAX: usize = 8;

/// A name that is tested, and what with.
type Test<'t> = (Node<'t>, Tested);

/// What a condition shows holds in its branches; where one of them leaves, in what follows.
pub fn test<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let field = |name: &str| node.child_by_field_name(name);
    match node.kind() {
        "binary_expression" => {
            let and = field("operator").is_some_and(|operator| operator.kind() == "&&");
            if let (Some(left), Some(right)) = (field("left"), field("right")) {
                walk.keep_whole(left.end_byte());
                shown(walk, left, and, span(right));
            }
        }
        kind => {
            // How a branch ends says what holds behind it.
            walk.keep_whole(node.end_byte());
            if kind == "while_statement" {
                walk.repeated(node);
            }
            let Some(condition) = field("condition") else { return Hooked::Continue };
            let holds = field("consequence").or_else(|| field("body"));
            if let Some(holds) = holds {
                shown(walk, condition, true, span(holds));
            }
            match field("alternative") {
                Some(other) => shown(walk, condition, false, span(other)),
                None if node.kind() == "if_statement" && holds.is_some_and(leaves) => {
                    if let Some(around) = node.parent() {
                        let rest = Span::new(node.end_byte() as u32, around.end_byte() as u32);
                        shown(walk, condition, false, rest);
                    }
                }
                None => {}
            }
        }
    }
    Hooked::Continue
}

/// A loop.
pub fn repeated<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    walk.repeated(node);
    Hooked::Continue
}

/// Notes what the condition shows for the region if it is true, or false.
fn shown<'t>(walk: &mut Walk<'t>, condition: Node<'t>, truth: bool, region: Span) {
    let mut tests = Vec::new();
    collect(condition, truth, &mut tests, 0);
    for (name, by) in tests {
        walk.narrow(name, region, by, condition.end_byte() as u32);
    }
}

fn collect<'t>(condition: Node<'t>, truth: bool, tests: &mut Vec<Test<'t>>, depth: usize) {
    if depth > NESTED_MAX {
        return;
    }
    let field = |name: &str| condition.child_by_field_name(name);
    match condition.kind() {
        "parenthesized_expression" => {
            if let Some(inner) = condition.named_child(0) {
                collect(inner, truth, tests, depth + 1);
            }
        }
        "unary_expression" if field("operator").is_some_and(|operator| operator.kind() == "!") => {
            if let Some(inner) = field("argument") {
                collect(inner, !truth, tests, depth + 1);
            }
        }
        "binary_expression" => {
            let (Some(operator), Some(left), Some(right)) =
                (field("operator"), field("left"), field("right"))
            else {
                return;
            };
            match operator.kind() {
                "&&" if truth => {
                    collect(left, true, tests, depth + 1);
                    collect(right, true, tests, depth + 1);
                }
                "||" if !truth => {
                    collect(left, false, tests, depth + 1);
                    collect(right, false, tests, depth + 1);
                }
                "instanceof" if truth && left.kind() == "identifier" => {
                    tests.extend(last_name(right).map(|by| (left, Tested::Instance(span(by)))));
                }
                "===" | "==" => tests.extend(compared(left, right, truth)),
                "!==" | "!=" => tests.extend(compared(left, right, !truth)),
                _ => {}
            }
        }
        "call_expression" if truth => {
            let Some(by) = field("function").and_then(last_name) else { return };
            let Some(arguments) = field("arguments") else { return };
            let mut cursor = arguments.walk();
            let given = arguments.named_children(&mut cursor).filter(|given| !given.is_extra());
            // Behind what is spread no position is known.
            let known = given.take(ARGUMENTS_MAX).take_while(|given| given.kind() != "spread_element");
            let names = known.zip(0..).filter(|(given, _)| given.kind() == "identifier");
            tests.extend(names.map(|(name, position)| (name, Tested::Guard(span(by), position))));
        }
        _ => {}
    }
}

/// `x.kind === 'a'`, `x.kind === Kind.A`.
fn compared<'t>(left: Node<'t>, right: Node<'t>, is: bool) -> Option<Test<'t>> {
    let (name, member) = member_of_name(left)?;
    let values = vec![value(right)?];
    Some((name, Tested::Member { member: span(member), values, is }))
}

/// The name and the member in `x.kind`.
fn member_of_name(node: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let object = node.child_by_field_name("object").filter(|object| object.kind() == "identifier")?;
    (node.kind() == "member_expression").then_some((object, node.child_by_field_name("property")?))
}

fn value(node: Node<'_>) -> Option<Value> {
    match node.kind() {
        "string" => {
            let whole = span(node);
            Some(Value::Text(Span::new(whole.start + 1, whole.end.saturating_sub(1).max(whole.start + 1))))
        }
        "member_expression" => last_name(node).map(|name| Value::Named(span(name))),
        _ => None,
    }
}

/// What holds in each case of `switch (x.kind)`; the values of a case that does not leave are those of the next one, too.
pub fn switch<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    walk.keep_whole(node.end_byte());
    let tested =
        node.child_by_field_name("value").and_then(|value| value.named_child(0)).and_then(member_of_name);
    let (Some((name, member)), Some(body)) = (tested, node.child_by_field_name("body")) else {
        return Hooked::Continue;
    };
    let mut values = Vec::new();
    let mut cursor = body.walk();
    for case in body.named_children(&mut cursor).filter(|case| !case.is_extra()).take(CASES_MAX) {
        let Some(compared) = case.child_by_field_name("value") else { break };
        let Some(value) = value(compared) else { break };
        values.push(value);
        if case.child_by_field_name("body").is_some() {
            let region = Span::new(compared.end_byte() as u32, case.end_byte() as u32);
            let last = case.named_child((case.named_child_count() as u32).saturating_sub(1));
            let held = match last.is_some_and(leaves) {
                true => std::mem::take(&mut values),
                false => values.clone(),
            };
            let by = Tested::Member { member: span(member), values: held, is: true };
            // What the cases before write holds in those that they run into.
            walk.narrow(name, region, by, region.start);
        }
    }
    Hooked::Continue
}

/// A string as a type is a type of its own.
pub fn text_type<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(Value::Text(content)) = value(node).filter(|_| walk.wanted()) else { return Hooked::Done(None) };
    Hooked::Done(Some(walk.text_literal(content)))
}

/// The last name of a path.
fn last_name(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "identifier" => Some(node),
        "member_expression" => node.child_by_field_name("property"),
        _ => None,
    }
}

/// Whether what follows the statement is not reached from it.
fn leaves(statement: Node<'_>) -> bool {
    let last = match statement.kind() {
        "statement_block" => statement.named_child((statement.named_child_count() as u32).saturating_sub(1)),
        _ => Some(statement),
    };
    last.is_some_and(|last| {
        matches!(
            last.kind(),
            "return_statement" | "throw_statement" | "continue_statement" | "break_statement"
        )
    })
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte() as u32, node.end_byte() as u32)
}

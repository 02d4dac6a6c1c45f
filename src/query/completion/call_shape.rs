//! How well a callable goes with the arguments that stand behind its name already: their number, and that an argument
//! often is called like its parameter.

use super::site::is_word;
use crate::lang::Knobs;

/// Text behind the cursor that arguments are looked for in.
const ARGUMENTS_BYTES: usize = 400;
/// Arguments and parameters that are compared.
const COMPARED_MAX: usize = 12;
/// Points for an argument that is called like its parameter, and for all of them at most.
const NAMED_POINTS: i32 = 7;
const NAMED_POINTS_MAX: i32 = 14;
/// Points for as many arguments as there are parameters.
const COUNT_POINTS: i32 = 8;
/// Points against what does not take so many.
const MISFIT_POINTS: i32 = -12;

/// The arguments of a call that stands there but for its name.
pub struct CallShape {
    /// The words of each argument, lower-cased.
    arguments: Vec<Vec<String>>,
    /// The closing bracket was found.
    closed: bool,
}

impl CallShape {
    /// The arguments at the beginning of what follows the name; `None` if there is no bracket.
    pub fn behind(rest: &str) -> Option<CallShape> {
        let list = rest.strip_prefix('(')?;
        let (parts, closed) = split_list(list);
        Some(CallShape { arguments: parts.into_iter().map(words).collect(), closed })
    }

    /// Points for a callable of this head (`fn f(a: T)`), whose name is given.
    pub fn points(&self, head: &str, name: &str, knobs: &Knobs) -> i32 {
        let Some(list) = parameters_of(head, name) else { return 0 };
        let (parameters, true) = split_list(list) else { return 0 };
        // `&mut self`, `self: &Self`.
        let is_self = |parameter: &&str| {
            let name = parameter.split(':').next().unwrap_or_default().trim_end();
            let last = name.rsplit(|c| !is_word(c)).next();
            last.is_some_and(|last| knobs.self_names.contains(&last))
        };
        let skipped = usize::from(parameters.first().is_some_and(is_self));
        let parameters = &parameters[skipped..];
        let named = self.arguments.iter().zip(parameters).filter(|(argument, parameter)| {
            let parameter = words(parameter);
            argument.last().is_some_and(|last| parameter.contains(last))
        });
        let named = (NAMED_POINTS * named.count() as i32).min(NAMED_POINTS_MAX);
        // Parameters that may be left out or repeated have a mark in most languages.
        let loose =
            parameters.iter().any(|p| p.contains(['=', '?']) || p.contains("...") || p.starts_with('*'));
        let takes = parameters.iter().filter(|p| Some(**p) != knobs.no_parameters).count();
        let fits = match (self.closed, loose) {
            (_, true) => 0,
            (true, false) if takes == self.arguments.len() => COUNT_POINTS,
            (false, false) if takes >= self.arguments.len() => 0,
            (_, false) => MISFIT_POINTS,
        };
        named + fits
    }
}

/// What is in the brackets behind the name in a head, brackets of types left out.
fn parameters_of<'t>(head: &'t str, name: &str) -> Option<&'t str> {
    if name.is_empty() {
        return None;
    }
    let mut from = 0;
    let behind = loop {
        let at = from + head.get(from..)?.find(name)?;
        let end = at + name.len();
        let alone = !head[..at].ends_with(is_word) && !head[end..].starts_with(is_word);
        if alone {
            break &head[end..];
        }
        from = end;
    };
    // C's `T (f)(int)`, and type parameters.
    let behind = behind.trim_start_matches([')', ' ']);
    let behind = match behind.strip_prefix(['<', '[']) {
        Some(generic) => generic[generic.find(['>', ']'])? + 1..].trim_start(),
        None => behind,
    };
    behind.strip_prefix('(')
}

/// The parts of a list behind its opening bracket, and whether it is closed in the text that is looked at.
fn split_list(list: &str) -> (Vec<&str>, bool) {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (at, c) in list.char_indices().take_while(|(at, _)| *at < ARGUMENTS_BYTES) {
        if let Some(open) = quote {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if c == open || c == '\n' => quote = None,
                _ => {}
            }
            continue;
        }
        match c {
            '"' | '`' => quote = Some(c),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => {
                let last = list[start..at].trim();
                if !last.is_empty() {
                    parts.push(last);
                }
                return (parts, true);
            }
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 && parts.len() < COMPARED_MAX => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    (parts, false)
}

fn words(text: &str) -> Vec<String> {
    let words =
        text.split(|c| !is_word(c)).filter(|w| !w.is_empty() && !w.starts_with(|c: char| c.is_ascii_digit()));
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOBS: Knobs =
        Knobs { self_names: &["self", "this"], no_parameters: Some("void"), ..Knobs::DEFAULT };

    fn points(rest: &str, head: &str, name: &str) -> i32 {
        CallShape::behind(rest).expect("a call").points(head, name, &KNOBS)
    }

    #[test]
    fn as_many_arguments_as_parameters_speak_for_a_function() {
        assert_eq!(points("(1, g(2, 3));", "int add(int a, int b)", "add"), COUNT_POINTS);
        assert_eq!(points("(1);", "int add(int a, int b)", "add"), MISFIT_POINTS);
        assert_eq!(points("();", "int (now)(void)", "now"), COUNT_POINTS);
        assert_eq!(points("(1)", "def add(self, a)", "add"), COUNT_POINTS);
        assert_eq!(points("(x)", "fn get<T>(&self, key: T) -> T", "get"), COUNT_POINTS);
    }

    #[test]
    fn what_may_be_left_out_is_no_misfit() {
        assert_eq!(points("(1)", "def add(a, b=2)", "add"), 0);
        assert_eq!(points("(1)", "function add(a: number, b?: number)", "add"), 0);
        assert_eq!(points("(1, 2, 3)", "int add(int a, ...)", "add"), 0);
        // Nobody knows yet how many there will be.
        assert_eq!(points("(1, ", "int add(int a, int b)", "add"), 0);
    }

    #[test]
    fn an_argument_called_like_its_parameter_speaks_for_a_function() {
        assert_eq!(points("(user.name)", "def greet(name)", "greet"), COUNT_POINTS + NAMED_POINTS);
        assert_eq!(points("(other)", "def greet(name)", "greet"), COUNT_POINTS);
        assert_eq!(points("(B)", "#define size(b) ((b)->n)", "size"), COUNT_POINTS + NAMED_POINTS);
    }

    #[test]
    fn what_has_no_name_has_no_parameters() {
        assert_eq!(points("(1)", "fn (a: u32)", ""), 0);
    }

    #[test]
    fn a_text_without_brackets_is_no_call() {
        assert!(CallShape::behind(" = 1").is_none());
        assert_eq!(points("(1)", "let size: usize = (1)", "size"), 0);
    }
}

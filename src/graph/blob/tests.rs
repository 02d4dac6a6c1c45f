use proptest::prelude::*;

use super::*;
use crate::lang::facts::*;

/// A die that shows the same for the same seed, so that proptest can shrink counts.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u32) -> u32 {
        // Splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % u64::from(n.max(1))) as u32
    }
    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }
    /// Something that is there, if anything is.
    fn of<T>(&mut self, count: u32, id: fn(u32) -> T) -> Option<T> {
        (count > 0 && self.chance()).then(|| id(self.below(count)))
    }
    fn one(&mut self, count: u32, next: &mut u32) -> TermId {
        // Mostly the next new one, as in real facts.
        if *next < count && self.below(4) > 0 {
            *next += 1;
            return TermId(*next - 1);
        }
        TermId(self.below(count))
    }
    fn span(&mut self, near: u32) -> Span {
        let start = if self.below(8) == 0 { self.below(u32::MAX / 2) } else { near + self.below(100) };
        Span::new(start, start + self.below(300))
    }
}

#[derive(Clone, Debug)]
struct Sizes {
    seed: u64,
    scopes: u32,
    defs: u32,
    refs: u32,
    terms: u32,
    names: u32,
    others: u32,
}

fn sizes() -> impl Strategy<Value = Sizes> {
    (any::<u64>(), 1u32..12, 0u32..30, 0u32..40, 0u32..40, 1u32..200, 0u32..4).prop_map(
        |(seed, scopes, defs, refs, terms, names, others)| Sizes {
            seed,
            scopes,
            defs,
            refs,
            terms,
            names,
            others,
        },
    )
}

/// Facts without sense, but whose numbers hold together.
fn arbitrary(sizes: &Sizes) -> Facts {
    let mut dice = Dice(sizes.seed);
    let dice = &mut dice;
    let mut fresh = 0;
    let terms = sizes.terms;
    let mut facts = Facts {
        names: (0..sizes.names)
            .map(|n| format!("n{n}{}", "x".repeat(dice.below(5) as usize)).into_boxed_str())
            .collect(),
        ..Facts::default()
    };
    let mut term = |dice: &mut Dice| (terms > 0 && dice.chance()).then(|| dice.one(terms, &mut fresh));
    for id in 0..sizes.scopes {
        let parent = (id > 0).then(|| ScopeId(dice.below(id)));
        let (span, kind) = (dice.span(id * 50), SCOPE_KINDS[dice.below(7) as usize]);
        facts.scopes.push(Scope { kind, parent, span, owner: dice.of(sizes.defs, DefId), of: term(dice) });
    }
    let name_span = |dice: &mut Dice, facts: &Facts, name: Name, near: u32| {
        let mut span = dice.span(near);
        if dice.below(8) > 0 {
            span.end = span.start + facts.names[name.index()].len() as u32;
        }
        span
    };
    for id in 0..sizes.defs {
        let name = Name(dice.below(sizes.names));
        let name_span = name_span(dice, &facts, name, id * 30);
        facts.defs.push(Def {
            name,
            kind: DefKind::ALL[dice.below(24) as usize],
            flags: DefFlags(if dice.chance() { 0 } else { dice.below(1 << 16) as u16 }),
            name_span,
            span: if dice.chance() { name_span } else { dice.span(id * 30) },
            scope: ScopeId(dice.below(sizes.scopes)),
            body: dice.of(sizes.scopes, ScopeId),
            of: term(dice),
            ty: term(dice),
            init: term(dice),
        });
    }
    for id in 0..sizes.refs {
        let name = Name(dice.below(sizes.names));
        let near = if dice.chance() { facts.refs.last().map_or(0, |r| r.span.end + 1) } else { id * 20 };
        facts.refs.push(Ref {
            name,
            span: name_span(dice, &facts, name, near),
            role: Role::ALL[dice.below(Role::ALL.len() as u32) as usize],
            scope: ScopeId(dice.below(sizes.scopes)),
            recv: term(dice),
        });
    }
    for _ in 0..if terms > 0 { sizes.others } else { 0 } {
        let scope = ScopeId(dice.below(sizes.scopes));
        let target = dice.one(terms, &mut fresh);
        facts.globs.push(Glob { scope, target, reexport: dice.chance() });
        facts.extensions.push(Extension {
            target_name: Name(dice.below(sizes.names)),
            target: dice.one(terms, &mut fresh),
            scope: dice.of(sizes.scopes, ScopeId),
            def: dice.of(sizes.defs, DefId),
            implements: dice.of(terms, TermId),
        });
        if sizes.defs > 0 {
            facts
                .inherits
                .push(Inherit { def: DefId(dice.below(sizes.defs)), base: dice.one(terms, &mut fresh) });
        }
        if sizes.refs > 0 {
            let items = (0..dice.below(4)).map(|_| dice.one(terms, &mut fresh)).collect();
            facts.arguments.push(Arguments { callee: RefId(dice.below(sizes.refs)), items });
        }
    }
    facts.terms = (0..terms).map(|_| arbitrary_term(dice, sizes, &mut fresh)).collect();
    let list = |dice: &mut Dice| (0..sizes.others).map(|_| Name(dice.below(sizes.names))).collect();
    facts.listed = dice.chance().then(|| list(dice));
    facts.package = dice.of(sizes.names, Name);
    facts
}

fn arbitrary_term(dice: &mut Dice, sizes: &Sizes, fresh: &mut u32) -> Term {
    let number = dice.below(300);
    let parts =
        |dice: &mut Dice, fresh: &mut u32| (0..dice.below(4)).map(|_| dice.one(sizes.terms, fresh)).collect();
    match dice.below(34) {
        0 => Term::Unknown,
        1..6 if sizes.refs > 0 => Term::Ref(RefId(dice.below(sizes.refs))),
        6 if sizes.defs > 0 => Term::Def(DefId(dice.below(sizes.defs))),
        7 => Term::Module(Name(dice.below(sizes.names))),
        8 => Term::Exports,
        9 => Term::SelfValue,
        10 => Term::SelfType,
        11 => Term::Super,
        12 => Term::Same(dice.one(sizes.terms, fresh)),
        13 => Term::Call(dice.one(sizes.terms, fresh)),
        14 => Term::Instance(dice.one(sizes.terms, fresh)),
        15 => Term::Index(dice.one(sizes.terms, fresh)),
        16 => Term::Iter(dice.one(sizes.terms, fresh)),
        17 => Term::Await(dice.one(sizes.terms, fresh)),
        18 => Term::Unwrap(dice.one(sizes.terms, fresh)),
        19 => Term::Deref(dice.one(sizes.terms, fresh)),
        20 => Term::AddrOf(dice.one(sizes.terms, fresh)),
        21 => Term::Enter(dice.one(sizes.terms, fresh)),
        22 => Term::Nth(dice.one(sizes.terms, fresh), number),
        23 => Term::Payload(dice.one(sizes.terms, fresh), dice.one(sizes.terms, fresh), number),
        24 => Term::Argument(dice.one(sizes.terms, fresh), number, dice.below(9)),
        25 => Term::Apply(dice.one(sizes.terms, fresh), parts(dice, fresh)),
        26 => Term::Union(parts(dice, fresh)),
        27 => Term::Tuple(parts(dice, fresh)),
        28 => Term::List(dice.one(sizes.terms, fresh)),
        29 => Term::Map(dice.one(sizes.terms, fresh), dice.one(sizes.terms, fresh)),
        30 => Term::Func(dice.one(sizes.terms, fresh)),
        31 => Term::Object(ScopeId(dice.below(sizes.scopes))),
        _ => Term::Literal(Literal::ALL[dice.below(13) as usize]),
    }
}

/// The encoded names with their lengths, as [`decode`] wants them.
fn own_names(facts: &Facts, encoded: &Encoded) -> Vec<(Name, u32)> {
    encoded.names.iter().map(|n| (*n, facts.names[n.index()].len() as u32)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn facts_survive_their_encoding(sizes in sizes()) {
        let facts = arbitrary(&sizes);
        prop_assert_eq!(check(&facts), Ok(()));
        let encoded = encode(&facts);
        let mut decoded = decode(&encoded.bytes, &own_names(&facts, &encoded)).unwrap();
        decoded.names = facts.names.clone();
        prop_assert_eq!(decoded, facts);
    }

    #[test]
    fn a_look_at_one_name_says_what_the_facts_say_of_it(sizes in sizes()) {
        let facts = arbitrary(&sizes);
        let encoded = encode(&facts);
        for (number, (name, _)) in own_names(&facts, &encoded).into_iter().enumerate() {
            let mut found = [Mentions::default()];
            mentions(&encoded.bytes, &mut found, |n| (n as usize == number).then_some(0)).unwrap();
            prop_assert_eq!(found.as_slice(), Mentions::of(&facts, &[name]));
        }
    }

    #[test]
    fn an_outline_is_what_the_facts_declare(sizes in sizes()) {
        let facts = arbitrary(&sizes);
        let encoded = encode(&facts);
        let mut names = own_names(&facts, &encoded);
        // Lengths beyond the names of definitions are not asked for.
        names.iter_mut().skip(facts.defs.len()).for_each(|(_, length)| *length = 0);
        let read = outline(&encoded.bytes, &names).unwrap();
        let bare = |d: &Def| Def { of: None, ty: None, init: None, ..d.clone() };
        prop_assert_eq!(&read.defs, &facts.defs.iter().map(bare).collect::<Vec<_>>());
        let scopes: Vec<Scope> = facts.scopes.iter().map(|s| Scope { of: None, ..s.clone() }).collect();
        prop_assert_eq!(&read.scopes, &scopes);
        prop_assert_eq!(read.package, facts.package);
        let said = |e: &Extension| (e.target_name, e.scope, e.def, e.implements.is_some());
        let extensions = |facts: &Facts| facts.extensions.iter().map(said).collect::<Vec<_>>();
        prop_assert_eq!(extensions(&read), extensions(&facts));
        let some = |(id, _): &(DefId, &Def)| id.0 % 3 != 1;
        let (ids, kinds): (Vec<DefId>, Vec<DefKind>) =
            facts.defs_with_ids().filter(some).map(|(id, def)| (id, def.kind)).unzip();
        prop_assert_eq!(kinds_of(&encoded.bytes, &ids), Ok(kinds));
        prop_assert!(kinds_of(&encoded.bytes, &[DefId(facts.defs.len() as u32)]).is_err());
    }

    #[test]
    fn damaged_bytes_are_an_error_or_facts_that_hold_together(
        sizes in sizes(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut: bool,
    ) {
        let facts = arbitrary(&sizes);
        let mut encoded = encode(&facts);
        let names = own_names(&facts, &encoded);
        for (at, byte) in damage {
            let at = at.index(encoded.bytes.len());
            if cut { encoded.bytes.truncate(at.max(1)) } else { encoded.bytes[at] = byte }
        }
        if let Ok(decoded) = decode(&encoded.bytes, &names) {
            prop_assert_eq!(check(&decoded), Ok(()));
        }
        if let Ok(read) = outline(&encoded.bytes, &names) {
            prop_assert_eq!(check(&read), Ok(()));
        }
        let _ = mentions(&encoded.bytes, &mut [Mentions::default()], |n| (n == 0).then_some(0));
        let _ = kinds_of(&encoded.bytes, &[DefId(7)]);
    }

    #[test]
    fn any_bytes_are_an_error_or_facts_that_hold_together(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let names: Vec<(Name, u32)> = (0..40).map(|n| (Name(n), 3)).collect();
        if let Ok(decoded) = decode(&bytes, &names) {
            prop_assert_eq!(check(&decoded), Ok(()));
        }
    }
}

#[test]
fn counts_that_the_bytes_cannot_hold_make_no_room() {
    // A count of 2³² scopes, and nothing behind it.
    let bytes = [0x80, 0x80, 0x80, 0x80, 0x10];
    assert_eq!(decode(&bytes, &[]), Err(CorruptError::Truncated));
}

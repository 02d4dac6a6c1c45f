//! Definitions of what the preprocessor of C and C++ puts together.

use super::check_definition;

#[test]
fn members_that_a_macro_declares_are_those_of_the_type() {
    check_definition(
        "
        //- /a.h
        #define NODE_FIELDS  \\
          struct node *⟦next⟧; \\
          int kind;
        struct node {
          NODE_FIELDS
          int more;
        };
        //- /b.c
        #include \"a.h\"
        int f(struct node *n) { return n->next->$0next != 0; }
        ",
    );
}

#[test]
fn a_macro_may_stand_where_a_member_is_named() {
    check_definition(
        "
        //- /a.c
        #define ⟦text_ptr⟧ text_r
        struct s { char *text_r; };
        int f(struct s *s) { return s->$0text_ptr != 0; }
        ",
    );
}

#[test]
fn what_an_inactive_branch_includes_goes_last() {
    check_definition(
        "
        //- /win.h
        typedef int lock_t;
        //- /unix.h
        typedef long ⟦lock_t⟧;
        //- /a.c
        #ifdef _WIN32
        # include \"win.h\"
        #else
        # include \"unix.h\"
        #endif
        $0lock_t l;
        ",
    );
}

#[test]
fn the_body_behind_a_macro_sees_the_members_of_its_first_argument() {
    check_definition(
        "
        //- /a.cc
        #define TEST_F(suite, name) void suite##name()
        class Suite { public: int ⟦count_⟧; };
        TEST_F(Suite, Counts) { $0count_ = 1; }
        ",
    );
    check_definition(
        "
        //- /a.cc
        #define ⟦TEST_F⟧(suite, name) void suite##name()
        class Suite {};
        TEST_F(Suite, One) {}
        $0TEST_F(Suite, Two) {}
        ",
    );
}

#[test]
fn a_macro_may_open_a_namespace() {
    check_definition(
        "
        //- /a.h
        #define BEGIN namespace lib { inline namespace v2 {
        #define END } }
        BEGIN
        int ⟦go⟧();
        END
        //- /a.cc
        #include \"a.h\"
        int f() { return lib::$0go(); }
        ",
    );
}

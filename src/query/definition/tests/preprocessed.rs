//! Definitions of what the preprocessor of C and C++ puts together.

use super::{Empty, check_definition, check_empty};

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

#[test]
fn a_value_of_a_type_that_no_file_declares_has_no_members_of_the_folder() {
    check_empty(
        "
        //- /a.h
        struct usage { long ru_utime; };
        //- /a.c
        #include <sys/resource.h>
        long f(void) {
          struct rusage usage;
          return usage.$0ru_utime;
        }
        ",
        Empty::External,
    );
    check_empty(
        "
        //- /a.c
        struct watcher { int wd; };
        struct other { int wd; };
        int f(const struct inotify_event *e) { return e->$0wd; }
        ",
        Empty::External,
    );
}

#[test]
fn what_is_for_another_system_by_its_path_goes_last() {
    let headers = "
        //- /include/lib.h
        #ifdef _WIN32
        # include \"lib/win.h\"
        #else
        # include \"lib/unix.h\"
        #endif
        int poll(lock_t *l);
        ";
    check_definition(&format!(
        "{headers}
        //- /include/lib/unix.h
        typedef long lock_t;
        //- /include/lib/win.h
        typedef int ⟦lock_t⟧;
        //- /src/win/a.c
        #include \"lib.h\"
        $0lock_t l;
        "
    ));
    check_definition(&format!(
        "{headers}
        //- /include/lib/unix.h
        typedef long lock_t;
        //- /include/lib/win.h
        typedef int lock_t;
        //- /src/unix/aix.c
        #include \"lib.h\"
        int poll(lock_t *l) {{ return 1; }}
        //- /src/unix/epoll.c
        #include \"lib.h\"
        int ⟦poll⟧(lock_t *l) {{ return 2; }}
        //- /src/a.c
        #include \"lib.h\"
        int f(void) {{ return $0poll(0); }}
        "
    ));
}

#[test]
fn what_likely_is_not_compiled_goes_last_whatever_its_kind() {
    check_definition(
        "
        //- /conf.h
        #ifdef PREFIXED
        # define Byte z_Byte
        #endif
        typedef unsigned char ⟦Byte⟧;
        //- /a.c
        #include \"conf.h\"
        int f(int n) { return ($0Byte)(n & 0xff); }
        ",
    );
}

#[test]
fn a_standard_function_that_is_only_declared_again_is_from_outside() {
    check_empty(
        "
        //- /a.h
        extern void free(void *p);
        //- /a.c
        #include \"a.h\"
        void f(void *p) { $0free(p); }
        ",
        Empty::External,
    );
    check_empty(
        "
        //- /a.h
        #ifdef _MSC_VER
        # define vsnprintf(b, c, f, a) _vsnprintf(b, c, f, a)
        #endif
        //- /a.c
        #include <stdio.h>
        #include \"a.h\"
        int f(char *b, va_list a) { return $0vsnprintf(b, 1, b, a); }
        ",
        Empty::External,
    );
    check_definition(
        "
        //- /a.h
        void free(void *p);
        //- /b.c
        #include \"a.h\"
        void ⟦free⟧(void *p) {}
        //- /a.c
        #include \"a.h\"
        void f(void *p) { $0free(p); }
        ",
    );
}

#[test]
fn a_namespace_of_the_standard_library_is_from_outside_where_the_folder_adds_to_it() {
    let files = "
        //- /a.h
        #include <tuple>
        namespace lib { struct pair; }
        namespace std { template <> struct tuple_size<lib::pair> { int size; }; }
        //- /b.cc
        #include \"a.h\"
        ";
    check_empty(&format!("{files}$0std::string text;\n"), Empty::External);
    check_empty(&format!("{files}std::$0string text;\n"), Empty::External);
}

#[test]
fn a_namespace_of_the_standard_library_is_the_folders_where_it_is_that_library() {
    check_definition(
        "
        //- /strings.h
        namespace std {
        template <class C> struct char_traits {};
        template <class C> class basic_string {};
        typedef basic_string<char> ⟦string⟧;
        }
        //- /b.cc
        #include \"strings.h\"
        std::$0string text;
        ",
    );
}

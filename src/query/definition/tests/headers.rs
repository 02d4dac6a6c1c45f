//! Declarations, definitions and namespaces across the headers of C and C++.

use super::super::super::Empty;
use super::{check_definition, check_empty};

#[test]
fn a_prototype_leads_to_the_definition_in_another_file() {
    check_definition(
        "
        //- /include/a.h
        #define API
        API int f(void);
        //- /src/a.c
        #include <a.h>
        int ⟦f⟧(void) { return 1; }
        //- /src/b.c
        #include <a.h>
        static int g(void) { return $0f(); }
        //- /src/c.c
        static int f(void) { return 2; }
        ",
    );
}

#[test]
fn a_declarator_is_seen_in_its_own_initialiser() {
    check_definition(
        "
        //- /a.c
        struct node { int n; };
        void f(void) { struct node *⟦n⟧ = malloc(sizeof(*$0n)); }
        ",
    );
}

#[test]
fn members_of_a_base_are_found_inside_and_outside_of_a_class() {
    check_definition(
        "
        //- /a.h
        namespace n {
        struct Base { int ⟦size⟧() const; };
        class Derived final : public Base { int twice(); };
        }
        //- /a.cc
        #include \"a.h\"
        namespace n { int Derived::twice() { return 2 * $0size(); } }
        ",
    );
    check_definition(
        "
        //- /a.cc
        template <typename T> struct Base { T *⟦head⟧; };
        struct Derived : virtual Base<int> {};
        int f(Derived *d) { return *d->$0head; }
        ",
    );
    check_definition(
        "
        //- /a.cc
        struct Point { int ⟦x⟧; };
        template <typename T> struct Base { T get(); };
        struct Derived : Base<Point> {};
        int f(Derived d) { return d.get().$0x; }
        ",
    );
}

#[test]
fn a_namespace_without_a_name_is_open_to_the_one_around_it() {
    check_definition(
        "
        //- /a.cc
        namespace {
        int ⟦helper⟧() { return 1; }
        }
        int f() { return $0helper(); }
        ",
    );
    check_definition(
        "
        //- /a.cc
        namespace n {
        namespace { int ⟦helper⟧() { return 1; } }
        int f() { return $0helper(); }
        }
        //- /b.cc
        namespace n { namespace { int helper() { return 2; } } }
        ",
    );
}

#[test]
fn of_the_branches_of_a_condition_the_likely_one_is_meant() {
    check_definition(
        "
        //- /a.c
        #if defined(_WIN32)
        #define API __declspec(dllexport)
        #elif defined(__GNUC__) && !0
        #define ⟦API⟧
        #else
        #define API extern
        #endif
        $0API int f(void);
        ",
    );
}

#[test]
fn a_member_outside_of_its_class_sees_the_class_and_its_template_parameters() {
    check_definition(
        "
        //- /a.h
        namespace n {
        struct Node { int ⟦value⟧; };
        template <typename T> class List { Node* first(const T& t); Node* head_; };
        }
        //- /a.cc
        #include \"a.h\"
        namespace n {
        template <typename K> Node* List<K>::first(const K& k) { head_->$0value = 1; return head_; }
        }
        ",
    );
}

#[test]
fn overloads_are_told_apart_by_their_arguments() {
    check_definition(
        "
        //- /a.h
        class A {
         public:
          int f(int a);
          int f(int a, int b);
        };
        //- /a.cc
        #include \"a.h\"
        int A::f(int a) { return a; }
        int A::⟦f⟧(int a, int b) { return a + b; }
        //- /b.cc
        #include \"a.h\"
        int g(A* a) { return a->$0f(1, 2); }
        ",
    );
}

#[test]
fn a_tag_is_no_type_name() {
    check_definition(
        "
        //- /a.c
        struct list { int ⟦head⟧; };
        typedef struct { int head; } *list;
        int f(struct list *l) { return l->$0head; }
        ",
    );
}

#[test]
fn members_are_found_through_typedefs_pointers_and_arrays() {
    check_definition(
        "
        //- /a.h
        typedef struct node node_t;
        struct node { node_t *next[2]; int ⟦value⟧; };
        //- /a.c
        #include \"a.h\"
        static node_t *first(void);
        int f(void) { return (*first()->next[1]).$0value; }
        ",
    );
}

#[test]
fn a_header_of_the_system_says_nothing_of_the_folder() {
    check_empty(
        "
        //- /a.c
        #include <string.h>
        int f(const char *s) { return $0strlen(s); }
        //- /compat/strlen.c
        int strlen(const char *s) { return 0; }
        ",
        Empty::External,
    );
}

#[test]
fn a_namespace_is_opened_where_the_text_does_so_first() {
    check_definition(
        "
        //- /low.h
        namespace ⟦n⟧ { int low; }
        //- /a.h
        #include \"low.h\"
        namespace n { int high; }
        //- /a.cc
        #include \"a.h\"
        namespace n { int own; }
        int f() { return $0n::high; }
        ",
    );
}

#[test]
fn a_class_outside_of_its_class_sees_what_that_one_sees() {
    let fixture = |own: &str, outer: &str, body: &str| {
        format!(
            "
            //- /a.cc
            namespace n {{
            class A {{ class B; enum ⟪Kind⟫ {{ Small }}; }};
            class A::⟪B⟫ {{ {body} }};
            }}
            "
        )
        .replacen("⟪Kind⟫", outer, 1)
        .replacen("⟪B⟫", own, 1)
    };
    check_definition(&fixture("⟦B⟧", "Kind", "$0B* next;"));
    check_definition(&fixture("B", "⟦Kind⟧", "$0Kind kind;"));
}

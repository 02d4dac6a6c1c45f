"""Renames in every language, applied as an editor would."""

import pytest
from editor import EMACS, NEOVIM, VSCODE
from languages import PROGRAMS
from lsprotocol import types
from marked import MARK

EVERY_LANGUAGE = pytest.mark.parametrize("language", PROGRAMS)


def renamed(program, keys, name):
    """The program's texts with the marked occurrences replaced."""
    def text(marked, name_of):
        return MARK.sub(lambda found: name_of(found["key"] or found["text"], found["text"]), marked)

    texts = {}
    for file, marked in program.files.items():
        after = text(marked, lambda key, old: name if key in keys else old)
        if after != text(marked, lambda key, old: old):
            texts[file] = after
    return texts


@EVERY_LANGUAGE
@pytest.mark.parametrize("profile", [VSCODE, NEOVIM])
async def test_rename_a_type(start, workspace, language, profile):
    program = PROGRAMS[language]
    editor = await start(workspace(program.files), profile=profile)
    await editor.ready()
    editor.open(program.app)
    placeholder = await editor.prepare_rename("construct")
    assert getattr(placeholder, "placeholder", "Item") == "Item"
    after = editor.applied(await editor.rename("construct", "Product"))
    expected = renamed(program, ["Item", "construct", *program.mentions], "Product")
    if language == "java":
        expected = {file.replace("Item.java", "Product.java"): text for file, text in expected.items()}
    assert after == expected


@EVERY_LANGUAGE
async def test_rename_a_local(start, workspace, language):
    program = PROGRAMS[language]
    editor = await start(workspace(program.files))
    await editor.ready()
    editor.open(program.app)
    after = editor.applied(await editor.rename("use", "product"))
    assert after == renamed(program, ["local", "use"], "product")


@EVERY_LANGUAGE
async def test_refusals_say_why(start, workspace, language):
    program = PROGRAMS[language]
    editor = await start(workspace(program.files))
    await editor.ready()
    for name in ("if", "1st", "two words", ""):
        error = await editor.error(editor.rename("use", name))
        assert error.code == -32803 and "is not a name" in error.message, error


@pytest.mark.parametrize("profile", [VSCODE, EMACS])
async def test_what_is_not_sure_wants_confirmation(start, workspace, profile):
    editor = await start(
        workspace({"a.py": "class A:\n    def ⟦go⟧(self): pass\n\ndef f(x):\n    x.go()\n"}), profile=profile
    )
    await editor.ready()
    if profile == VSCODE:
        edit = await editor.rename("go", "run")
        assert editor.applied(edit)["a.py"].count("run") == 2
        annotated = [e for e in edit.document_changes[0].edits if isinstance(e, types.AnnotatedTextEdit)]
        assert len(annotated) == 1
        assert edit.change_annotations[annotated[0].annotation_id].needs_confirmation
    else:
        error = await editor.error(editor.rename("go", "run"))
        assert "a.py line 5" in error.message


async def test_who_shows_no_doubts_in_renames_gets_none(start, workspace):
    def adapt(capabilities):
        capabilities.text_document.rename.honors_change_annotations = False

    files = {"a.py": "class A:\n    def ⟦go⟧(self): pass\n\ndef f(x):\n    x.go()\n"}
    editor = await start(workspace(files), adapt=adapt)
    await editor.ready()
    error = await editor.error(editor.rename("go", "run"))
    assert "a.py line 5" in error.message


GO = """package p

type Runner interface { ⟦interface:Walk⟧(n int) error }

type Dog struct{}

func (d Dog) ⟦method:Walk⟧(n int) error { return nil }

func use(r Runner, d Dog) {
	r.⟦through:Walk⟧(1)
	d.⟦direct:Walk⟧(2)
}
"""


@pytest.mark.parametrize("key", ["interface", "method", "through", "direct"])
async def test_a_go_interface_and_what_answers_for_it_go_together(start, workspace, key):
    editor = await start(workspace({"go.mod": "module m\n", "a.go": GO}))
    await editor.ready()
    edit = await editor.rename(key, "Run")
    assert edit.change_annotations is None
    assert editor.applied(edit)["a.go"].count("Run(") == 4


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "class A:\n    def ⟦go⟧(self): pass\n", "b.py": "def f(a):\n    getattr(a, 'go')()\n"},
        {"a.ts": "export class A { ⟦go⟧() {} }\n", "b.ts": "import { A } from './a';\nnew A()['go']();\n"},
        {"a.js": "export class A { ⟦go⟧() {} }\n", "b.js": "import { A } from './a';\nnew A()['go']();\n"},
        {"a.tsx": "export class A { ⟦go⟧() {} }\n", "b.tsx": "import { A } from './a';\nnew A()['go']();\n"},
    ],
)
async def test_a_string_that_names_a_member_wants_confirmation(start, workspace, files):
    editor = await start(workspace(files))
    await editor.ready()
    edit = await editor.rename("go", "run")
    assert {file: text.count("run") for file, text in editor.applied(edit).items()} == dict.fromkeys(files, 1)
    doubtful = [e for c in edit.document_changes for e in c.edits if isinstance(e, types.AnnotatedTextEdit)]
    assert len(doubtful) == 1 and edit.change_annotations[doubtful[0].annotation_id].needs_confirmation

"""Completion and signatures in every language, as different editors ask for them."""

import pytest
from editor import EMACS, NEOVIM, VSCODE
from languages import PROGRAMS
from lsprotocol import types

EVERY_LANGUAGE = pytest.mark.parametrize("language", PROGRAMS)


def labels(result):
    return [item.label for item in result.items] if result else []


@EVERY_LANGUAGE
@pytest.mark.parametrize("profile", [VSCODE, NEOVIM, EMACS])
async def test_members_while_they_are_written(start, workspace, language, profile):
    program = PROGRAMS[language]
    editor = await start(workspace(program.files), profile=profile)
    await editor.ready()
    editor.open(program.app)
    name = "Total" if language == "go" else "total"
    document, position = editor.position("call", 2)
    result = await editor.client.text_document_completion_async(types.CompletionParams(document, position))
    assert labels(result)[0] == name
    item = await editor.client.completion_item_resolve_async(result.items[0])
    documentation = getattr(item.documentation, "value", item.documentation)
    assert "rice of several" in documentation and name in item.detail


@EVERY_LANGUAGE
async def test_a_dot_alone_asks_for_members(start, workspace, language):
    program = PROGRAMS[language]
    editor = await start(workspace(program.files))
    await editor.ready()
    editor.open(program.app)
    marked = program.files[program.app]
    end = next(at for at in (marked.find("⟦call"),) if at > 0)
    close = marked.index("⟧", end)
    editor.replace(program.app, marked[:end] + "⟦dot:⟧" + marked[close + 1 :])
    document, position = editor.position("dot")
    context = types.CompletionContext(types.CompletionTriggerKind.TriggerCharacter, ".")
    result = await editor.client.text_document_completion_async(types.CompletionParams(document, position, context))
    assert labels(result)[0] == ("Total" if language == "go" else "total")
    assert result.is_incomplete


@pytest.mark.parametrize(
    "file, text, mark, asked",
    [
        ("a.py", "if x⟦at::⟧\n    pass\n", ":", False),
        ("a.ts", "let x⟦at::⟧\n", ":", False),
        ("a.ts", "if (x ⟦at:>⟧ 1) {}\n", ">", False),
        ("a.rs", "mod a { pub fn f() {} }\nfn g() { a:⟦at::⟧ }\n", ":", True),
        ("a.c", "struct s { int size; };\nint f(struct s *p) { return p-⟦at:>⟧; }\n", ">", True),
    ],
)
async def test_another_language_s_marks_bring_up_nothing(start, workspace, file, text, mark, asked):
    editor = await start(workspace({file: text}))
    await editor.ready()
    editor.open(file)
    document, position = editor.position("at", 1)
    context = types.CompletionContext(types.CompletionTriggerKind.TriggerCharacter, mark)
    result = await editor.client.text_document_completion_async(types.CompletionParams(document, position, context))
    assert bool(result and result.items) == asked


# In the C program a field is called, which holds a function without saying what it takes.
@pytest.mark.parametrize("language", [language for language in PROGRAMS if language != "c"])
async def test_signature(start, workspace, language):
    program = PROGRAMS[language]
    editor = await start(workspace(program.files))
    await editor.ready()
    place = editor.workspace.marks["call"]
    document, position = editor.position("call", place.end - place.start + 1)
    help = await editor.client.text_document_signature_help_async(types.SignatureHelpParams(document, position))
    signature = help.signatures[help.active_signature]
    label = signature.parameters[help.active_parameter].label
    text = signature.label[label[0] : label[1]] if isinstance(label, (list, tuple)) else label
    assert "count" in text and "otal" in signature.label


async def test_an_import_comes_with_the_name(start, workspace):
    files = {"pkg/a.py": "def compute():\n    pass\n", "main.py": "import os\n\n⟦comp⟧\n"}
    for resolves in (True, False):

        def adapt(capabilities):
            item = capabilities.text_document.completion.completion_item
            item.resolve_support = None if not resolves else item.resolve_support

        editor = await start(workspace(files, f"folder {resolves}"), adapt=adapt)
        await editor.ready()
        editor.open("main.py")
        document, position = editor.position("comp", 4)
        result = await editor.client.text_document_completion_async(types.CompletionParams(document, position))
        item = next(item for item in result.items if item.label == "compute")
        if resolves:
            item = await editor.client.completion_item_resolve_async(item)
        text = editor.edited(editor.workspace.texts["main.py"], [item.text_edit, *item.additional_text_edits])
        assert text == "import os\nfrom pkg.a import compute\n\ncompute\n"

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Coexistence, type Feature, DEDICATED, FINDINGS, SWITCHES, wantedCodes, yields } from "../src/coexistence";

type State = "absent" | "installed" | "active";

/** All extensions are in one state, and none is set up. */
const rules = (mode: Coexistence, state: State, features = {}) => ({ mode, features, extension: () => state, setting: () => undefined });

/** These extensions are active, with these settings. */
const among = (ids: string[], settings: Record<string, unknown> = {}) => ({
  mode: "auto" as Coexistence,
  features: {},
  extension: (id: string): State => (ids.includes(id) ? "active" : "absent"),
  setting: (key: string) => settings[key],
});

/** What the documentation of the server says of each of its features. */
const documented = new Map(
  [...readFileSync("../../docs/lsp.md", "utf8").matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, feature, what]) => [feature, what!]),
);

test("auto leaves answers to an extension that has started", () => {
  assert.equal(yields("rust", "hover", rules("auto", "absent")), false);
  assert.equal(yields("rust", "hover", rules("auto", "installed")), false);
  assert.equal(yields("rust", "hover", rules("auto", "active")), true);
  assert.equal(yields("cobol", "hover", rules("auto", "active")), false);
});

test("a feature that is on is offered in any case", () => {
  const features = { references: "on", hover: "auto" };
  assert.equal(yields("rust", "references", rules("auto", "active", features)), false);
  assert.equal(yields("rust", "hover", rules("auto", "active", features)), true);
});

test("a language's own switch goes first", () => {
  const features = { hover: { tsx: "on", python: "off" }, rename: "on", "rename.python": "off" };
  const on = (language: string, feature: Feature) => !yields(language, feature, rules("auto", "active", features));
  assert.deepEqual(["typescriptreact", "python", "go"].map((language) => on(language, "hover")), [true, false, false]);
  assert.deepEqual(["go", "python"].map((language) => on(language, "rename")), [true, false]);
});

test("always and never", () => {
  assert.equal(yields("rust", "hover", rules("always", "active")), false);
  assert.equal(yields("rust", "hover", rules("never", "installed")), true);
  assert.equal(yields("rust", "hover", rules("never", "absent")), false);
});

test("what an extension lacks is answered beside it", () => {
  const typescript = among(["vscode.typescript-language-features"]);
  assert.equal(yields("typescript", "hover", typescript), true);
  assert.equal(yields("typescript", "typeHierarchy", typescript), false);
  // Unless another has it.
  const python = among(["ms-pyright.pyright", "astral-sh.ty"]);
  assert.equal(yields("python", "codeLens", python), false);
  assert.equal(yields("python", "typeHierarchy", python), true);
  assert.equal(yields("python", "typeHierarchy", among(["ms-pyright.pyright"])), false);
  // Who wants nothing beside another extension gets nothing.
  assert.equal(yields("typescript", "typeHierarchy", { ...typescript, mode: "never" }), true);
});

test("an extension whose server is switched off does not count", () => {
  const cases: [string, string, string, unknown, unknown][] = [
    ["go", "golang.go", "go.useLanguageServer", true, false],
    ["cpp", "ms-vscode.cpptools", "C_Cpp.intelliSenseEngine", "default", "disabled"],
    ["cpp", "ms-vscode.cpptools", "C_Cpp.intelliSenseEngine", "Tag Parser", "Disabled"],
    ["c", "llvm-vs-code-extensions.vscode-clangd", "clangd.enable", true, false],
    ["python", "ms-python.vscode-pylance", "python.languageServer", "Pylance", "None"],
    ["python", "ms-python.vscode-pylance", "python.languageServer", "Default", "Jedi"],
    ["python", "ms-python.python", "python.languageServer", "Jedi", "None"],
    ["python", "ms-python.python", "python.languageServer", "Default", "Pylance"],
    ["typescript", "typescriptteam.native-preview", "typescript.experimental.useTsgo", true, false],
  ];
  for (const [language, id, key, on, off] of cases) {
    assert.ok(SWITCHES.includes(key), key);
    assert.equal(yields(language, "hover", among([id], { [key]: on })), true, `${id}, ${key}: ${on}`);
    assert.equal(yields(language, "hover", among([id], { [key]: off })), false, `${id}, ${key}: ${off}`);
    assert.equal(yields(language, "hover", { ...among([id], { [key]: off }), mode: "never" }), false, `${id}, ${key}: ${off}, never`);
  }
});

test("of two extensions for a language the one that is set up counts", () => {
  const both = ["ms-python.python", "ms-python.vscode-pylance"];
  const silent = (server: string, feature: Feature) => yields("python", feature, among(both, { "python.languageServer": server }));
  assert.deepEqual(["Default", "Pylance", "Jedi", "None"].map((server) => silent(server, "hover")), [true, true, true, false]);
  // Jedi has no inlay hints; Pylance does.
  assert.deepEqual(["Default", "Jedi"].map((server) => silent(server, "inlayHint")), [true, false]);
  const scripts = ["vscode.typescript-language-features", "typescriptteam.native-preview"];
  for (const native of [true, false]) {
    assert.equal(yields("javascript", "hover", among(scripts, { "typescript.experimental.useTsgo": native })), true);
    assert.equal(yields("javascript", "declaration", among(scripts, { "typescript.experimental.useTsgo": native })), native);
  }
});

test("a server that is left with its diagnostics has nothing but these", () => {
  for (const name of ["pyright", "basedpyright", "cursorpyright", "ty", "python.pyrefly"]) {
    const { id } = DEDICATED.find(({ switched }) => switched?.by.includes(`${name}.disableLanguageServices`))!;
    const alone = among([id], { [`${name}.disableLanguageServices`]: true });
    assert.deepEqual([yields("python", "hover", alone), yields("python", "diagnostics", alone)], [false, true], name);
    assert.equal(yields("python", "hover", among([id])), true, name);
  }
});

test("findings that are on are told apart by their codes", () => {
  const features = { unusedImports: "on", importCycles: { python: "on", rust: "auto" }, unusedLocals: "auto", unresolvedImports: "off" };
  assert.deepEqual([...wantedCodes("python", features)].sort(), ["import-cycle", "unused-import"]);
  assert.deepEqual([...wantedCodes("rust", features)], ["unused-import"]);
  assert.deepEqual([...wantedCodes("rust", {})], []);
});

test("the names are the server's", () => {
  for (const feature of DEDICATED.flatMap(({ lacks }) => lacks)) assert.ok(documented.has(feature), feature);
  const told = [...documented].flatMap(([feature, what]) => [...what.matchAll(/diagnostic `([a-z-]+)`/g)].map(([, code]) => [code, feature]));
  assert.deepEqual(Object.fromEntries(told), FINDINGS);
});

test("the languages are those that the extension starts for", () => {
  const { activationEvents } = JSON.parse(readFileSync("package.json", "utf8")) as { activationEvents: string[] };
  const known = new Set(activationEvents.map((event) => event.replace("onLanguage:", "")));
  assert.deepEqual(new Set(DEDICATED.flatMap(({ languages }) => languages)), known);
});

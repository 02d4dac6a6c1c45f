/** When coppice leaves an answer to an extension that was made for the language. */

/** Extensions that answer for one language as a type-aware server does. */
export const DEDICATED: Readonly<Record<string, readonly string[]>> = {
  rust: ["rust-lang.rust-analyzer"],
  python: ["ms-python.vscode-pylance", "ms-pyright.pyright", "detachhead.basedpyright", "astral-sh.ty"],
  typescript: ["vscode.typescript-language-features"],
  typescriptreact: ["vscode.typescript-language-features"],
  javascript: ["vscode.typescript-language-features"],
  javascriptreact: ["vscode.typescript-language-features"],
  go: ["golang.go"],
  java: ["redhat.java", "oracle.oracle-java"],
  c: ["llvm-vs-code-extensions.vscode-clangd", "ms-vscode.cpptools"],
  cpp: ["llvm-vs-code-extensions.vscode-clangd", "ms-vscode.cpptools"],
  csharp: ["ms-dotnettools.csharp"],
  ruby: ["shopify.ruby-lsp"],
  php: ["bmewburn.vscode-intelephense-client"],
  kotlin: ["jetbrains.kotlin-server", "fwcd.kotlin"],
  swift: ["swiftlang.swift-vscode"],
  scala: ["scalameta.metals"],
  lua: ["sumneko.lua"],
  zig: ["ziglang.vscode-zig"],
  elixir: ["jakebecker.elixir-ls", "lexical-lsp.lexical"],
  haskell: ["haskell.haskell"],
  dart: ["dart-code.dart-code"],
};

/** `auto`, `on` or `off`, or such a switch for each language, by the server's names. */
export type Features = Readonly<Record<string, string | Readonly<Record<string, string>> | undefined>>;

/** Languages that the server has other names for than VS Code. */
const SERVER_NAMES: Readonly<Record<string, string>> = { typescriptreact: "tsx", javascriptreact: "javascript" };

/** Whether a feature is wanted in a language whatever else is there; a language's own switch goes first. */
function isOn(features: Features, feature: string, language: string): boolean {
  const name = SERVER_NAMES[language] ?? language;
  const [all, dotted] = [features[feature], features[`${feature}.${name}`]];
  const own = typeof all === "object" ? all[name] : dotted;
  return (own ?? all) === "on";
}

export type Coexistence = "auto" | "always" | "never";

export interface Rules {
  mode: Coexistence;
  /** `coppice.features`. */
  features: Features;
  /** Whether an extension is there, and whether it has started. */
  extension(id: string): "absent" | "installed" | "active";
}

/** Whether coppice keeps silent about a feature in a language, because another extension has it. */
export function yields(language: string, feature: string, rules: Rules): boolean {
  if (rules.mode === "always" || isOn(rules.features, feature, language)) return false;
  const states = (DEDICATED[language] ?? []).map((id) => rules.extension(id));
  return states.includes("active") || (rules.mode === "never" && states.includes("installed"));
}

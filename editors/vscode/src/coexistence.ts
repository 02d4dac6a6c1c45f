/** When coppice leaves an answer to an extension that was made for the language. */

/** What a file is asked for, by the server's names. */
export type Feature =
  | "callHierarchy" | "codeAction" | "codeLens" | "completion" | "declaration" | "definition" | "diagnostics" | "documentLink"
  | "documentSymbols" | "fileRename" | "foldingRange" | "highlight" | "hover" | "implementation" | "inlayHint"
  | "linkedEditingRange" | "references" | "rename" | "selectionRange" | "semanticTokens" | "signatureHelp" | "typeDefinition"
  | "typeHierarchy";

/** How much of an extension its own settings have it do. */
type Extent = "all" | "diagnostics" | "nothing";

/**
 * The settings by which an extension's server is switched off. One that only takes findings, lenses or hints away from a server
 * that runs is the user's word on the language, and no reason for coppice to show them instead.
 */
interface Switch {
  by: readonly string[];
  /** What the values leave. */
  extent(values: readonly unknown[], isThere: (id: string) => boolean): Extent;
}

/** An extension that answers for languages as a type-aware server does. */
interface Dedicated {
  id: string;
  languages: readonly string[];
  /** What it cannot do, by its server's capabilities or its maintainers' word; what is not known counts as there. */
  lacks: readonly Feature[];
  switched?: Switch;
}

const SCRIPTS = ["typescript", "typescriptreact", "javascript", "javascriptreact"];
const PYLANCE = "ms-python.vscode-pylance";
const NATIVE_TYPESCRIPT = "typescriptteam.native-preview";
const USE_NATIVE_TYPESCRIPT = ["js/ts.experimental.useTsgo", "typescript.experimental.useTsgo"];

/** What basedpyright lacks, and Cursor's fork of it. */
const BASEDPYRIGHT_LACKS: readonly Feature[] = ["codeLens", "documentLink", "foldingRange", "selectionRange", "typeHierarchy"];

/** A setting that leaves nothing but diagnostics when it is true. */
function diagnosticsAlone(setting: string): Switch {
  return { by: [setting], extent: ([isAlone]) => (isAlone === true ? "diagnostics" : "all") };
}

export const DEDICATED: readonly Dedicated[] = [
  { id: "rust-lang.rust-analyzer", languages: ["rust"], lacks: ["documentLink", "typeHierarchy"] },
  {
    id: PYLANCE,
    languages: ["python"],
    lacks: [],
    switched: {
      by: ["python.languageServer"],
      extent: ([server]) => (["Jedi", "JediLSP", "None"].includes(String(server)) ? "nothing" : "all"),
    },
  },
  {
    // It brings Jedi along, and runs it where Pylance is not wanted or not there.
    id: "ms-python.python",
    languages: ["python"],
    lacks: [
      "callHierarchy", "codeLens", "documentLink", "fileRename", "foldingRange", "implementation", "inlayHint", "selectionRange",
      "semanticTokens", "typeHierarchy",
    ],
    switched: {
      by: ["python.languageServer"],
      extent: ([server], isThere) => {
        const isJedi = server === "Jedi" || server === "JediLSP" || ((server ?? "Default") === "Default" && !isThere(PYLANCE));
        return isJedi ? "all" : "nothing";
      },
    },
  },
  {
    id: "ms-pyright.pyright",
    languages: ["python"],
    lacks: [
      "codeLens", "documentLink", "fileRename", "foldingRange", "implementation", "inlayHint", "selectionRange", "semanticTokens",
      "typeHierarchy",
    ],
    switched: diagnosticsAlone("pyright.disableLanguageServices"),
  },
  {
    id: "detachhead.basedpyright",
    languages: ["python"],
    lacks: BASEDPYRIGHT_LACKS,
    switched: diagnosticsAlone("basedpyright.disableLanguageServices"),
  },
  {
    id: "anysphere.cursorpyright",
    languages: ["python"],
    lacks: BASEDPYRIGHT_LACKS,
    switched: diagnosticsAlone("cursorpyright.disableLanguageServices"),
  },
  { id: "astral-sh.ty", languages: ["python"], lacks: ["codeLens", "documentLink"], switched: diagnosticsAlone("ty.disableLanguageServices") },
  { id: "meta.pyrefly", languages: ["python"], lacks: ["documentLink"], switched: diagnosticsAlone("python.pyrefly.disableLanguageServices") },
  {
    id: "vscode.typescript-language-features",
    languages: SCRIPTS,
    lacks: ["declaration", "documentLink", "typeHierarchy"],
    switched: {
      by: USE_NATIVE_TYPESCRIPT,
      extent: (values, isThere) => (values.includes(true) && isThere(NATIVE_TYPESCRIPT) ? "nothing" : "all"),
    },
  },
  {
    id: NATIVE_TYPESCRIPT,
    languages: SCRIPTS,
    lacks: ["typeHierarchy"],
    switched: { by: USE_NATIVE_TYPESCRIPT, extent: (values) => (values.includes(true) ? "all" : "nothing") },
  },
  {
    id: "golang.go",
    languages: ["go"],
    lacks: ["declaration"],
    switched: { by: ["go.useLanguageServer"], extent: ([isUsed]) => (isUsed === false ? "nothing" : "all") },
  },
  { id: "redhat.java", languages: ["java"], lacks: ["documentLink"] },
  { id: "oracle.oracle-java", languages: ["java"], lacks: [] },
  {
    id: "llvm-vs-code-extensions.vscode-clangd",
    languages: ["c", "cpp"],
    lacks: ["codeLens", "fileRename"],
    switched: { by: ["clangd.enable"], extent: ([isEnabled]) => (isEnabled === false ? "nothing" : "all") },
  },
  {
    id: "ms-vscode.cpptools",
    languages: ["c", "cpp"],
    lacks: ["fileRename", "implementation", "typeHierarchy"],
    switched: {
      by: ["C_Cpp.intelliSenseEngine"],
      extent: ([engine]) => (String(engine).toLowerCase() === "disabled" ? "nothing" : "all"),
    },
  },
];

/** All settings of other extensions that say whether their servers run. */
export const SWITCHES: readonly string[] = [...new Set(DEDICATED.flatMap(({ switched }) => switched?.by ?? []))];

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
  /** The value of another extension's setting. */
  setting(key: string): unknown;
}

/** Whether coppice keeps silent about a feature in a language, because another extension has it. */
export function yields(language: string, feature: Feature, rules: Rules): boolean {
  if (rules.mode === "always" || isOn(rules.features, feature, language)) return false;
  return DEDICATED.some((one) => one.languages.includes(language) && answers(one, feature, rules));
}

function answers({ id, lacks, switched }: Dedicated, feature: Feature, rules: Rules): boolean {
  const state = rules.extension(id);
  if (state === "absent") return false;
  const extent = switched?.extent(switched.by.map(rules.setting), (other) => rules.extension(other) !== "absent") ?? "all";
  if (extent === "nothing" || (extent === "diagnostics" && feature !== "diagnostics")) return false;
  return rules.mode === "never" || (state === "active" && !lacks.includes(feature));
}

/** The features that switch findings of one kind, by the code that these have. */
export const FINDINGS: Readonly<Record<string, string>> = {
  "unresolved-import": "unresolvedImports",
  "unused-import": "unusedImports",
  "unused-local": "unusedLocals",
  "import-cycle": "importCycles",
  "unreachable-definition": "unreachableDefinitions",
};

/** The codes of the findings that are wanted in a language although another extension has diagnostics. */
export function wantedCodes(language: string, features: Features): ReadonlySet<unknown> {
  return new Set(Object.keys(FINDINGS).filter((code) => isOn(features, FINDINGS[code]!, language)));
}

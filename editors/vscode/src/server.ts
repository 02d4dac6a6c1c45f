/** The server process and the client that talks to it: found, started, restarted, and what goes wrong with that. */
import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import * as os from "node:os";
import * as vscode from "vscode";
import {
  CloseAction,
  CodeLensRequest,
  DocumentDiagnosticRequest,
  ErrorAction,
  InlayHintRequest,
  LanguageClient,
  SemanticTokensRegistrationType,
  State,
} from "vscode-languageclient/node";
import { type Server, NoServer, discover } from "./discovery";
import { middleware } from "./middleware";
import { Renewal } from "./problems";
import { SECTION, chosenLanguages, knownLanguages, serverArguments, serverFlags, serverKeys, serverSettings } from "./settings";

/** How long a server may take to tell its version. */
const VERSION_MS = 5_000;
/** How long a client that is stopped may take to start before it is stopped all the same. */
const START_MS = 10_000;
/** Deaths of the server within the span after which another ends in a message instead of another start. */
const RESTARTS_MAX = 4;
const RESTARTS_WITHIN_MS = 180_000;
/** What is said of a write to a server that has ended. */
const WRITTEN_IN_VAIN = /EPIPE|stream was destroyed|write after end/;

/** A client that shows no messages of its own about a start that fails: whoever starts it tells that, and once. */
class Client extends LanguageClient {
  /** Whether its server has answered. */
  hasRun = false;
  /** Whether its server has ended before that. */
  endedEarly = false;

  override error(message: string, data?: unknown, showNotification?: boolean | "force"): void {
    super.error(message, data, this.hasRun && showNotification);
  }
}

/** The command behind a lens: shows the places that it counts. */
export const SHOW_REFERENCES = "coppice.showReferences";

export class ServerHost implements vscode.Disposable {
  readonly log = vscode.window.createOutputChannel("coppice", { log: true });
  readonly trace = vscode.window.createOutputChannel("coppice trace", { log: true });
  readonly languages: readonly string[];
  private readonly keys: string[];
  private readonly started = new vscode.EventEmitter<LanguageClient>();
  /** Another client runs from now on. */
  readonly onStarted = this.started.event;
  private readonly stopped = new vscode.EventEmitter<void>();
  /** No server runs, or why none does has changed. */
  readonly onStopped = this.stopped.event;
  private readonly renewal = new Renewal();
  private current: Client | undefined;
  /** The last start of a client, and the end of all that were stopped. */
  private starting: Promise<void> = Promise.resolve();
  private ended: Promise<void> = Promise.resolve();
  /** The server that was started last, in words. */
  told = "";
  /** Why no server runs although one is wanted. */
  failure: string | undefined;
  /** Counts the starts and stops that were asked for: one that another has overtaken goes no further. */
  private turn = 0;
  private deaths: number[] = [];

  constructor(private readonly context: vscode.ExtensionContext) {
    this.languages = knownLanguages(context.extension.packageJSON);
    this.keys = serverKeys(context.extension.packageJSON);
  }

  /** The client, if its server runs. */
  get client(): LanguageClient | undefined {
    return this.current?.state === State.Running ? this.current : undefined;
  }

  /** Starts the server; what goes wrong is told to the user. */
  async start(): Promise<void> {
    if (this.current) return;
    const turn = ++this.turn;
    this.fail(undefined);
    let server: Server;
    try {
      server = this.find();
    } catch (error) {
      if (!(error instanceof NoServer)) throw error;
      this.complain(error.message);
      return;
    }
    const version = await this.version(server.path);
    if (turn !== this.turn) return;
    this.told = `${version} (${server.origin}), ${server.path}`;
    this.log.info(`server: ${this.told}`);
    const client: Client = new Client(
      SECTION,
      "coppice",
      { command: server.path, args: serverArguments(), transport: 0 },
      {
        documentSelector: chosenLanguages(this.languages).map((language) => ({ scheme: "file", language })),
        initializationOptions: serverSettings(this.keys),
        outputChannel: this.log,
        traceOutputChannel: this.trace,
        middleware: middleware(this.keys, this.renewal),
        // It would show what went wrong itself, and try again.
        initializationFailedHandler: () => false,
        errorHandler: {
          error: () => ({ action: ErrorAction.Continue, handled: true }),
          closed: () => this.closed(client),
        },
      },
    );
    this.current = client;
    client.registerFeature({
      // The server offers lenses that list places only to a client that says that it can show them.
      fillClientCapabilities: (capabilities) => {
        const experimental = (capabilities.experimental ?? {}) as Record<string, unknown>;
        capabilities.experimental = { ...experimental, commands: { commands: [SHOW_REFERENCES] } };
      },
      initialize: () => undefined,
      getState: () => ({ kind: "static" }),
      clear: () => undefined,
    });
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) {
        // It was stopped while it started.
        if (this.current !== client) return;
        client.hasRun = true;
        void vscode.commands.executeCommand("setContext", "coppice.running", true);
        this.started.fire(client);
      } else if (newState !== State.Starting) {
        void vscode.commands.executeCommand("setContext", "coppice.running", false);
        this.stopped.fire();
      }
    });
    this.starting = client.start();
    try {
      await this.starting;
    } catch (error) {
      if (this.current !== client) return;
      this.current = undefined;
      // Which of these is noticed first is chance.
      const hasEnded = client.endedEarly || WRITTEN_IN_VAIN.test(message(error));
      const why = hasEnded ? "it ended before it answered; the log may tell more" : message(error);
      this.complain(`The coppice server does not start: ${why}.`);
    }
  }

  async stop(): Promise<void> {
    this.turn++;
    this.fail(undefined);
    const [client, starting] = [this.current, this.starting];
    this.current = undefined;
    if (client) this.ended = this.ended.then(() => this.end(client, starting));
    await this.ended;
  }

  /** Ends a client. One that still starts cannot be stopped, and would be there beside the next. */
  private async end(client: LanguageClient, starting: Promise<void>): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, START_MS));
    await Promise.race([starting.catch(() => undefined), late]);
    await client.stop().catch((error: unknown) => this.log.warn(`the server did not stop in good order: ${error}`));
    await client.dispose().catch(() => undefined);
  }

  async restart(): Promise<void> {
    const stopped = this.stop();
    const turn = this.turn;
    await stopped;
    if (turn !== this.turn) return;
    this.deaths = [];
    await this.start();
  }

  /** Has VS Code ask once more for all that it shows without being asked to. */
  askAgain(): void {
    const client = this.client;
    if (!client) return;
    this.renewal.fire();
    client.getFeature(DocumentDiagnosticRequest.method)?.refresh();
    const emitters = vscode.workspace.textDocuments.flatMap((document) => [
      client.getFeature(CodeLensRequest.method)?.getProvider(document)?.onDidChangeCodeLensEmitter,
      client.getFeature(InlayHintRequest.method)?.getProvider(document)?.onDidChangeInlayHints,
      client.getFeature(SemanticTokensRegistrationType.method)?.getProvider(document)?.onDidChangeSemanticTokensEmitter,
    ]);
    for (const emitter of new Set(emitters)) emitter?.fire();
  }

  /** The server that would be started now. */
  find(): Server {
    return discover({
      environment: process.env,
      setting: vscode.workspace.getConfiguration(SECTION).get<string | null>("server.path"),
      home: os.homedir(),
      extensionPath: this.context.extensionPath,
      windows: process.platform === "win32",
      isExecutable,
    });
  }

  /** A command line of the server that is set up as the one that serves. */
  commandLine(command: string, ...rest: string[]): string[] {
    return [...serverArguments(), command, ...serverFlags(this.keys), ...rest];
  }

  private version(program: string): Promise<string> {
    return new Promise((resolve) => {
      execFile(program, ["--version"], { timeout: VERSION_MS }, (error, stdout) =>
        resolve(error ? `which does not tell its version: ${error.message}` : stdout.trim()),
      );
    });
  }

  /** A server has ended by itself. One that has answered gets a successor, unless that has happened too often. */
  private closed(client: Client) {
    const closed = { action: CloseAction.DoNotRestart, handled: true };
    client.endedEarly = !client.hasRun;
    // Nobody misses one that was stopped, and of one that never ran its start tells.
    if (this.current !== client || client.endedEarly) return closed;
    this.current = undefined;
    const now = Date.now();
    this.deaths = [...this.deaths.filter((at) => now - at < RESTARTS_WITHIN_MS), now];
    if (this.deaths.length <= RESTARTS_MAX) void this.start();
    else this.complain(`The coppice server ended ${this.deaths.length} times within minutes and is not started again.`);
    return closed;
  }

  private fail(why: string | undefined): void {
    if (this.failure === why) return;
    this.failure = why;
    this.stopped.fire();
  }

  private complain(message: string): void {
    this.log.error(message);
    this.fail(message);
    void this.offerWaysOut(message);
  }

  private async offerWaysOut(message: string): Promise<void> {
    const [settings, guide, logs] = ["Open Settings", "Install Guide", "Show Logs"];
    const choice = await vscode.window.showErrorMessage(message, settings, guide, logs);
    if (choice === settings) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "coppice.server.path");
    } else if (choice === guide) {
      // The page of the extension itself, which is there without a network.
      await vscode.commands.executeCommand("extension.open", this.context.extension.id);
    } else if (choice === logs) {
      this.log.show();
    }
  }

  dispose(): void {
    this.started.dispose();
    this.stopped.dispose();
    this.renewal.dispose();
    this.log.dispose();
    this.trace.dispose();
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

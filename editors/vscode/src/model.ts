/** The server's status as the extension last heard of it, for all who show it. */
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { ServerHost } from "./server";
import type { Status } from "./status";

/** Memory in use changes without a folder's state changing, so it is asked for now and then. */
const REFRESH_MS = 5_000;
/** How often it is asked for while a folder is read, whose percentage is told nowhere else. */
const BUSY_MS = 400;
/** After a change of settings the server asks for them, and only then counts by them. */
const SETTLE_MS = [150, 600, 2_000];

export class StatusModel implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Status | undefined>();
  /** `undefined`: no server runs. */
  readonly onChanged = this.changed.event;
  private readonly subscriptions: vscode.Disposable[] = [];
  private readonly timer: NodeJS.Timeout;
  private busy: NodeJS.Timeout | undefined;
  private status: Status | undefined;

  constructor(private readonly host: ServerHost) {
    this.subscriptions.push(
      host.onStarted((client) => this.attach(client)),
      host.onStopped(() => this.set(undefined)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("coppice")) {
          for (const delay of SETTLE_MS) setTimeout(() => void this.refresh(), delay);
        }
      }),
    );
    this.timer = setInterval(() => {
      if (vscode.window.state.focused) void this.refresh();
    }, REFRESH_MS);
  }

  get current(): Status | undefined {
    return this.status;
  }

  /** Asks the server; an answer that comes after its end is dropped. */
  async refresh(): Promise<Status | undefined> {
    const client = this.host.client;
    if (!client) return undefined;
    try {
      const status = await client.sendRequest<Status>("coppice/status");
      if (this.host.client === client) this.set(status);
    } catch (error) {
      this.host.log.debug(`no status: ${error}`);
    }
    return this.status;
  }

  private attach(client: LanguageClient): void {
    client.onNotification("coppice/statusChanged", (status: Status) => this.set(status));
    void this.refresh();
  }

  private set(status: Status | undefined): void {
    this.status = status;
    this.changed.fire(status);
    clearTimeout(this.busy);
    const isBusy = status?.folders.some(({ state }) => state === "loading" || state === "rebuilding");
    if (isBusy) this.busy = setTimeout(() => void this.refresh(), BUSY_MS);
  }

  dispose(): void {
    clearInterval(this.timer);
    clearTimeout(this.busy);
    vscode.Disposable.from(...this.subscriptions, this.changed).dispose();
  }
}

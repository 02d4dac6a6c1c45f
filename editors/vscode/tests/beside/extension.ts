/** A client of pyright under the name of pyright's own extension, which starts when a test wants it. */
import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const command = `${process.env["PYRIGHT"]}/pyright-langserver`;
  const options = { documentSelector: [{ scheme: "file", language: "python" }] };
  const client = new LanguageClient("pyright", "Pyright", { command, args: ["--stdio"] }, options);
  context.subscriptions.push({ dispose: () => void client.dispose() });
  await client.start();
}

/** The page around the picture. It loads nothing but its own script and style, and connects to nothing. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

export function html(webview: vscode.Webview, extension: vscode.Uri): string {
  const nonce = randomBytes(18).toString("base64");
  const file = (...parts: string[]) => webview.asWebviewUri(vscode.Uri.joinPath(extension, ...parts));
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${webview.cspSource}; base-uri 'none'; form-action 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="stylesheet" href="${file("media", "graph.css")}">
<title>Graph</title>
</head>
<body>
<header role="toolbar" aria-label="Picture">
<label>Filter <input id="filter" type="search" placeholder="name"></label>
<label>Depth <select id="depth"><option>1</option><option>2</option></select></label>
<span id="kinds" role="group" aria-label="Kinds of edges"></span>
<span class="buttons">
<button id="smaller" aria-label="Zoom out">−</button><button id="larger" aria-label="Zoom in">+</button>
<button id="fit">Fit</button>
<button id="list" aria-pressed="false">List</button>
</span>
<label>Export <select id="export"><option value="">…</option><option value="svg">SVG</option><option value="dot">DOT</option><option value="mermaid">Mermaid</option><option value="json">JSON</option></select></label>
<span id="count" role="status"></span>
</header>
<main id="main"></main>
<footer id="about"></footer>
<script nonce="${nonce}" src="${file("dist", "graph.js")}"></script>
</body>
</html>`;
}

// Draws what a terminal shows, as `tmux capture-pane -p -e -N` prints it: node picture.mjs OUT.png <SCREEN
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromiumPath } from "./chromium.mjs";

const { EDITORS, PLAYWRIGHT_VERSION } = process.env;
const { chromium } = createRequire(path.join(EDITORS, `playwright-${PLAYWRIGHT_VERSION}`, "/"))("playwright-core");

const GROUND = "#1c1e26";
const TEXT = "#d5d8e0";
/** The sixteen colours that have names, dark ones first. */
const NAMED = [
  "#2b2d37", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4",
  "#6b7080", "#f08a92", "#b2d99a", "#f2d398", "#82c4f5", "#d79ce8", "#7fd0da", "#ffffff",
];
const LEVELS = [0, 95, 135, 175, 215, 255];

/** A colour of the palette of 256: names, a cube of six levels, greys. */
function indexed(index) {
  if (index < 16) return NAMED[index];
  if (index < 232) return `rgb(${[36, 6, 1].map((step) => LEVELS[Math.floor((index - 16) / step) % 6]).join(" ")})`;
  const grey = 8 + (index - 232) * 10;
  return `rgb(${grey} ${grey} ${grey})`;
}

/** How text looks after the numbers of an escape sequence; an unknown number changes nothing. */
function styled(before, numbers) {
  const style = { ...before };
  const queue = [...numbers];
  const colour = () => (queue.shift() === 5 ? indexed(queue.shift()) : `rgb(${queue.splice(0, 3).join(" ")})`);
  while (queue.length > 0) {
    const code = queue.shift();
    if (code === 0) for (const key of Object.keys(style)) delete style[key];
    else if (code === 1) style.bold = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 7) style.reverse = true;
    else if (code === 22) style.bold = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if (code === 27) style.reverse = false;
    else if (code === 38) style.text = colour();
    else if (code === 48) style.ground = colour();
    else if (code === 58) colour();
    else if (code === 39) delete style.text;
    else if (code === 49) delete style.ground;
    else if (code >= 30 && code < 38) style.text = NAMED[code - 30];
    else if (code >= 40 && code < 48) style.ground = NAMED[code - 40];
    else if (code >= 90 && code < 98) style.text = NAMED[code - 82];
    else if (code >= 100 && code < 108) style.ground = NAMED[code - 92];
  }
  return style;
}

function span(text, style) {
  if (text === "") return "";
  const [over, under] = style.reverse ? [style.ground ?? GROUND, style.text ?? TEXT] : [style.text ?? TEXT, style.ground ?? "transparent"];
  const css = [`color:${over}`, `background:${under}`];
  if (style.bold) css.push("font-weight:bold");
  if (style.italic) css.push("font-style:italic");
  if (style.underline) css.push("text-decoration:underline");
  return `<span style="${css.join(";")}">${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</span>`;
}

function html(screen) {
  let style = {};
  let result = "";
  // Links and changes of the character set have no look.
  const plain = screen.replaceAll(/\x1b\]8;[^\x1b]*\x1b\\|\x1b\([A-Z0]|[\x0e\x0f]/g, "");
  for (const part of plain.split(/(\x1b\[[0-9;:]*m)/)) {
    const sequence = /^\x1b\[([0-9;:]*)m$/.exec(part);
    if (!sequence) result += part.split("\n").map((text) => span(text, style)).join("</div><div>");
    // A kind of underline follows its number after a colon.
    else style = styled(style, sequence[1].replaceAll(/\b4:\d/g, "4").replaceAll("::", ":").split(/[;:]/).map(Number));
  }
  const lines = `<div>${result}</div>`.replace(/(<div><\/div>)+$/, "");
  return `<style>
    body { margin: 0; background: ${GROUND}; display: inline-block; }
    pre { margin: 8px; font: 14px/18px "DejaVu Sans Mono", monospace; }
    div, span { height: 18px; }
    span { display: inline-block; vertical-align: top; }
  </style><pre>${lines}</pre>`;
}

const browser = await chromium.launch({ executablePath: chromiumPath(), headless: true, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  await page.setContent(html(readFileSync(0, "utf8")));
  await page.locator("body").screenshot({ path: process.argv[2] });
} finally {
  await browser.close();
}

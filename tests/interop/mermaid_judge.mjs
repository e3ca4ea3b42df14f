// Reads diagrams (JSON: a list of texts) and answers with what Mermaid itself makes of them: labels, arrows, bars, or its complaint.
import fs from "fs";
import { createRequire } from "module";
import { pathToFileURL } from "url";

const require = createRequire(pathToFileURL(process.argv[2] + "/"));
const { JSDOM } = require("jsdom");
const { window } = new JSDOM("<!DOCTYPE html><body></body>", { pretendToBeVisual: true });
Object.assign(globalThis, { window, document: window.document, Element: window.Element });
Object.assign(globalThis, { HTMLElement: window.HTMLElement, SVGElement: window.SVGElement });
const { default: mermaid } = await import(pathToFileURL(process.argv[2] + "/mermaid/dist/mermaid.core.mjs"));
mermaid.initialize({ startOnLoad: false });

// Mermaid keeps entity codes in a form of its own until it draws (its `decodeEntities`).
const seen = (text) => text.replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)));
const answers = [];
for (const text of JSON.parse(fs.readFileSync(0, "utf8"))) {
  try {
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    if (db.getTasks) {
      const bars = db.getTasks().map((t) => [seen(t.task).trim(), seen(t.section), t.id, t.startTime, t.endTime]);
      answers.push({ bars });
    } else {
      answers.push({ nodes: [...db.getVertices().values()].map((v) => seen(v.text)), edges: db.getEdges().length });
    }
  } catch (error) {
    answers.push({ complaint: error.message });
  }
}
console.log(JSON.stringify(answers));

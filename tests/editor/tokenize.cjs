"use strict";
// Tokenizes texts with the TextMate grammars of the extension, as VS Code does.
// argv: the folder with node_modules, the grammar; stdin: {name: text}; stdout: {name: {lines: [[start, end, scopes], …], depth}}.
const fs = require("node:fs");
const { createRequire } = require("node:module");

const [folder, grammar] = process.argv.slice(2);
const from = createRequire(`${folder}/package.json`);
const oniguruma = from("vscode-oniguruma");
const textmate = from("vscode-textmate");

async function main() {
  await oniguruma.loadWASM(fs.readFileSync(from.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async (scope) =>
      scope === "source.api" ? textmate.parseRawGrammar(fs.readFileSync(grammar, "utf8"), grammar) : null,
  });
  const loaded = await registry.loadGrammar("source.api");
  const found = {};
  for (const [name, text] of Object.entries(JSON.parse(fs.readFileSync(0, "utf8")))) {
    let stack = textmate.INITIAL;
    const lines = text.split("\n").map((line) => {
      const result = loaded.tokenizeLine(line, stack);
      stack = result.ruleStack;
      return result.tokens.map((token) => [token.startIndex, token.endIndex, token.scopes.join(" ")]);
    });
    found[name] = { lines, depth: stack.depth };
  }
  process.stdout.write(JSON.stringify(found));
}

main().catch((problem) => {
  console.error(problem);
  process.exit(1);
});

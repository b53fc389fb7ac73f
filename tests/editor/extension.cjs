"use strict";
// Runs the extension without VS Code: `vscode` and the client are doubles that write down what is asked of them.
// argv: the extension's script; stdout: what happened, as JSON.
const Module = require("node:module");

const happened = [];
const settings = {
  command: ["${workspaceFolder}/.venv/bin/mallgen", "lsp"],
  "lint.select": ["missing-doc"],
  "lint.ignore": [],
  allowOutside: false,
};
const commands = {};
let fails = false;
let changed;
class LanguageClient {
  constructor(id, name, server, client) {
    happened.push({ made: { id, name, server: server.run, selector: client.documentSelector, options: client.initializationOptions } });
  }
  async start() {
    if (fails) throw new Error("spawn mallgen ENOENT");
    this.running = true;
    happened.push("started");
  }
  isRunning() {
    return Boolean(this.running);
  }
  async stop() {
    happened.push("stopped");
  }
}
const doubles = {
  vscode: {
    workspace: {
      workspaceFolders: [{ uri: { fsPath: "/shop" } }],
      getConfiguration: () => ({ get: (key) => settings[key] }),
      onDidChangeConfiguration: (listener) => ((changed = listener), { dispose() {} }),
    },
    window: { showErrorMessage: (text) => happened.push({ said: text }) },
    commands: { registerCommand: (name, run) => ((commands[name] = run), { dispose() {} }) },
  },
  "vscode-languageclient/node": { LanguageClient },
};
const load = Module._load;
Module._load = (name, ...rest) => doubles[name] ?? load(name, ...rest);

async function main() {
  const extension = require(process.argv[2]);
  const context = { subscriptions: [] };
  await extension.activate(context);
  await changed({ affectsConfiguration: (name) => name === "editor" });
  await changed({ affectsConfiguration: (name) => name === "mallgen" });
  fails = true;
  await commands["mallgen.restart"]();
  await extension.deactivate();
  process.stdout.write(JSON.stringify({ happened, subscriptions: context.subscriptions.length }));
}

main().catch((problem) => {
  console.error(problem);
  process.exit(1);
});

"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const LANGUAGE = "api";
let client;

/** What the settings say, as the server takes it when it starts. */
function options() {
  const settings = vscode.workspace.getConfiguration("mallgen");
  return {
    select: settings.get("lint.select"),
    ignore: settings.get("lint.ignore"),
    allowOutside: settings.get("allowOutside"),
  };
}

/** The command of the settings, with the folder of the workspace put in. */
function command() {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  const words = vscode.workspace.getConfiguration("mallgen").get("command");
  const [program, ...args] = words.map((word) => word.replaceAll("${workspaceFolder}", folder));
  return { command: program, args };
}

async function start() {
  client = new LanguageClient(
    "mallgen",
    "mallgen",
    { run: command(), debug: command() },
    {
      documentSelector: [
        { scheme: "file", language: LANGUAGE },
        { scheme: "untitled", language: LANGUAGE },
      ],
      initializationOptions: options(),
    },
  );
  try {
    await client.start();
  } catch (problem) {
    const words = Object.values(command()).flat().join(" ");
    vscode.window.showErrorMessage(
      `\`${words}\` does not start: ${problem.message ?? problem}. Install it with pip install 'mallgen[lsp]', ` +
        "or name another command in mallgen.command.",
    );
  }
}

async function restart() {
  await stop();
  await start();
}

async function stop() {
  const running = client;
  client = undefined;
  if (running?.isRunning()) {
    await running.stop();
  }
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("mallgen.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("mallgen") && !change.affectsConfiguration("mallgen.trace")) {
        return restart();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };

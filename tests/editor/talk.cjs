"use strict";
// Talks to the server with Microsoft's own implementation of the protocol, which VS Code uses.
// argv: the folder with node_modules, then the command; stdout: what the server answered, as JSON.
const { spawn } = require("node:child_process");
const { createRequire } = require("node:module");

const [folder, program, ...args] = process.argv.slice(2);
const from = createRequire(`${folder}/package.json`);
const protocol = createRequire(from.resolve("vscode-languageclient/node"))("vscode-languageserver-protocol/node");

async function main() {
  const server = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  const connection = protocol.createProtocolConnection(
    new protocol.StreamMessageReader(server.stdout),
    new protocol.StreamMessageWriter(server.stdin),
  );
  const shown = new Promise((resolve) => connection.onNotification("textDocument/publishDiagnostics", resolve));
  connection.listen();
  const encodings = ["utf-8", "utf-16"];
  const begun = await connection.sendRequest("initialize", {
    processId: process.pid,
    rootUri: null,
    workspaceFolders: null,
    capabilities: { general: { positionEncodings: encodings } },
  });
  await connection.sendNotification("initialized", {});
  const textDocument = { uri: "untitled:Untitled-1", languageId: "api", version: 3, text: "type 😀 {\n" };
  await connection.sendNotification("textDocument/didOpen", { textDocument });
  const { version, diagnostics } = await shown;
  const completion = await connection.sendRequest("textDocument/completion", {
    textDocument: { uri: textDocument.uri },
    position: { line: 1, character: 0 },
  });
  await connection.sendRequest("shutdown");
  await connection.sendNotification("exit");
  const code = await ended;
  const found = { encoding: begun.capabilities.positionEncoding, version, diagnostics, completion, code };
  process.stdout.write(JSON.stringify(found));
}

main().catch((problem) => {
  console.error(problem);
  process.exit(1);
});

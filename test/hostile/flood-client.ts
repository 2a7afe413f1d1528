// node … flood-client.ts <port> <from> <count>: a process that opens so many connections from an address of this machine, asks
// one thing on each, and then says nothing more. Tells what became of them, one line of JSON whenever it has changed.

import { connect } from "node:net";
import { noFlood, type FloodCounts } from "./flood-counts.js";

const [port, from, count] = process.argv.slice(2);
const connectingMax = 500;
const tellEveryMs = 100;
const question = "GET /health HTTP/1.1\r\nhost: flood\r\n\r\n";

const counts: FloodCounts = { ...noFlood };
let left = Number(count);
let told = "";

/** Resolves when the connection was answered, or is gone. */
function openOne(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port: Number(port), host: "127.0.0.1", localAddress: from ?? "" });
    let heard = "";
    let isOpen = false;
    socket.setEncoding("latin1");
    socket.on("connect", () => {
      isOpen = true;
      counts.open++;
      socket.write(question);
    });
    socket.on("data", (text: string) => {
      if (heard === "") {
        if (text.startsWith("HTTP/1.1 200 ")) counts.served++;
        else if (text.startsWith("HTTP/1.1 503 ") && text.includes("PDR3044")) counts.refused++;
        else counts.other++;
      }
      heard += text;
      resolve();
    });
    // The close that follows is what counts.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (isOpen) counts.open--;
      if (heard === "") counts.unanswered++;
      resolve();
    });
  });
}

async function openSome(): Promise<void> {
  while (left > 0) {
    left--;
    await openOne();
  }
}

setInterval(() => {
  const line = JSON.stringify(counts);
  if (line === told) return;
  told = line;
  console.log(line);
}, tellEveryMs);
await Promise.all(Array.from({ length: connectingMax }, openSome));

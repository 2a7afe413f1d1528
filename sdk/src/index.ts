// The main entry point: everything a service author uses (common.ts; add new exports there), and endpoints for
// Node, as in ./node.js.

export * from "./common.js";
export * from "./endpoint/node-exports.js";

// Entry point for Node: the same as the main one.

export * from "./index.js";

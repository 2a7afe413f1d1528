// The perdure command. Loaded by bin/perdure.js; parses arguments and runs.
export {};

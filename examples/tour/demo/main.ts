// The story that `npm run demo` tells.
export {};

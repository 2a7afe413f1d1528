// The code generator (annotated classes -> manifest, .proto, typed clients) comes later; this
// package only holds its name and its place in the import order.
export {};

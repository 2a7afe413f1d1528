// Serves the tour's services.
export {};

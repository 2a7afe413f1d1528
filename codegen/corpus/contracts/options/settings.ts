export const week = 7 * 24 * 60 * 60 * 1000;
export const limits = { abortTimeout: { seconds: 90 } } as const;

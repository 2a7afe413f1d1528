// What this SDK calls itself to servers.

export const sdkVersion = "perdure-sdk-typescript/0.1.0";

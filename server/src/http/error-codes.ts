// Every error that the HTTP faces of the server answer with or stop for: its stable code and the
// HTTP status that goes with it. docs/errors.md has one section for each code.
// PDR3xxx: the ingress. PDR4xxx: the admin port. PDR304x: both. PDR5001: opening either.

export interface HttpErrorKind {
  /** PDR… */
  readonly code: string;
  readonly status: number;
  /** The code that the field's tools know, on the admin port. */
  readonly restateCode?: string | undefined;
}

export const ingressErrors = {
  badPath: { code: "PDR3001", status: 400 },
  unknownRoute: { code: "PDR3002", status: 404 },
  methodNotAllowed: { code: "PDR3003", status: 405 },
  unknownService: { code: "PDR3004", status: 404 },
  unknownHandler: { code: "PDR3005", status: 404 },
  notPublic: { code: "PDR3006", status: 400 },
  badKey: { code: "PDR3007", status: 400 },
  badDelay: { code: "PDR3008", status: 400 },
  delayOnCall: { code: "PDR3009", status: 400 },
  badIdempotencyKey: { code: "PDR3010", status: 400 },
  idempotencyKeyOnRun: { code: "PDR3011", status: 400 },
  badInput: { code: "PDR3012", status: 400 },
  badHeader: { code: "PDR3013", status: 400 },
  bodyTooLarge: { code: "PDR3014", status: 413 },
  badTarget: { code: "PDR3015", status: 400 },
  invocationNotFound: { code: "PDR3016", status: 404 },
  outputNotReady: { code: "PDR3017", status: 470 },
  overloaded: { code: "PDR3018", status: 429 },
  recovering: { code: "PDR3019", status: 503 },
  notBuiltYet: { code: "PDR3020", status: 501 },
  limitKeyWithoutScope: { code: "PDR3021", status: 400 },
  internal: { code: "PDR3022", status: 500 },
  badAwakeableId: { code: "PDR3023", status: 400 },
  badScope: { code: "PDR3024", status: 400 },
  badLimitKey: { code: "PDR3025", status: 400 },
  badInvocationId: { code: "PDR3026", status: 400 },
  protocolTooOld: { code: "PDR3027", status: 400 },
  contradiction: { code: "PDR3028", status: 400 },
  unknownMethod: { code: "PDR3029", status: 501 },
  badMessageValue: { code: "PDR3032", status: 400 },
  badOutput: { code: "PDR3033", status: 500 },
  badContentType: { code: "PDR3034", status: 415 },
  httpVersion: { code: "PDR3034", status: 505 },
  badCompression: { code: "PDR3035", status: 501 },
  badMessage: { code: "PDR3036", status: 400 },
  deadlineExceeded: { code: "PDR3037", status: 504 },
  badCursor: { code: "PDR3038", status: 400 },
} as const;

/** Codes of failures that are an invocation's own; their status is the failure's. */
export const invocationErrors = {
  failed: "PDR3030",
  workflowAlreadyInvoked: "PDR3031",
} as const;

export const adminErrors = {
  badJson: { code: "PDR4001", status: 400 },
  badRequest: { code: "PDR4002", status: 400 },
  unknownRoute: { code: "PDR4003", status: 404 },
  methodNotAllowed: { code: "PDR4004", status: 405 },
  bodyTooLarge: { code: "PDR4005", status: 413 },
  unknownDeployment: { code: "PDR4006", status: 404 },
  unsupportedVersion: { code: "PDR4007", status: 400 },
  notJson: { code: "PDR4008", status: 415 },
  recovering: { code: "PDR4009", status: 503 },
  notBuiltYet: { code: "PDR4010", status: 501 },
  alreadyRegistered: { code: "PDR4011", status: 409, restateCode: "META0004" },
  internal: { code: "PDR4012", status: 500 },
  unknownInvocation: { code: "PDR4013", status: 404 },
  invocationCompleted: { code: "PDR4014", status: 409 },
  invocationNotStarted: { code: "PDR4015", status: 425 },
  badInvocationId: { code: "PDR4016", status: 400 },
  invocationNotRunning: { code: "PDR4017", status: 409 },
  invocationNotCompleted: { code: "PDR4018", status: 409 },
  invocationRunning: { code: "PDR4019", status: 409 },
  deploymentNotUsable: { code: "PDR4020", status: 400 },
  workflowNotRestartable: { code: "PDR4021", status: 422 },
  inputGone: { code: "PDR4022", status: 410 },
  badRestartPoint: { code: "PDR4023", status: 400 },
  unknownService: { code: "PDR4024", status: 404 },
  unknownHandler: { code: "PDR4025", status: 404 },
  noState: { code: "PDR4026", status: 400 },
  tooManyRequests: { code: "PDR4027", status: 429 },
  overloaded: { code: "PDR4028", status: 429 },
  unknownHost: { code: "PDR4040", status: 403 },
  redactedValue: { code: "PDR4221", status: 400 },
} as const;

/** What either port refuses before it is a request of the ingress or of the admin API. */
export const portErrors = {
  unreadable: { code: "PDR3040", status: 400 },
  headersTooLarge: { code: "PDR3041", status: 431 },
  pathTooLong: { code: "PDR3042", status: 414 },
  tooSlow: { code: "PDR3043", status: 408 },
  tooManyConnections: { code: "PDR3044", status: 503 },
} as const;

/** A port that can't be opened. */
export const portErrorCode = "PDR5001";

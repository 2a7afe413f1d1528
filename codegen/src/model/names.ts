// Names of TypeScript and of JSON as protobuf's identifiers.
//   N1. The same name always becomes the same identifier: nothing here depends on what else there is. Names that meet
//       are found and refused elsewhere (collisions.ts), never told apart by a number.
//   N2. What comes out passes `buf lint`: UpperCamelCase, lower_snake_case or UPPER_SNAKE_CASE of ASCII letters and digits.

/** "user-signup" -> "UserSignup", "verifyEmail" -> "VerifyEmail", "HTTPServer" stays, "2fa" -> "N2fa". */
export function upperCamelOf(name: string): string {
  const text = wordsOf(name).map(capitalised).join("");
  return /^\d/.test(text) ? `N${text}` : text;
}

/** "userID" -> "user_id", "content-type" -> "content_type", "_id" -> "id", "2fa" -> "n2fa". */
export function lowerSnakeOf(name: string): string {
  const text = wordsOf(name)
    .map((word) => splitHumps(word).toLowerCase())
    .join("_");
  return /^\d/.test(text) ? `n${text}` : text;
}

/** "NotFound" -> "NOT_FOUND"; it stands behind the enum's name, so that it may begin with a digit. */
export function upperSnakeOf(name: string): string {
  return wordsOf(name)
    .map((word) => splitHumps(word).toUpperCase())
    .join("_");
}

/** "SignupWorkflow" -> "signupWorkflow", "HTTPGateway" -> "httpGateway". */
export function lowerCamelOf(upperCamel: string): string {
  const head = /^(?:[A-Z]+(?=[A-Z][a-z])|[A-Z]+)/.exec(upperCamel)?.[0] ?? "";
  return head.toLowerCase() + upperCamel.slice(head.length);
}

/** The JSON name that protobuf gives a field by itself: "verify_email" -> "verifyEmail". */
export function defaultJsonNameOf(fieldName: string): string {
  return fieldName.replaceAll(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}

function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function splitHumps(word: string): string {
  return word.replaceAll(/([a-z\d])([A-Z])/g, "$1_$2").replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1_$2");
}

/** Runs of ASCII letters and digits. A name that has none, such as "$" or "+", is told by its code points. */
function wordsOf(name: string): string[] {
  const plain = asciiOf(name).match(/[A-Za-z\d]+/g);
  return plain === null ? [Array.from(name, codePoint).join("") || "empty"] : [...plain];
}

/** Letters that do not come apart into an ASCII letter and a mark. */
const letters: Readonly<Record<string, string>> = {
  ß: "ss",
  ẞ: "SS",
  æ: "ae",
  Æ: "AE",
  œ: "oe",
  Œ: "OE",
  ø: "o",
  Ø: "O",
  ł: "l",
  Ł: "L",
  đ: "d",
  Đ: "D",
  ð: "d",
  Ð: "D",
  þ: "th",
  Þ: "TH",
};

/** Letters with marks without them; every other letter that is not ASCII as its code point. */
function asciiOf(name: string): string {
  const bare = name.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  return Array.from(bare, (char) => {
    const isForeign = /[^\0-\x7f]/.test(char) && /[\p{L}\p{N}]/u.test(char);
    return letters[char] ?? (isForeign ? codePoint(char) : char);
  }).join("");
}

function codePoint(char: string): string {
  return `u${(char.codePointAt(0) ?? 0).toString(16)}`;
}

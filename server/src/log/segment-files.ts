// The names that files have in the directory of the log, by what they are:
//   segment-0000000042.log      a segment of the log
//   spare-3.log                 really written blocks, ready to become the next segment
//   preparing-4.log             a spare that is still being written; worthless after a crash
//   body-5.log                  the large body of a record, or what once was one and is there to be used again
//   set-aside-1-segment-….log   given up by an operator's decision; kept for inspection, never read

const segmentPattern = /^segment-(\d{10,16})\.log$/;
const sparePattern = /^spare-(\d+)\.log$/;
const preparingPattern = /^preparing-(\d+)\.log$/;
const setAsidePattern = /^set-aside-\d+-/;
const bodyPattern = /^body-(\d{1,15})\.log$/;

export function segmentName(index: number): string {
  return `segment-${String(index).padStart(10, "0")}.log`;
}

export function segmentIndexOf(name: string): number | undefined {
  return numberIn(name, segmentPattern);
}

export function spareName(number: number): string {
  return `spare-${number}.log`;
}

export function spareNumberOf(name: string): number | undefined {
  return numberIn(name, sparePattern);
}

export function preparingName(number: number): string {
  return `preparing-${number}.log`;
}

export function preparingNumberOf(name: string): number | undefined {
  return numberIn(name, preparingPattern);
}

export function bodyName(number: number): string {
  return `body-${number}.log`;
}

export function bodyNumberOf(name: string): number | undefined {
  return numberIn(name, bodyPattern);
}

/** A name for a file that is given up, which no file has yet. */
export function setAsideName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const candidate = `set-aside-${number}-${name}`;
    if (!taken.has(candidate)) return candidate;
  }
}

export function isSetAside(name: string): boolean {
  return setAsidePattern.test(name);
}

function numberIn(name: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

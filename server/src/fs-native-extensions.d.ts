// The package has no types of its own.

declare module "fs-native-extensions" {
  const extensions: {
    /** Takes an exclusive lock on an open file; false where another process has it. Ends with the process. */
    tryLock(file: number): boolean;
    /** As tryLock; resolves when nobody else has it any more. */
    waitForLock(file: number): Promise<void>;
  };
  export default extensions;
}

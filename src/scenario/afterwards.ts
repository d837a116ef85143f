import { combined, XhostError } from "../errors.ts";

/** Waits for the way back after a failure; returns what is to be thrown: the failure, and with it that of the way back, if that fails too. */
export const afterwards = async (error: unknown, wayBack: Promise<unknown>): Promise<unknown> => {
  try {
    await wayBack;
    return error;
  } catch (failure) {
    return error instanceof XhostError && failure instanceof XhostError ? combined([error, failure]) : failure;
  }
};

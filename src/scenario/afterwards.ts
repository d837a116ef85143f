import { combined, extended, XhostError } from "../errors.ts";

/**
 * Waits for the way back after a failure; returns what is to be thrown: the failure, with that of the way back if that fails too, or else with
 * what is said of its success.
 */
export const afterwards = async (error: unknown, wayBack: Promise<unknown>, said?: string): Promise<unknown> => {
  try {
    await wayBack;
    return error instanceof XhostError && said !== undefined ? extended(error, [said]) : error;
  } catch (failure) {
    return error instanceof XhostError && failure instanceof XhostError ? combined([error, failure]) : failure;
  }
};

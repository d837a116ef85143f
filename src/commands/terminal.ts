/** Whether lines can be drawn anew on a stream: a terminal that tells no width (0, as some CI systems make them) is none. */
export const canRedraw = ({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): boolean =>
  isTTY === true && (columns ?? 0) > 0;

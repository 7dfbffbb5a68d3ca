/** The outcome of a promise, or an error when it takes too long. */
export async function within(timeoutMs, promise, lateError) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(lateError()), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

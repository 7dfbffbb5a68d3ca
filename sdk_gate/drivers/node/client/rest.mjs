import { readAnswer } from "./answer.mjs";
import { NOBODY } from "./credentials.mjs";
import { RateLimited } from "./errors.mjs";
import { Http } from "./http.mjs";
import { operationNamed } from "./operations.mjs";
import { encodeParameters } from "./parameters.mjs";
import { Cooldown, Patience } from "./retry.mjs";

/** The exchange's operations over HTTP. */
export class Rest {
  #http;
  #retryMs;
  #cooldown = new Cooldown();

  constructor(base, { timeoutMs, retryMs }, log) {
    this.#http = new Http(base, timeoutMs, log);
    this.#retryMs = retryMs;
  }

  /** Calls an operation by its name in the document; only private ones show the credentials. */
  async call(name, parameters, credentials) {
    const { method, path, isPrivate } = operationNamed(name);
    const encoded = encodeParameters(parameters);
    const isRead = method === "GET";
    const request = { method, path, query: isRead ? encoded : "", body: isRead ? "" : encoded };
    const access = (isPrivate ? credentials : NOBODY).access();
    const patience = new Patience(isRead, this.#retryMs);
    for (;;) {
      await access.prepare(); // what fails in here has been tried again in there
      try {
        return await this.#attempt(request, access);
      } catch (error) {
        if (!access.repair(error) && !(await patience.allowsAnother(error))) throw error;
      }
    }
  }

  close() {
    this.#http.close();
  }

  async #attempt(request, access) {
    await this.#cooldown.over();
    try {
      return readAnswer(await this.#http.send(request, access.headers(request)));
    } catch (error) {
      if (error instanceof RateLimited) this.#cooldown.begin(error.retryAfterMs ?? 0);
      throw error;
    }
  }
}

// What the web SDK needs of a browser and Node does not have: EventSource, after the HTML standard, and localStorage.

class NodeEventSource extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSED = 2;
  readyState = NodeEventSource.CONNECTING;
  #url;
  #abort = new AbortController();
  #lastEventId = '';
  #retry = 3000;

  constructor(url) {
    super();
    this.#url = url;
    this.#run();
  }

  close() {
    this.readyState = NodeEventSource.CLOSED;
    this.#abort.abort();
  }

  async #run() {
    while (this.readyState !== NodeEventSource.CLOSED) {
      try {
        const headers = { accept: 'text/event-stream' };
        if (this.#lastEventId) headers['last-event-id'] = this.#lastEventId;
        const answer = await fetch(this.#url, { headers, signal: this.#abort.signal });
        if (answer.status !== 200) {
          this.readyState = NodeEventSource.CLOSED;
          this.dispatchEvent(new Event('error'));
          return;
        }
        this.readyState = NodeEventSource.OPEN;
        this.dispatchEvent(new Event('open'));
        await this.#read(answer.body);
      } catch {
        // closed, or the connection was lost
      }
      if (this.readyState === NodeEventSource.CLOSED) return;
      this.readyState = NodeEventSource.CONNECTING;
      this.dispatchEvent(new Event('error'));
      await new Promise((resolve) => setTimeout(resolve, this.#retry));
    }
  }

  async #read(body) {
    let rest = '';
    let data = [];
    let type = '';
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + part).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        const [, name, value] = /^([^:]*)(?:: ?(.*))?$/.exec(line);
        if (line === '') {
          if (data.length) {
            const event = new MessageEvent(type || 'message', { data: data.join('\n'), lastEventId: this.#lastEventId });
            this.dispatchEvent(event);
          }
          data = [];
          type = '';
        } else if (name === 'data') data.push(value ?? '');
        else if (name === 'event') type = value;
        else if (name === 'id') this.#lastEventId = value;
        else if (name === 'retry') this.#retry = Number(value);
      }
    }
  }
}

const held = new Map();
globalThis.EventSource = NodeEventSource;
globalThis.localStorage = {
  getItem: (key) => held.get(key) ?? null,
  setItem: (key, value) => held.set(key, value),
  removeItem: (key) => held.delete(key),
};

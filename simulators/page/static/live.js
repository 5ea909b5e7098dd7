// The connection to the demo: the state it shows, and the actions sent back.

const RETRY_MS = 1000;

export class Live {
  constructor() {
    this.state = new Map();
    this.onchange = () => {};
    this.onlost = () => {};
    this.onerror = () => {};
    this._waiting = new Map();
    this._number = 0;
  }

  connect() {
    this._socket = new WebSocket(`ws://${location.host}/live`);
    this._socket.onmessage = (event) => this._take(JSON.parse(event.data));
    this._socket.onclose = () => {
      this._waiting.clear();
      this.onlost(true);
      setTimeout(() => this.connect(), RETRY_MS);
    };
  }

  // Sends an action; resolves to the answer, or to null (the error has been shown).
  send(action) {
    if (this._socket.readyState !== WebSocket.OPEN) return Promise.resolve(null);
    const id = ++this._number;
    this._socket.send(JSON.stringify({ ...action, id }));
    return new Promise((resolve) => this._waiting.set(id, resolve));
  }

  // Keeps a file at the demo until the message or form with it is sent; its id, or null (the error has been shown).
  async upload(file) {
    try {
      const response = await fetch(`/pick?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
      if (response.ok) return (await response.json()).id;
      this.onerror(response.status === 413 ? `“${file.name}” is too large: at most 5 MB` : `“${file.name}” could not be taken: is it empty?`);
    } catch {
      this.onerror(`“${file.name}” could not be sent to the demo`);
    }
    return null;
  }

  _take(message) {
    if (message.type === "snapshot" || message.type === "changes") {
      if (message.type === "snapshot") this.state.clear();
      for (const [key, value] of Object.entries(message.set)) this.state.set(key, value);
      for (const key of message.gone) this.state.delete(key);
      this.onlost(false);
      this.onchange(message.type === "snapshot");
      return;
    }
    if (message.type === "error") this.onerror(message.message);
    this._waiting.get(message.id)?.(message.type === "done" ? message : null);
    this._waiting.delete(message.id);
  }
}

// Search in a page opened as a file: browsers start no worker there, so a hidden frame stands in for it.
// The theme looks for the name IFrameWorker; over http nothing is changed.
(() => {
  class IFrameWorker extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.appendChild(this.frame);
      this.inside = this.frame.contentWindow;
      window.addEventListener("message", (event) => {
        if (event.source !== this.inside) return;
        const copy = new MessageEvent("message", { data: event.data });
        this.dispatchEvent(copy);
        if (this.onmessage) this.onmessage(copy);
      });
      const page = this.inside.document;
      page.open();
      page.write(
        "<html><body><script>" +
          "postMessage = (data) => parent.dispatchEvent(" +
          "new MessageEvent('message', {data, source: window}));" +
          "importScripts = (...urls) => urls.reduce((before, url) => before.then(() => " +
          "new Promise((done, failed) => {const script = document.createElement('script');" +
          "script.src = url; script.onload = done; script.onerror = failed;" +
          "document.body.appendChild(script)})), Promise.resolve());" +
          "<\/script></body></html>",
      );
      page.close();
      const script = page.createElement("script");
      this.ready = new Promise((done, failed) => {
        script.onload = done;
        script.onerror = failed;
      });
      script.src = new URL(url, document.baseURI).href;
      page.body.appendChild(script);
    }

    postMessage(data) {
      this.ready.then(() =>
        this.inside.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) })),
      );
    }

    terminate() {
      this.frame.remove();
    }
  }

  window.IFrameWorker = IFrameWorker;
  if (location.protocol === "file:") window.Worker = IFrameWorker;
})();

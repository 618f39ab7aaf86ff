// Search in the site opened as files, where browsers allow neither workers nor requests: what mkdocs's worker does is
// done in the page, once the field is used. search_index.js has the index as a text.
if (location.protocol === "file:") {
  const load = (name) => new Promise((done) => {
    const script = document.createElement("script");
    script.src = `${base_url}/search/${name}`;
    script.onload = done;
    document.head.append(script);
  });
  window.Worker = class {
    constructor() {
      window.importScripts = () => {};
      window.postMessage = (data) => this.onmessage({ data });
    }
    async start() {
      for (const name of ["lunr.js", "search_index.js", "worker.js"]) await load(name);
      this.answer = window.onmessage;
      onJSONLoaded.call({ responseText: search_index });
      doSearch();
    }
    postMessage(data) {
      if (!data.init) return this.answer({ data });
      if (getSearchTermFromLocation()) return this.start();
      document.getElementById("mkdocs-search-query").addEventListener("focus", () => this.start(), { once: true });
    }
  };
}

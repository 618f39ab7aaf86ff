// Asks the server what a text becomes, again with every change, one question at a time. What changes meanwhile is
// asked after the answer, or, if that takes long, in its place. A question that takes long says so and can be
// cancelled, by the key or by the button.
import { postForText, post, reason } from "./dom.js";

const patience = 250;  // ms that a question may take while there is a newer one
const slow = 300;      // ms after which its time is shown

// path: of the API. question(): what is asked. take(text, {own, since, stale}): the answer to question number `own`, as
// it was wanted at `since`; an error is an answer too. tell(text, how): where it stands. busy(on): whether there is
// something to be cancelled.
export function makeAsker({ path, question, take, tell, busy }) {
  let flight = null, wanted = 0, wantedAt = 0;

  function ask() {
    wantedAt = performance.now();
    ++wanted;
    if (flight) flight.stop ??= setTimeout(flight.cancel, Math.max(0, patience - (performance.now() - flight.at)));
    else send();
    return wanted;
  }
  async function send() {
    const controller = new AbortController(), job = crypto.randomUUID(), own = wanted, since = wantedAt;
    const cancel = () => { post("cancel", { job }).catch(() => {}); controller.abort(); };
    flight = { cancel, at: performance.now() };
    const seconds = () => ((performance.now() - flight.at) / 1000).toFixed(1);
    const progress = setInterval(() => { tell(`compiling, ${seconds()} s; Escape cancels`, ""); busy(true); }, slow);
    let text;
    try {
      text = await postForText(path, { job, ...question() }, controller.signal);
    } catch (e) {
      if (e.name !== "AbortError") text = JSON.stringify({ errors: [{ line: 0, column: 0, message: reason(e) }] });
    }
    clearInterval(progress);
    clearTimeout(flight.stop);
    const stale = own !== wanted && !flight.over;
    flight = null;
    busy(false);
    if (stale) send();
    if (text !== undefined) take(text, { own, since, stale });
    else if (!stale) tell("cancelled", "bad");
  }
  return {
    ask,
    cancel() {
      if (!flight) return;
      flight.over = true;  // what is newer is cancelled with it
      flight.cancel();
    },
  };
}

// The form that runs a function: one program at a time, with the time that passes, until it ends or is cancelled. Its
// button to cancel is for the compiler's questions too.
import { $, post, reason } from "./dom.js";

export function makeRunner(question) {
  let job = null, asked = false;
  const none = $("result").textContent;
  const showCancel = () => { $("cancel").disabled = !job && !asked; };
  async function run() {
    if (job) return;
    job = crypto.randomUUID();
    const started = performance.now();
    const show = (text, how) => { $("result").textContent = text; $("result").className = how; };
    const tick = setInterval(() => show(`running, ${((performance.now() - started) / 1000).toFixed(1)} s`, ""), 100);
    $("go").disabled = true;
    showCancel();
    try {
      const r = await post("run", { job, ...question() });
      clearInterval(tick);
      const text = [r.out, r.err, r.message].filter(Boolean).join("").trimEnd();
      const took = r.good ? `\n${Math.round(r.seconds * 1000)} ms with compiling and starting` : "";
      show(`${text || "(no result)"}${took}`, r.good ? "good" : "bad");
    } catch (e) {
      clearInterval(tick);
      show(reason(e), "bad");
    }
    job = null;
    $("go").disabled = false;
    showCancel();
  }
  // What stands there is another program's result.
  function forget() {
    if (job) return;
    $("result").textContent = none;
    $("result").className = "";
  }
  const cancel = () => { if (job) post("cancel", { job }).catch(() => {}); };
  $("run").addEventListener("submit", (e) => { e.preventDefault(); run(); });
  return { run, cancel, busy(on) { asked = on; showCancel(); }, forget };
}

// The page: its tabs, of which one is shown. Each tab is made when it is first chosen.
import { makeCodeTab } from "./code_tab.js";
import { makeLuaTab } from "./lua_tab.js";
import { makePolicyTab } from "./policy_tab.js";
import { $, keep, saved, tabs } from "./dom.js";

const makers = { code: makeCodeTab, policy: makePolicyTab, lua: makeLuaTab };
const made = {};
const list = [...document.querySelectorAll("#pages [role=tab]")];
let shown = null;

const choose = tabs(list, (tab) => {
  const name = tab.id.slice("page-".length);
  for (const t of list) $(t.getAttribute("aria-controls")).hidden = t !== tab;
  keep("page", name);
  shown = made[name] ??= makers[name]();
  shown.show?.();
});
// Escape cancels what the tab shown is doing; Ctrl+Enter runs it.
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") shown?.cancel();
  else if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && !e.defaultPrevented) {
    e.preventDefault();
    shown?.run();
  }
});
choose($(`page-${saved("page", "code")}`) ?? list[0]);

// The editor: CodeMirror with the words of .jk coloured, errors in place, and one set of lines lit.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration, EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

const jk = StreamLanguage.define({
  name: "jk",
  token(s) {
    if (s.eatSpace()) return null;
    if (s.match(/^(;|\/\/).*/)) return "comment";
    if (s.match(/^[@$][\w.]+/)) return "variableName";
    if (s.match(/^b\d+\b/)) return "labelName";
    if (s.match(/^v\d+\b(?!\.)/)) return null;
    if (s.match(/^(i1|i8|i16|i32|i64|i128|ptr|ref|f16|f32|f64|v64|v128|v256|v512|mask|flags)\b/)) return "typeName";
    if (s.match(/^#?[-+]?(0x[\da-fA-F]+|\d[\w.]*)/)) return "number";
    if (s.match(/^[a-z_][\w]*/)) return "keyword";
    s.next();
    return null;
  },
});
// A language of which only comments, texts, numbers, types and words are told apart.
const simple = (name, { comment, types, keywords, key }) => StreamLanguage.define({
  name,
  token(s) {
    if (s.eatSpace()) return null;
    if (s.match(comment)) return "comment";
    if (s.match(/^"([^"\\]|\\.)*"?/) || s.match(/^'([^'\\]|\\.)*'?/)) return "variableName";
    if (s.match(/^(0x[\da-fA-F]+|\d[\w.]*)/)) return "number";
    if (key && s.match(key)) return "keyword";
    const word = s.match(/^[A-Za-z_]\w*/);
    if (word) return types.has(word[0]) ? "typeName" : keywords.has(word[0]) ? "keyword" : null;
    s.next();
    return null;
  },
});
const words = (list) => new Set(list.split(" "));
const languages = {
  jk,
  c: simple("c", {
    comment: /^(\/\/.*|\/\*.*?(\*\/|$)|#.*)/,
    types: words("void bool _Bool char short int long float double signed unsigned struct union enum const static " +
      "inline volatile size_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t"),
    keywords: words("if else for while do switch case default break continue return goto sizeof typedef extern"),
  }),
  lua: simple("lua", {
    comment: /^--.*/,
    types: words("nil true false"),
    keywords: words("and break do else elseif end for function goto if in local not or repeat return then until while"),
  }),
  yaml: simple("yaml", {
    comment: /^#.*/,
    types: words("skip ignore seen true false"),
    keywords: words(""),
    key: /^[A-Za-z_]\w*(?=:)/,
  }),
};
const colours = HighlightStyle.define([
  { tag: tags.comment, class: "t-comment" },
  { tag: tags.variableName, class: "t-name" },
  { tag: tags.labelName, class: "t-block" },
  { tag: tags.typeName, class: "t-type" },
  { tag: tags.number, class: "t-number" },
  { tag: tags.keyword, class: "t-op" },
]);

const light = StateEffect.define();
const lit = StateField.define({
  create: () => Decoration.none,
  update(set, change) {
    set = set.map(change.changes);
    for (const e of change.effects) {
      if (!e.is(light)) continue;
      const lines = e.value.filter((n) => n >= 1 && n <= change.state.doc.lines);
      set = Decoration.set(lines.sort((a, b) => a - b)
        .map((n) => Decoration.line({ class: "lit" }).range(change.state.doc.line(n).from)));
    }
    return set;
  },
  provide: (f) => EditorView.decorations.from(f),
});

// on.name, on.language, on.change(text), on.hover(line or 0), on.run()
export function makeEditor(parent, text, on) {
  const language = new Compartment();
  let hovered = 0;
  const hover = (line) => {
    if (line === hovered) return;
    hovered = line;
    on.hover(line);
  };
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), history(), drawSelection(), bracketMatching(),
        highlightActiveLine(), highlightActiveLineGutter(), lintGutter(),
        language.of(languages[on.language]), syntaxHighlighting(colours), lit,
        keymap.of([
          { key: "Mod-Enter", run: () => (on.run(), true) },
          ...defaultKeymap, ...historyKeymap, ...lintKeymap,
        ]),
        EditorView.contentAttributes.of({ "aria-label": on.name }),
        EditorView.updateListener.of((u) => {
          if (u.docChanged) on.change(u.state.doc.toString());
          else if (u.selectionSet && u.view.hasFocus) hover(u.state.doc.lineAt(u.state.selection.main.head).number);
        }),
        EditorView.domEventHandlers({
          mousemove(e, v) {
            const at = v.posAtCoords({ x: e.clientX, y: e.clientY });
            hover(at === null ? 0 : v.state.doc.lineAt(at).number);
          },
          mouseleave: () => hover(0),
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    set(to) {
      const changes = { from: 0, to: view.state.doc.length, insert: to };
      view.dispatch({ changes, selection: { anchor: 0 } });
      view.scrollDOM.scrollTo(0, 0);
    },
    language(to) {
      view.dispatch({ effects: language.reconfigure(languages[to]) });
    },
    light(lines) {
      view.dispatch({ effects: light.of(lines) });
    },
    goto(line, column) {
      const l = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
      view.dispatch({ selection: { anchor: Math.min(l.from + Math.max(column - 1, 0), l.to) }, scrollIntoView: true });
      view.focus();
    },
    errors(list) {
      const all = list.map((e) => {
        const l = view.state.doc.line(Math.min(Math.max(e.line, 1), view.state.doc.lines));
        const from = Math.min(l.from + Math.max(e.column - 1, 0), l.to);
        const word = /^[\w.@]+/.exec(view.state.doc.sliceString(from, l.to));
        const to = word ? from + word[0].length : Math.min(from + 1, l.to);
        return { from, to, severity: "error", message: e.message };
      });
      view.dispatch(setDiagnostics(view.state, all));
    },
  };
}
